import type { Change } from '../../changes.ts'
import { dayMs, type EpochMs, epochMs } from '../../kernel/time.ts'
import type { CardCipher, Clock, CodeStore, Ids, Store } from '../../ports.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { openToTell } from './open-to-tell.ts'
import { tellToken } from './tell-token.ts'

type Ports = {
  readonly store: Store
  readonly codes: Pick<CodeStore, 'dropToken'>
  readonly cipher: Pick<CardCipher, 'open'>
  readonly clock: Clock
  readonly ids: Ids
}

/** For how long the vault can still say of a token that it was deleted. */
const deletedLifetimeMs = 30 * dayMs

export interface SweptTokens {
  /** Past their time. */
  readonly expired: number
  /** Deleted long enough ago. */
  readonly purged: number
}

/**
 * Erases tokens past their expiry, with an entry each, and the rows of those that were deleted long enough ago, whose
 * end was written down then. Needs no read by anyone (PCI DSS 3.2.1).
 */
export const sweepTokens = async (ports: Ports): Promise<SweptTokens> => {
  const { store, clock } = ports
  const at = clock.now()
  const longAgo = epochMs(at - deletedLifetimeMs)
  return {
    expired: await eraseAll(
      () => store.expiredTokens(at, batch),
      (token) => eraseExpired(ports, token, at),
    ),
    purged: await eraseAll(
      () => store.deletedTokens(longAgo, batch),
      async (token) => (await store.commit(eraseOf(token, at))).ok,
    ),
  }
}

/** Erases a token past its expiry and forgets its codes; `false` if another was first. */
export const eraseExpired = async (
  ports: Omit<Ports, 'clock'>,
  token: StoredToken,
  at: EpochMs,
): Promise<boolean> => {
  const { store, codes, ids } = ports
  const instrument = await openToTell(ports, token)
  const { ok } = await store.commit([
    ...eraseOf(token, at),
    tellToken(ids, token, instrument, 'token.expired', at),
    {
      type: 'audit',
      entry: {
        at,
        action: 'token.expired',
        outcome: 'success',
        tenantId: token.tenantId,
        actor: { type: 'vault', id: undefined },
        origin: undefined,
        requestId: undefined,
        subject: { type: 'token', id: token.id },
        details: {},
      },
    },
  ])
  await codes.dropToken(token.id)
  return ok
}

/** Its provider is still to be told that a network token has ended, so that one stays until it was. */
const eraseOf = (token: StoredToken, at: EpochMs): readonly Change[] => [
  { type: 'erase-token', token },
  { type: 'end-network-tokens', tokenId: token.id, at, isTokenErased: true },
]

const batch = 200

/** Batch by batch, and how many went. One that somebody changes at that moment is left to the next sweep. */
const eraseAll = async (
  list: () => Promise<readonly StoredToken[]>,
  erase: (token: StoredToken) => Promise<boolean>,
): Promise<number> => {
  let erased = 0
  for (;;) {
    const before = erased
    const tokens = await list()
    for (const token of tokens) if (await erase(token)) erased++
    const isStuck = erased === before
    if (tokens.length < batch || isStuck) return erased
  }
}
