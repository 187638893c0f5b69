import { createHash } from 'node:crypto'
import { epochFormat, firstEpoch, nameWidth } from './layout.ts'

/* What the scripts of codes and those of sessions are written with. */

export interface Script {
  readonly text: string
  readonly sha: string
}

export const script = (body: string): Script => {
  const text = body.trim()
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/**
 * The first line of a script that may write although the server has no memory left. Others are refused their first write that
 * could need some, unless one before it needed none.
 */
export const evenWhenFull = '#!lua flags=allow-oom\n'

/** The server's clock, unless a test says what time it is. */
export const clock = `
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end`

/** Everything in front of the name of a key that ends with one, without its letter and colon. */
export const prefixOf = (key: string): string => `string.sub(${key}, 1, ${-nameWidth - 3})`
export const nameOf = (key: string): string => `string.sub(${key}, ${-nameWidth})`

/** How often everything of a kind was dropped: what is of an earlier time is void, wherever it still stands. */
export const epochIn = (key: string): string => `(redis.call('GET', ${key}) or '${firstEpoch}')`
export const nextEpoch = (key: string): string =>
  `redis.call('SET', ${key}, string.format('${epochFormat}', tonumber(${epochIn(key)}) + 1))`
