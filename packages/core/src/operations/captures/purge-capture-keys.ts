import { captureSkewMs, captureWindowMs } from '../../captures/capture-key.ts'
import { epochMs } from '../../kernel/time.ts'
import type { Clock, Store } from '../../ports.ts'

type Ports = { readonly store: Pick<Store, 'captureKeys' | 'commit'>; readonly clock: Clock }

/** Removes keys that were retired so long ago that nothing is good any more that was captured for them. */
export const purgeCaptureKeys = async ({ store, clock }: Ports): Promise<void> => {
  const before = epochMs(clock.now() - captureWindowMs - captureSkewMs)
  const isDue = (await store.captureKeys(undefined)).some(({ retiredAt }) => (retiredAt ?? before) < before)
  // Every node forgets what it remembers of keys when this is written, so it is not written for nothing.
  if (isDue) await store.commit([{ type: 'purge-capture-keys', before }])
}
