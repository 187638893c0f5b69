import { epochMs } from '../kernel/time.ts'
import type { Clock, Store } from '../ports.ts'
import { replyLifetimeMs } from './claim.ts'

/** Removes claims that no request finds any more. */
export const purgeClaims = async ({
  store,
  clock,
}: {
  readonly store: Pick<Store, 'commit'>
  readonly clock: Clock
}): Promise<void> => {
  await store.commit([{ type: 'purge-idempotency', before: epochMs(clock.now() - replyLifetimeMs) }])
}
