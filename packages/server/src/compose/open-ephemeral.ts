import { captureSkewMs } from '@cardkeep/core/captures/capture-key'
import type { Clock, Store } from '@cardkeep/core/ports'
import type { Config } from '../config.ts'
import type { Ephemeral } from '../ephemeral/ephemeral.ts'
import { createMemoryEphemeral } from '../ephemeral/memory/memory-ephemeral.ts'
import { openRedisEphemeral } from '../ephemeral/redis/redis-ephemeral.ts'
import type { Keyring } from '../keys/keyring.ts'
import { createTextHash } from '../keys/name-hash.ts'
import { type Watch, watchNothing } from '../metrics/watch.ts'

interface EphemeralParts {
  readonly config: Pick<Config, 'codes' | 'codesPerTenant'>
  readonly keyring: Pick<Keyring, 'vaultKeys'>
  readonly store: Pick<Store, 'capturedUntil'>
  readonly clock: Clock
  readonly isForRemoval?: boolean
}

/**
 * Later than whatever was captured by now: clients whose clocks are ahead are noted in the store. Where that cannot be read,
 * the latest that anybody takes counts, so that codes do not wait for a database.
 */
export const sinceNow =
  (store: Pick<Store, 'capturedUntil'>, clock: Pick<Clock, 'now'>) =>
  async (serverNow = 0): Promise<number> => {
    const until = await store.capturedUntil().catch(() => undefined)
    const now = Math.max(clock.now(), serverNow)
    return Math.max(now, (until ?? now + captureSkewMs) + 1)
  }

/**
 * Where the settings say that codes are held, with what counts them around it. Who serves opens it in its place: what an earlier
 * process still does would not be known to a memory that began before.
 */
export const openEphemeral = async (
  { config: { codes, codesPerTenant }, store, keyring, clock, isForRemoval = false }: EphemeralParts,
  watch: Pick<Watch, 'codes' | 'sharedCodes'> = watchNothing,
): Promise<Ephemeral> => {
  const marksSince = sinceNow(store, clock)
  if (codes.type === 'memory')
    return createMemoryEphemeral({
      ...{ clock, limitPerOwner: codesPerTenant, watch: watch.codes },
      marksSince: await marksSince(),
    })
  const ephemeral = await openRedisEphemeral({
    settings: codes,
    clock,
    limitPerOwner: codesPerTenant,
    hashName: createTextHash(keyring),
    marksSince,
    isForRemoval,
  })
  return { ...ephemeral, codes: watch.sharedCodes(ephemeral.codes) }
}
