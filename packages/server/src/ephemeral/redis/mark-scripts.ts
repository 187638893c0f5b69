import { clock, type Script, script } from './script.ts'

/*
 * What brought a code, each step in one script.
 *
 * Keys, under the prefix of the codes:
 *
 *   m:OWNER       names of an owner's captures that brought a code, by when that is forgotten
 *   marks-since   since when all of them are known; set when a node meets a server that knows nothing of before
 *
 * Unlike codes they are beyond every epoch: that all codes were dropped makes no capture unspent.
 */

/*
 * KEYS since, owner; ARGV now, since when where the node has asked, time of the capture, ttl, name, limit. Answers 1 to one
 * caller of any number, 0 where it is known, 2 where the owner has too many, and -1 where nobody knows since when.
 */
export const admitMarkScript = script(`
${clock}
local since = redis.call('GET', KEYS[1])
if not since then
  if ARGV[2] == '' then return -1 end
  since = ARGV[2]
  redis.call('SET', KEYS[1], since)
end
if tonumber(ARGV[3]) < tonumber(since) then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZADD', KEYS[2], 'NX', now + ARGV[4], ARGV[5]) == 0 then return 0 end
if redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[6]) then
  redis.call('ZREM', KEYS[2], ARGV[5])
  return 2
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1`)

/* KEYS owner; ARGV name. */
export const releaseMarkScript = script(`
return redis.call('ZREM', KEYS[1], ARGV[1])`)

export const markScripts: readonly Script[] = [admitMarkScript, releaseMarkScript]
