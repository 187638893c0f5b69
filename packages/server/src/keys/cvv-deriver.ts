import { timingSafeEqual } from 'node:crypto'
import { type CvvInput, cvvBlocks, decimalise } from '@cardkeep/core/issuing/cvv'
import type { Cvk } from '@cardkeep/core/issuing/issuer'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { CvvDeriver } from '@cardkeep/core/ports'
import { type CvkCiphers, createCvkCiphers } from './cvk-ciphers.ts'
import { createCvkSealer } from './cvk-sealer.ts'
import type { KeySource } from './use-keys.ts'

const blockBytes = 8
/** An issuer's opened keys are a few hundred bytes; the one that was opened first makes room for the next. */
const issuersRemembered = 1_000

/** Derives CVVs with DES as `node:crypto` has it, under keys that are opened once and stay opened until all are dropped. */
export const createCvvDeriver = (keys: KeySource): CvvDeriver & { dropAll(): void } => {
  const sealer = createCvkSealer(keys)
  let opened = new Map<TenantId, OpenedCvk>()

  const find = (tenantId: TenantId, { sealed }: Cvk): CvkCiphers | undefined => {
    const known = opened.get(tenantId)
    // A key that was destroyed derives nothing more, also where it was in use.
    return known && isSameBytes(known.sealed, sealed) && sealer.canOpen({ type: 'pair', tenantId }, sealed)
      ? known.ciphers
      : undefined
  }

  const open = async (tenantId: TenantId, { sealed }: Cvk): Promise<CvkCiphers> => {
    const remembering = opened
    const pair = await sealer.open({ type: 'pair', tenantId }, sealed)
    try {
      const ciphers = createCvkCiphers(pair)
      const [oldest] = remembering.keys()
      if (oldest !== undefined && remembering.size >= issuersRemembered) remembering.delete(oldest)
      // Where all was dropped meanwhile this is a map that nobody asks any more.
      remembering.set(tenantId, { sealed: Uint8Array.from(sealed), ciphers })
      return ciphers
    } finally {
      pair.fill(0)
    }
  }

  return {
    derive: async ({ tenantId, cvk }, inputs) =>
      deriveAll(find(tenantId, cvk) ?? (await open(tenantId, cvk)), inputs),
    isSame: (a, b) => isSameBytes(Buffer.from(openSecret(a, 'derive')), Buffer.from(openSecret(b, 'derive'))),
    dropAll: () => {
      opened = new Map()
    },
  }
}

interface OpenedCvk {
  readonly sealed: Uint8Array
  readonly ciphers: CvkCiphers
}

/** First blocks of all, then second blocks of all: two calls of the cipher, however many cards. */
const deriveAll = (ciphers: CvkCiphers, inputs: readonly CvvInput[]): readonly Secret<string>[] => {
  const first = Buffer.alloc(inputs.length * blockBytes)
  const second = Buffer.alloc(inputs.length * blockBytes)
  try {
    inputs.forEach((input, index) => {
      const [one, two] = cvvBlocks(input)
      first.write(one, index * blockBytes, 'hex')
      second.write(two, index * blockBytes, 'hex')
    })
    const between = ciphers.encryptA(first)
    for (let at = 0; at < between.length; at++) between[at] = (between[at] ?? 0) ^ (second[at] ?? 0)
    const results = ciphers.encryptPair(between).toString('hex')
    const digits = 2 * blockBytes
    return inputs.map(
      (_, index) => new Secret(decimalise(results.slice(index * digits, (index + 1) * digits))),
    )
  } finally {
    first.fill(0)
    second.fill(0)
  }
}

const isSameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)
