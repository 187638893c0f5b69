import { dayMs, type EpochMs, epochMs } from '../kernel/time.ts'
import type { Credential } from './tenant.ts'

/** PCI DSS 8.2.6: what was not used for so long is disabled. */
export const idleLimitMs = 90 * dayMs

type Use = Pick<Credential, 'createdAt' | 'lastUsedAt' | 'disabledAt' | 'revokedAt' | 'expiresAt'>

/** Whether it lets anyone in. */
export const isGood = ({ revokedAt, disabledAt, expiresAt }: Use, at: EpochMs): boolean =>
  revokedAt === undefined && disabledAt === undefined && (expiresAt === undefined || at < expiresAt)

/** Since when nobody has used it; one that was never used counts from when it was made. */
export const unusedSince = ({ createdAt, lastUsedAt }: Use): EpochMs => lastUsedAt ?? createdAt

export const isIdle = (use: Use, at: EpochMs): boolean =>
  isGood(use, at) && at - unusedSince(use) >= idleLimitMs

/** The start of the day in UTC: a use is remembered once a day, not once a request. */
export const dayOf = (at: EpochMs): EpochMs => epochMs(at - (at % dayMs))
