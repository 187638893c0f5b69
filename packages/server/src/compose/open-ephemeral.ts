import type { Clock } from '@cardkeep/core/ports'
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
  readonly clock: Clock
  readonly isForRemoval?: boolean
}

/** Where the settings say that codes are held, with what counts them around it. */
export const openEphemeral = async (
  { config: { codes, codesPerTenant }, keyring, clock, isForRemoval = false }: EphemeralParts,
  watch: Pick<Watch, 'codes' | 'sharedCodes'> = watchNothing,
): Promise<Ephemeral> => {
  if (codes.type === 'memory')
    return createMemoryEphemeral({ clock, limitPerOwner: codesPerTenant, watch: watch.codes })
  const ephemeral = await openRedisEphemeral({
    settings: codes,
    clock,
    limitPerOwner: codesPerTenant,
    hashName: createTextHash(keyring),
    isForRemoval,
  })
  return { ...ephemeral, codes: watch.sharedCodes(ephemeral.codes) }
}
