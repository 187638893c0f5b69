import type { AuditAction } from '../audit/entry.ts'
import type { EventType } from '../events/event.ts'
import type { EpochMs } from '../kernel/time.ts'
import { type TokenUse, verdictOn } from './lifecycle.ts'
import type { StoredToken } from './token.ts'

/** What somebody may do to a token that changes its state. */
export type TokenMove = Extract<TokenUse, 'suspend' | 'activate' | 'invalidate' | 'delete'>

interface MoveRow {
  /** What the audit log and the tenant are told. */
  readonly told: AuditAction & EventType
  /**
   * When codes held for the token go. They do not outlive a state that refuses them, also where it can be left again: what
   * ended the token may not have come to dropping them, so they go before it is active again, and not after.
   */
  readonly dropsCodes: 'before it is written' | 'once it is written'
  /** Whether the number that a card scheme gave out for it goes in the same commit. */
  readonly endsNetworkToken?: true
  /** The same token where it is so already. */
  readonly apply: (token: StoredToken, at: EpochMs) => StoredToken
}

export const moves: Readonly<Record<TokenMove, MoveRow>> = {
  suspend: {
    told: 'token.suspended',
    dropsCodes: 'once it is written',
    apply: (token) => (token.status === 'suspended' ? token : { ...token, status: 'suspended' }),
  },
  activate: {
    told: 'token.activated',
    dropsCodes: 'before it is written',
    apply: (token) => (token.status === 'active' ? token : { ...token, status: 'active' }),
  },
  invalidate: {
    told: 'token.invalidated',
    dropsCodes: 'once it is written',
    apply: (token, at) => (token.invalidatedAt === undefined ? { ...token, invalidatedAt: at } : token),
  },
  delete: {
    told: 'token.deleted',
    dropsCodes: 'once it is written',
    endsNetworkToken: true,
    // The row says for a while that it was deleted; the card goes at once (PCI DSS 3.2.1).
    apply: (token) => ({ ...token, status: 'deleted', sealed: new Uint8Array() }),
  },
}

/**
 * What the token becomes: the very same object where it is so already. A token can be suspended and invalidated at once,
 * so beside the state it is the row that says whether anything changes.
 */
export const decideMove = (move: TokenMove, token: StoredToken, at: EpochMs): StoredToken => {
  const verdict = verdictOn(move, token, at)
  // Precondition: whoever asks has found the token for this use.
  if (verdict === 'absent') throw new Error(`a token that is absent was asked to ${move}`)
  const moved = verdict === 'is so' ? token : moves[move].apply(token, at)
  return moved === token ? token : { ...moved, version: token.version + 1, updatedAt: at }
}
