import type { EpochMs } from '../kernel/time.ts'
import type { Clock, CodeStore, Store } from '../ports.ts'
import type { StoredToken } from '../tokens/token.ts'

type Ports = { readonly store: Store; readonly codes: CodeStore; readonly clock: Clock }

const batch = 200

/** Erases tokens past their expiry, with an entry each; needs no read by anyone (PCI DSS 3.2.1). Answers how many went. */
export const sweepTokens = async ({ store, codes, clock }: Ports): Promise<number> => {
  const at = clock.now()
  let swept = 0
  for (;;) {
    const before = swept
    const expired = await store.expiredTokens(at, batch)
    for (const token of expired) {
      if (await eraseExpired({ store, codes }, token, at)) swept++
    }
    const isStuck = swept === before
    if (expired.length < batch || isStuck) return swept
  }
}

/** Erases a token past its expiry and forgets its codes; `false` if another was first. */
export const eraseExpired = async (
  { store, codes }: Pick<Ports, 'store' | 'codes'>,
  token: StoredToken,
  at: EpochMs,
): Promise<boolean> => {
  const { ok } = await store.commit([
    { type: 'erase-token', token },
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
  await codes.drop({ type: 'token', tokenId: token.id })
  return ok
}
