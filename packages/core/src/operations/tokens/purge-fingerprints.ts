import type { Clock, Store } from '../../ports.ts'

type Ports = { readonly store: Pick<Store, 'commit'>; readonly clock: Clock }

/** Forgets the numbers of which callers have had an id for long enough, unless a token has them. */
export const purgeFingerprints = async ({ store, clock }: Ports): Promise<void> => {
  await store.commit([{ type: 'purge-fingerprints', before: clock.now() }])
}
