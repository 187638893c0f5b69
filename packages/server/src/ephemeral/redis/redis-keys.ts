import type { SharedKeys } from '../../keys/shared-keys.ts'
import type { RedisConnection } from './connection.ts'
import { spellBytes, spellName } from './layout.ts'
import type { Naming } from './redis-backend.ts'
import { scanKeys } from './scan-keys.ts'
import { clearKeysScript, dropSessionsScript, findKeyScript, putKeyScript } from './session-scripts.ts'

/**
 * Sealed private keys on a server that several nodes share, which forgets them by itself. They are void whenever its sessions
 * are.
 */
export const createRedisKeys = (
  connection: Pick<RedisConnection, 'call' | 'run'>,
  { prefix }: Pick<Naming, 'prefix'>,
): SharedKeys => {
  const epochKey = `${prefix}session-epoch`
  const keysOf = (name: Buffer) => [epochKey, `${prefix}k:${spellName(name)}`]
  const remove = { isRemoval: true } as const
  const find: SharedKeys['find'] = async (name) => {
    const sealed = await connection.run(findKeyScript, keysOf(name), [])
    return typeof sealed === 'string' ? Buffer.from(sealed, 'base64url') : undefined
  }
  return {
    put: async (name, sealed, ttlMs) => {
      await connection.run(putKeyScript, keysOf(name), [String(ttlMs), spellBytes(sealed)])
    },
    find,
    isGood: async (name) => (await find(name)) !== undefined,
    dropAll: async () => {
      // The sessions go along, which are good for nothing without.
      await connection.run(dropSessionsScript, [epochKey], [], remove)
      await scanKeys(connection, `${prefix}k:*`, (keys) =>
        connection.run(clearKeysScript, [epochKey, ...keys], [], remove),
      )
    },
  }
}
