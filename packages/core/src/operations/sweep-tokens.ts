import type { Clock, CodeStore, Store } from '../ports.ts'

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
      if (ok) swept++
    }
    const isStuck = swept === before
    if (expired.length < batch || isStuck) return swept
  }
}
