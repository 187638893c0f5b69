import { randomBytes } from 'node:crypto'
import type { CvkComponent } from '@cardkeep/core/issuing/issuer'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { CvkKeeper, SealedCvk } from '@cardkeep/core/ports'
import { checkValuesOf } from './cvk-ciphers.ts'
import { type CvkPart, createCvkSealer, cvkBytes } from './cvk-sealer.ts'
import type { KeySource } from './use-keys.ts'

/** Makes pairs of card verification keys, and keeps components of them. */
export const createCvkKeeper = (keys: KeySource): CvkKeeper => {
  const sealer = createCvkSealer(keys)
  const seal = async (part: CvkPart, bytes: Buffer): Promise<SealedCvk> => {
    const checkValues = checkValuesOf(bytes)
    return { sealed: await sealer.seal(part, bytes), checkValues }
  }
  return {
    generate: (tenantId) => seal({ type: 'pair', tenantId }, withOddParity(randomBytes(cvkBytes))),

    sealComponent: async ({ tenantId, custodian }, component) => {
      const bytes = bytesOf(component)
      if (halvesOf(bytes).some(isZero)) {
        bytes.fill(0)
        return refuse({ type: 'EmptyComponent' })
      }
      return ok(await seal({ type: 'component', tenantId, custodian }, bytes))
    },

    combine: async ({ id: tenantId, environment }, components) => {
      const pair = Buffer.alloc(cvkBytes)
      for (const { custodian, sealed } of components) {
        const bytes = await sealer.open({ type: 'component', tenantId, custodian }, sealed)
        for (let at = 0; at < cvkBytes; at++) pair[at] = (pair[at] ?? 0) ^ (bytes[at] ?? 0)
        bytes.fill(0)
      }
      const [a, b] = halvesOf(pair)
      if (isWeak(a) || isWeak(b) || (environment === 'live' && isSameKey(a, b))) {
        pair.fill(0)
        return refuse({ type: 'WeakCvk' })
      }
      return ok(await seal({ type: 'pair', tenantId }, pair))
    },
  }
}

const bytesOf = ({ a, b }: CvkComponent): Buffer => {
  const bytes = Buffer.alloc(cvkBytes)
  bytes.write(openSecret(a, 'load key'), 'hex')
  bytes.write(openSecret(b, 'load key'), cvkBytes / 2, 'hex')
  return bytes
}

/** Under which encrypting twice gives back what was there (NIST SP 800-67, 3.3.2), whatever their parity bits say. */
const weakKeys: readonly Buffer[] = [
  Buffer.from('0000000000000000', 'hex'),
  Buffer.from('fefefefefefefefe', 'hex'),
  Buffer.from('e0e0e0e0f0f0f0f0', 'hex'),
  Buffer.from('1e1e1e1e0e0e0e0e', 'hex'),
]

const isWeak = (key: Buffer): boolean => weakKeys.some((weak) => isSameKey(weak, key))

const isZero = (part: Buffer): boolean => isSameKey(part, Buffer.alloc(cvkBytes / 2))

/** The lowest bit of each byte is its parity, and not of the key. */
const isSameKey = (a: Buffer, b: Buffer): boolean => {
  let difference = 0
  for (const [at, byte] of a.entries()) difference |= (byte ^ (b[at] ?? 0)) & 0xfe
  return difference === 0
}

const halvesOf = (bytes: Buffer): readonly [a: Buffer, b: Buffer] => [
  bytes.subarray(0, cvkBytes / 2),
  bytes.subarray(cvkBytes / 2),
]

/** As DES keys are exchanged (FIPS 46-3): the lowest bit of each byte makes its ones odd, and is not used. */
const withOddParity = (bytes: Buffer): Buffer => {
  for (const [at, byte] of bytes.entries()) {
    let ones = 0
    for (let bit = 1; bit < 8; bit++) ones += (byte >> bit) & 1
    bytes[at] = (byte & 0xfe) | (ones % 2 === 0 ? 1 : 0)
  }
  return bytes
}
