import { answeringMs, failuresAllowed } from '@cardkeep/core/sessions/capture-session'
import { endFormat, epochWidth } from './layout.ts'
import { clock, epochIn, nameOf, nextEpoch, prefixOf, type Script, script } from './script.ts'
import { keptAt, markedByAt, sealedAt, sessionPlaces, unclaimed } from './session-layout.ts'

/*
 * One script for each atomic step of a capture session. Its states stand in core/sessions/capture-session.ts, its text in
 * session-layout.ts.
 *
 * Keys, under the prefix of the codes:
 *
 *   s:NAME          a session, which the server forgets by itself when its time is over
 *   w:EPOCH:OWNER   names of the sessions of an owner that have not ended, by when they do
 *   p:MARK          a payload that was admitted: until when that is remembered, and under which claim it was
 *   k:KEY           the epoch and a sealed private key
 *   session-epoch   how often all sessions were dropped, and the keys with them; payloads are remembered beyond it
 */

const cut = (field: keyof typeof sessionPlaces): string => `string.sub(session, ${sessionPlaces[field]})`

const epoch = epochIn('KEYS[1]')

/** Who waits for an answer; a list of an earlier epoch is found no more and ends by itself. */
const listOf = (owner: string): string => `${prefixOf('KEYS[2]')} .. 'w:' .. ${epoch} .. ':' .. ${owner}`

/** KEYS epoch, session; ARGV now. The text of the session and its state, or an answer of nothing where it is gone. */
const found = `
${clock}
local session = redis.call('GET', KEYS[2])
if not session or ${cut('epoch')} ~= ${epoch} or tonumber(${cut('ends')}) <= now then return false end
local state = ${cut('state')}
if state == 'a' and tonumber(${cut('claimEnds')}) <= now then state = 'o' end`

/** The same for one whose claim ARGV[2] names. */
const claimed = `
${found}
local isClaimed = state == 'a' and ${cut('claim')} == ARGV[2]`

const rest = `string.sub(session, ${sealedAt})`

/** Writes what a step made of the session; when it ends stays as it is. */
const keep = (text: string): string => `redis.call('SET', KEYS[2], ${text}, 'KEEPTTL')`

/** Ends it with these bytes. It has its place in the list of its owner no more. */
const endWith = (sealedEnd: string): string => `
session = 'e' .. string.sub(session, 2) .. '.' .. ${sealedEnd}
${keep('session')}
redis.call('ZREM', ${listOf(cut('owner'))}, ${nameOf('KEYS[2]')})`

/* KEYS epoch, session; ARGV now, ttl, limit, owner, sealed bytes. Answers 1, or 0 where the owner has as many as it may. */
export const openSessionScript = script(`
${clock}
local list = ${listOf('ARGV[4]')}
local limit = tonumber(ARGV[3])
if redis.call('ZCARD', list) >= limit then
  redis.call('ZREMRANGEBYSCORE', list, '-inf', now)
  if redis.call('ZCARD', list) >= limit then return 0 end
end
local ends = now + ARGV[2]
local text = '${unclaimed}' .. string.format('${endFormat}', ends) .. ${epoch} .. ARGV[4] .. ARGV[5]
redis.call('SET', KEYS[2], text, 'PX', ARGV[2])
redis.call('ZADD', list, ends, ${nameOf('KEYS[2]')})
if redis.call('PEXPIRE', list, ARGV[2], 'NX') == 0 then redis.call('PEXPIRE', list, ARGV[2], 'GT') end
return 1`)

/* KEYS epoch, session; ARGV now. */
export const dropSessionScript = script(`
${found}
redis.call('DEL', KEYS[2])
redis.call('ZREM', ${listOf(cut('owner'))}, ${nameOf('KEYS[2]')})
return 1`)

/* KEYS epoch, session; ARGV now. Answers the state and the sealed bytes. */
export const findSessionScript = script(`
${found}
return state .. ${rest}`)

/* KEYS epoch, session; ARGV now, name of the claim. Answers `c` in the place of the state to whoever has it now. */
export const claimScript = script(`
${found}
if state ~= 'o' then return state .. ${rest} end
local claimEnds = string.format('${endFormat}', now + ${answeringMs})
${keep(`'a' .. ${cut('failures')} .. ARGV[2] .. claimEnds .. string.sub(session, ${keptAt})`)}
return 'c' .. ${rest}`)

/* KEYS epoch, session, mark; ARGV now, claim, ttl. Answers 1 if nobody admitted it before. */
export const admitScript = script(`
${claimed}
if not isClaimed then return 0 end
local before = redis.call('GET', KEYS[3])
if before and tonumber(string.sub(before, 1, ${markedByAt - 1})) > now then return 0 end
redis.call('SET', KEYS[3], string.format('${endFormat}', now + ARGV[3]) .. ARGV[2], 'PX', ARGV[3])
return 1`)

/* KEYS epoch, session, marks that were admitted under the claim; ARGV now, claim. */
export const releaseScript = script(`
${claimed}
if not isClaimed then return 0 end
${keep(`'o' .. string.sub(session, 2)`)}
for at = 3, #KEYS do
  local mark = redis.call('GET', KEYS[at])
  if mark and string.sub(mark, ${markedByAt}) == ARGV[2] then redis.call('DEL', KEYS[at]) end
end
return 1`)

/* KEYS epoch, session; ARGV now, claim, sealed bytes of the end. Answers the state afterwards and the sealed bytes. */
export const failAnswerScript = script(`
${claimed}
if not isClaimed then return state .. ${rest} end
local failures = tonumber(${cut('failures')}) + 1
session = 'o' .. failures .. string.sub(session, 3)
if failures < ${failuresAllowed} then
  ${keep('session')}
else
  ${endWith('ARGV[3]')}
end
return string.sub(session, 1, 1) .. ${rest}`)

/* KEYS epoch, session; ARGV now, claim, sealed bytes of the end. Answers 1 if it ended so. */
export const endSessionScript = script(`
${claimed}
if not isClaimed then return 0 end
${endWith('ARGV[3]')}
return 1`)

/* KEYS epoch. From its end on every session of before is void, and every key. */
export const dropSessionsScript = script(`
${nextEpoch('KEYS[1]')}
return 1`)

/* KEYS epoch, sessions that a scan found. One that was opened since stays. */
export const clearSessionsScript = script(`
for at = 2, #KEYS do
  local session = redis.call('GET', KEYS[at])
  if session and ${cut('epoch')} ~= ${epoch} then redis.call('DEL', KEYS[at]) end
end
return 1`)

const isVoidKey = `string.sub(key, 1, ${epochWidth}) ~= ${epoch}`

/* KEYS epoch, key; ARGV ttl, sealed bytes. */
export const putKeyScript = script(`
redis.call('SET', KEYS[2], ${epoch} .. ARGV[2], 'PX', ARGV[1])
return 1`)

/* KEYS epoch, key. Answers the sealed bytes. */
export const findKeyScript = script(`
local key = redis.call('GET', KEYS[2])
if not key or ${isVoidKey} then return false end
return string.sub(key, ${epochWidth + 1})`)

/* KEYS epoch, keys that a scan found. One that was put since stays. */
export const clearKeysScript = script(`
for at = 2, #KEYS do
  local key = redis.call('GET', KEYS[at])
  if key and ${isVoidKey} then redis.call('DEL', KEYS[at]) end
end
return 1`)

export const sessionScripts: readonly Script[] = [
  openSessionScript,
  dropSessionScript,
  findSessionScript,
  claimScript,
  admitScript,
  releaseScript,
  failAnswerScript,
  endSessionScript,
  dropSessionsScript,
  clearSessionsScript,
  putKeyScript,
  findKeyScript,
  clearKeysScript,
]
