import type { Change } from '@cardkeep/core/changes'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import type { StoredToken } from '@cardkeep/core/tokens/token'

/**
 * Remembers tokens that were read a moment ago, exactly: what it answers is what the row says. Half of what it costs to
 * tell of a token is to make a value of its row, and whoever has made a token charges it or asks for it next.
 *
 * `version` counts the commits of other connections; those of this one pass by here, in the transaction that writes them.
 */
export interface RememberedTokens {
  find(id: TokenId, version: number): StoredToken | undefined
  keep(token: StoredToken): void
  /** To be called with whatever is about to be written, before anything else can be read. */
  touched(changes: readonly Change[]): void
  forget(): void
}

const remembered = 10_000

/** These change no row that a token is read from. Whatever is not listed here may. */
const unrelated: ReadonlySet<Change['type']> = new Set([
  // A new row: no token has it yet.
  'put-fingerprint',
  // Only where no token has it.
  'release-fingerprint',
  'expect-token',
  'put-network-token',
  'replace-network-token',
  'end-network-tokens',
  'settle-network-token',
  'use-credential',
  'set-webhook-health',
  'emit-event',
  'settle-delivery',
  'delay-delivery',
  'give-up-delivery',
  'replay-delivery',
  'purge-dead-deliveries',
  'claim-idempotency',
  'settle-idempotency',
  'release-idempotency',
  'purge-idempotency',
  'put-bins',
  'put-issued-card',
  'replace-issued-card',
  'replace-rotation',
  'put-cvv-tries',
  'note-captured-ahead',
  'reserve-seals',
  'audit',
  'put-checkpoint',
  'ship-audit',
  'archive-audit',
])

export const createRememberedTokens = (): RememberedTokens => {
  const known = new Map<TokenId, StoredToken>()
  let knownAt: number | undefined

  return {
    find: (id, version) => {
      if (version !== knownAt) {
        known.clear()
        knownAt = version
      }
      return known.get(id)
    },
    keep: (token) => {
      known.set(token.id, token)
      const [oldest] = known.keys()
      if (known.size > remembered && oldest !== undefined) known.delete(oldest)
    },
    touched: (changes) => {
      for (const change of changes)
        if (change.type === 'put-token' || change.type === 'replace-token' || change.type === 'erase-token')
          known.delete(change.token.id)
        else if (!unrelated.has(change.type)) known.clear()
    },
    forget: () => known.clear(),
  }
}
