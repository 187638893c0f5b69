import { dayMs, type EpochMs, epochMs, yearMs } from '../kernel/time.ts'
import type { Credential } from './tenant.ts'

/** PCI DSS 8.2.6: what was not used for so long is disabled. */
export const idleLimitMs = 90 * dayMs

/** wire: verifone §authentication, verified: its keys belong to users, of whom each has five at most, for a year. */
export const keysPerUser = 5
export const userKeyLifetimeMs = yearMs

/** Whose it is, in a dialect whose credentials belong to users. */
export const userOf = ({
  dialect,
  publicKey,
}: Pick<Credential, 'dialect' | 'publicKey'>): string | undefined =>
  dialect === 'verifone' ? publicKey : undefined

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
