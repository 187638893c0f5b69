import type { EpochMs } from '../kernel/time.ts'
import type { StoredToken } from './token.ts'

/*
 * A token is the name that is given out for a card.
 *
 *   active       may be used
 *   suspended    refuses every use until it is activated
 *   invalidated  its card is good no more; refuses every use until it gets another number or a later expiry
 *   expired      past its own time: absent for every caller, and swept
 *   deleted      gone for good; for thirty days the vault can still say so
 *
 *   active ⇄ suspended, either → invalidated, any of them → deleted or, by time, expired.
 *   Of several that hold at once the one that stands lower in this list counts.
 */
export type TokenState = 'active' | 'suspended' | 'invalidated' | 'expired' | 'deleted'

export type TokenUse =
  /** send it to a provider */
  | 'forward'
  /** tell the caller the clear number */
  | 'reveal'
  /** take a fresh code for it */
  | 'refresh'
  /** give it another card, expiry or holder */
  | 'update'
  /** the same number comes in again, where the scope de-duplicates */
  | 'tokenize again'
  /** tell what may be shown of it */
  | 'show'
  /** tell what may be shown of the card behind it, or let go of its code */
  | 'show card'
  | 'suspend'
  | 'activate'
  | 'invalidate'
  | 'delete'

export type Verdict =
  /** An invalidated token may be suspended too: to suspend or activate one writes only what is not so already. */
  | 'does'
  /** Already so: answered as done, and nothing is changed. */
  | 'is so'
  /** Looks as if there were no such token. */
  | 'absent'
  /** The number gets another token. */
  | 'new token'

const row = (
  active: Verdict,
  suspended: Verdict,
  invalidated: Verdict,
  expired: Verdict,
  deleted: Verdict,
): Readonly<Record<TokenState, Verdict>> => ({ active, suspended, invalidated, expired, deleted })

/** What each use does in each state; every dialect follows it, and one test reads it for all of them. */
export const lifecycle: Readonly<Record<TokenUse, Readonly<Record<TokenState, Verdict>>>> = {
  forward: row('does', 'absent', 'absent', 'absent', 'absent'),
  reveal: row('does', 'absent', 'absent', 'absent', 'absent'),
  refresh: row('does', 'absent', 'absent', 'absent', 'absent'),
  update: row('does', 'does', 'does', 'absent', 'absent'),
  'tokenize again': row('does', 'does', 'does', 'new token', 'new token'),
  show: row('does', 'does', 'does', 'absent', 'does'),
  'show card': row('does', 'does', 'does', 'absent', 'absent'),
  suspend: row('does', 'is so', 'does', 'absent', 'absent'),
  activate: row('is so', 'does', 'does', 'absent', 'absent'),
  invalidate: row('does', 'does', 'is so', 'absent', 'absent'),
  delete: row('does', 'does', 'does', 'absent', 'absent'),
}

type Timed = Pick<StoredToken, 'status' | 'expiresAt' | 'invalidatedAt'>

export const stateOf = ({ status, expiresAt, invalidatedAt }: Timed, at: EpochMs): TokenState => {
  if (status === 'deleted') return 'deleted'
  if (expiresAt !== undefined && expiresAt <= at) return 'expired'
  return invalidatedAt === undefined ? status : 'invalidated'
}

export const verdictOn = (use: TokenUse, token: Timed, at: EpochMs): Verdict =>
  lifecycle[use][stateOf(token, at)]
