import type { RedisConnection } from './connection.ts'

/** So many names are looked at by one step of a scan, between which others are served. */
const scanCount = 500

/** Hands over all keys of a pattern, some at a time; one that is there all the while at least once. */
export const scanKeys = async (
  connection: Pick<RedisConnection, 'call'>,
  pattern: string,
  each: (keys: readonly string[]) => Promise<unknown>,
): Promise<void> => {
  let cursor = '0'
  do {
    const answer = await connection.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', String(scanCount))
    const [next, keys] = answer as [string, string[]]
    if (keys.length > 0) await each(keys)
    cursor = next
  } while (cursor !== '0')
}
