import { encodeBase32 } from '../kernel/base32.ts'
import { bytesOfId, type CaptureKeyId, type TenantId } from '../kernel/ids.ts'
import { type EpochMs, epochMs, minuteMs } from '../kernel/time.ts'

/** A key pair for which a tenant's clients encrypt cards (OpenPGP). Any number may be active; each card names its own. */
export interface CaptureKey {
  readonly id: CaptureKeyId
  readonly tenantId: TenantId
  /** Armored. */
  readonly publicKey: string
  /** Its private half, sealed under the tenant's capture key. */
  readonly sealedPrivateKey: Uint8Array
  readonly createdAt: EpochMs
  /** Given to no client any more; opens what was captured before for as long as that is good. */
  readonly retiredAt: EpochMs | undefined
}

/** By what a card names its key: the id in 26 characters of base32. */
export const aliasOf = ({ id }: Pick<CaptureKey, 'id'>): string => encodeBase32(bytesOfId(id))

/** How many of a tenant's keys may be active at once. wire: verifone §capture keys, inferred */
export const captureKeysPerTenant = 20

/** For how long a captured card is good. wire: verifone §encrypted cards, verified: fifteen minutes. */
export const captureWindowMs = 15 * minuteMs
/** How far a client's clock may be ahead. wire: verifone §encrypted cards, inferred */
export const captureSkewMs = 2 * minuteMs

/** Until when a retired key still opens what was encrypted for it before. */
export const opensUntil = ({ retiredAt }: Pick<CaptureKey, 'retiredAt'>): EpochMs | undefined =>
  retiredAt === undefined ? undefined : epochMs(retiredAt + captureWindowMs + captureSkewMs)
