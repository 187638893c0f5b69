import { createHash } from 'node:crypto'
import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import { aliasOf, type CaptureKey } from '@cardkeep/core/captures/capture-key'
import type { SealedCapture } from '@cardkeep/core/captures/captured-card'
import { parsePan } from '@cardkeep/core/cards/pan'
import { type CaptureKeyId, idOfBytes, type TokenId } from '@cardkeep/core/kernel/ids'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { CapturePorts } from '@cardkeep/core/operations/tokens/token-ports'
import type { Captures } from '@cardkeep/core/ports'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { testCards } from '../canary/cards.ts'
import type { TestVault } from './vault.ts'

/** Takes a text as it is for what was encrypted, and `fault:` with a fault for what cannot be opened. */
export type CapturesDouble = Captures

export const createCapturesDouble = (): CapturesDouble => ({
  open: async (key, ciphertext) => {
    if (ciphertext.startsWith('fault:'))
      return refuse({ type: 'CaptureRefused', fault: ciphertext.slice('fault:'.length) as CaptureFault })
    const hash = (...parts: readonly string[]): Buffer =>
      createHash('sha256')
        .update([key.tenantId, ciphertext, ...parts].join('\n'))
        .digest()
    return ok({
      text: new Secret(ciphertext),
      mark: hash(),
      tokenIdIn: (scopeId) => {
        const bytes = hash(scopeId).subarray(0, 16)
        bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
        bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
        const id = idOfBytes<TokenId>(bytes)
        if (!id) throw new Error('a test made an id that is none')
        return id
      },
    })
  },
})

/** What a client captured, for tests: as it is said here, and at the vault's own time unless they say another. */
export interface Typed {
  readonly number?: string
  readonly month?: number
  readonly year?: number
  readonly yearDigits?: 2 | 4
  readonly name?: string
  readonly code?: string
  readonly capturedAt?: number
}

export interface TestCaptureKey {
  readonly key: CaptureKey
  /** What a client encrypts; the same words are the same capture. */
  seal(typed: Typed): SealedCapture
}

/** A whole card that is good for long. */
export const visaCard: Typed = { number: testCards.visa, month: 12, year: 2030 }

/** Makes a key for which clients of the tenant encrypt. */
export const addCaptureKey = async (
  { store, clock, ids }: Pick<TestVault, 'store' | 'clock' | 'ids'>,
  tenant: Tenant,
): Promise<TestCaptureKey> => {
  const key: CaptureKey = {
    id: ids.uuid() as CaptureKeyId,
    tenantId: tenant.id,
    publicKey: 'a public key',
    sealedPrivateKey: new Uint8Array(8),
    createdAt: clock.now(),
    retiredAt: undefined,
  }
  const { ok: isMade } = await store.commit([{ type: 'put-capture-key', key }])
  if (!isMade) throw new Error('a test could not make a capture key')
  const seal = (typed: Typed): SealedCapture => ({
    alias: aliasOf(key),
    ciphertext: JSON.stringify({ capturedAt: clock.now(), ...typed }),
    read: readTyped,
  })
  return { key, seal }
}

const readTyped: SealedCapture['read'] = (text) => {
  const typed = JSON.parse(openSecret(text, 'check')) as Typed
  const pan = typed.number === undefined ? undefined : parsePan(new Secret(typed.number))
  if (pan && !pan.ok) return pan
  return ok({
    capturedAt: epochMs(typed.capturedAt ?? 0),
    pan: pan?.value,
    expiryMonth: typed.month,
    expiryYear:
      typed.year === undefined ? undefined : { year: typed.year, yearDigits: typed.yearDigits ?? 4 },
    holderName: typed.name,
    code: typed.code === undefined ? undefined : new Secret(typed.code),
  })
}

/** What operations on captured cards want of a vault. */
export const capturePortsOf = (vault: TestVault): CapturePorts => ({
  ...vault,
  readiness: { isSealed: () => false },
})
