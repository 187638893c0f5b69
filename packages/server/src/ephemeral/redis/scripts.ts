import { reservationMs } from '@cardkeep/core/codes/held-code'
import { failuresAllowed, lockedForMs } from '@cardkeep/core/tenants/lockout'
import { destinationsAt, endFormat, nameWidth, places, useFormat, usesAt } from './layout.ts'
import { clock, epochIn, evenWhenFull, nameOf, nextEpoch, prefixOf, type Script, script } from './script.ts'

/*
 * One script for each atomic step. The states of a code stand in core/codes/held-code.ts, its text in layout.ts. Those of
 * capture sessions are in session-scripts.ts.
 *
 * Keys, all under one prefix:
 *
 *   c:NAME   a code, which the server forgets by itself when its time is over
 *   t:TOKEN  names of the codes that came with a token, by when they end
 *   o:OWNER  names of the codes that count against an owner's limit, by when they end
 *   owners   who has such a list
 *   epoch    how often all codes were dropped
 *   run      which server wrote all this, in which of its times as a primary
 *   g:MARK   when the bucket of a mark that was guessed with will be empty
 *   l:PAIR   how often a credential failed from an address, and when that is forgotten
 *
 * Lists may name codes that are gone: a code is what its own key says. The other way round every code stands in both of
 * its lists while it is held, or a drop of its token would miss it.
 */

/** The text of a step that can be one of several in a script, with how many keys and arguments it takes. */
interface Step {
  readonly body: string
  readonly keys: number
  readonly args: number
}

const cut = (text: string, field: keyof typeof places): string => `string.sub(${text}, ${places[field]})`

const epoch = epochIn('KEYS[1]')

/** Whether a text is that of a code that can be taken now. */
const isHeld = (text: string, epochName: string): string =>
  `(string.byte(${text}) == 104 and ${cut(text, 'epoch')} == ${epochName} and tonumber(${cut(text, 'ends')}) > now)`

/*
 * KEYS code, token, owner, owners; ARGV ttl, limit, head, tail. Answers 1, or 0 where the owner holds as many as it may.
 * Lists are pruned only where that could change the answer, or where a list is old enough to have something in it: most
 * codes are the only one of their token.
 */
const hold: Step = {
  keys: 4,
  args: 4,
  body: `
local code, name = KEYS[1], ${nameOf('KEYS[1]')}
local count = redis.call('ZCARD', KEYS[3])
if count >= tonumber(ARGV[2]) then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  count = redis.call('ZCARD', KEYS[3])
  if count >= tonumber(ARGV[2]) then
    local before = redis.call('GET', code)
    if not (before and ${isHeld('before', 'epoch')}) then return 0 end
  end
end
local ends = now + ARGV[1]
local text = ARGV[3] .. string.format('${endFormat}', ends) .. epoch .. ARGV[4]
local before = redis.call('SET', code, text, 'PX', ARGV[1], 'GET')
if before then
  redis.call('ZREM', ${prefixOf('code')} .. 'o:' .. ${cut('before', 'owner')}, name)
  redis.call('ZREM', ${prefixOf('code')} .. 't:' .. ${cut('before', 'token')}, name)
end
if count == 0 then redis.call('SADD', KEYS[4], ${nameOf('KEYS[3]')}) end
redis.call('ZADD', KEYS[3], ends, name)
redis.call('ZADD', KEYS[2], ends, name)
if redis.call('PEXPIRE', KEYS[2], ARGV[1], 'NX') == 0 then
  redis.call('PEXPIRE', KEYS[2], ARGV[1], 'GT')
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
end
return 1`,
}

/*
 * KEYS code; ARGV token, destination. Answers the hold and the sealed bytes, or nothing. What remains of a code whose last
 * use was taken says only which hold it was, and is gone when the reservation ends or the code would.
 */
const take: Step = {
  keys: 1,
  args: 2,
  body: `
local code = redis.call('GET', KEYS[1])
if not code or not ${isHeld('code', 'epoch')} then return false end
if ${cut('code', 'token')} ~= ARGV[1] then return false end
local sealedAt = ${destinationsAt}
local count = tonumber(${cut('code', 'count')})
if count then
  local allowed = false
  for _ = 1, count do
    if string.sub(code, sealedAt, sealedAt + ${nameWidth - 1}) == ARGV[2] then allowed = true end
    sealedAt = sealedAt + ${nameWidth}
  end
  if not allowed then return false end
end
local uses = tonumber(${cut('code', 'uses')})
if uses > 1 then
  redis.call('SETRANGE', KEYS[1], ${usesAt}, string.format('${useFormat}', uses - 1))
elseif uses == 1 then
  local ends = math.min(tonumber(${cut('code', 'ends')}), now + ${reservationMs})
  local text = 'r' .. string.sub(code, 2, sealedAt - 1) .. string.format('${endFormat}', ends)
  redis.call('SET', KEYS[1], text, 'PX', ends - now)
  redis.call('ZREM', ${prefixOf('KEYS[1]')} .. 'o:' .. ${cut('code', 'owner')}, ${nameOf('KEYS[1]')})
end
return ${cut('code', 'hold')} .. string.sub(code, sealedAt)`,
}

/* KEYS code, owners; ARGV hold, sealed bytes. Answers 1 if the use came back. */
const giveBack: Step = {
  keys: 2,
  args: 2,
  body: `
local code = redis.call('GET', KEYS[1])
if not code or ${cut('code', 'hold')} ~= ARGV[1] then return 0 end
if ${cut('code', 'epoch')} ~= epoch then return 0 end
local ends = tonumber(${cut('code', 'ends')})
if ends <= now then return 0 end
if string.byte(code) == 104 then
  local uses = tonumber(${cut('code', 'uses')})
  if uses > 0 then redis.call('SETRANGE', KEYS[1], ${usesAt}, string.format('${useFormat}', uses + 1)) end
  return 1
end
if tonumber(string.sub(code, -15)) <= now then return 0 end
local owner = ${cut('code', 'owner')}
redis.call('SET', KEYS[1], 'h' .. string.sub(code, 2, -16) .. ARGV[2], 'PX', ends - now)
redis.call('ZADD', ${prefixOf('KEYS[1]')} .. 'o:' .. owner, ends, ${nameOf('KEYS[1]')})
redis.call('SADD', KEYS[2], owner)
return 1`,
}

/** What can be sent with others. What takes away goes alone, so that nothing stands in its way. */
const steps = [hold, take, giveBack] as const

/* Their numbers, as Lua counts. */
export const holdStep = 1
export const takeStep = 2
export const giveBackStep = 3

/** The body as a function of where its own keys and arguments begin, which makes no table for each step. */
const asFunction = ({ body }: Step): string =>
  `function(key, at)${body.replaceAll(/(KEYS|ARGV)\[(\d)\]/g, (_, list, index) => `${list}[${list === 'KEYS' ? 'key' : 'at'} + ${index}]`)}\nend`

/*
 * Steps of several callers, one after the other, as one command: most of what a step costs is the way there. KEYS epoch and
 * those of each; ARGV now, and for each its number and its arguments. Answers what each answers. One that fails fails
 * alone, and answers `!` and the word of its failure.
 */
const stepsText = `
${clock}
local epoch = ${epoch}
local steps = {
${steps.map(asFunction).join(',\n')}
}
local keys, args = {${steps.map((step) => step.keys).join(', ')}}, {${steps.map((step) => step.args).join(', ')}}
local answers, key, at = {}, 1, 2
while at <= #ARGV do
  local step = tonumber(ARGV[at])
  local done, answer = pcall(steps[step], key, at)
  if not done then
    local words = type(answer) == 'table' and answer.err or tostring(answer)
    answer = '!' .. (string.match(words, '^%-?(%u%u+)') or 'ERR')
  end
  answers[#answers + 1] = answer
  key = key + keys[step]
  at = at + 1 + args[step]
end
return answers`

export const stepsScript = script(stepsText)

/**
 * The same on a server that is full, for steps that are no holds: a take leaves less than there was, and what is given back was
 * there a moment ago. Each begins with the write that a full server refuses, so one that was refused has done nothing.
 */
export const stepsWhenFullScript = script(`${evenWhenFull}${stepsText}`)

/** What stands at the second key goes, out of both of its lists too. */
const removeCode = `
redis.call('DEL', KEYS[2])
redis.call('ZREM', ${prefixOf('KEYS[2]')} .. 'o:' .. ${cut('code', 'owner')}, ${nameOf('KEYS[2]')})
redis.call('ZREM', ${prefixOf('KEYS[2]')} .. 't:' .. ${cut('code', 'token')}, ${nameOf('KEYS[2]')})`

/* KEYS epoch, code; ARGV now. Answers 1 if somebody could have taken it. */
export const dropScript = script(`
${clock}
local code = redis.call('GET', KEYS[2])
if not code then return 0 end
${removeCode}
if ${isHeld('code', epoch)} then return 1 end
return 0`)

/*
 * KEYS epoch, code; ARGV now, hold, uses. Takes away what that hold brought, and answers 1 if all of its uses were there.
 * What another hold put there since stays.
 */
export const undoHoldScript = script(`
${clock}
local code = redis.call('GET', KEYS[2])
if not code or ${cut('code', 'hold')} ~= ARGV[2] then return 0 end
${removeCode}
if ${isHeld('code', epoch)} and ${cut('code', 'uses')} == ARGV[3] then return 1 end
return 0`)

/* KEYS epoch, code; ARGV now. Answers 1 where the code could be taken by someone. */
export const isHeldScript = script(`
${clock}
local code = redis.call('GET', KEYS[2])
if code and ${isHeld('code', epoch)} then return 1 end
return 0`)

/** In the place of an owner's name. */
export const anyOwner = ''

/* KEYS epoch, token; ARGV now, owner. The list may name what was replaced since by a code of another token, which stays. */
export const dropTokenScript = script(`
${clock}
local epoch = ${epoch}
local token = ${nameOf('KEYS[2]')}
local prefix = ${prefixOf('KEYS[2]')}
local isOfAll = ARGV[2] == '${anyOwner}'
local dropped = 0
for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local code = redis.call('GET', prefix .. 'c:' .. name)
  if code and ${cut('code', 'token')} == token and (isOfAll or ${cut('code', 'owner')} == ARGV[2]) then
    redis.call('DEL', prefix .. 'c:' .. name)
    redis.call('ZREM', prefix .. 'o:' .. ${cut('code', 'owner')}, name)
    redis.call('ZREM', KEYS[2], name)
    if ${isHeld('code', 'epoch')} then dropped = 1 end
  end
end
if isOfAll then redis.call('DEL', KEYS[2]) end
return dropped`)

/* KEYS epoch, owners; ARGV prefix. From its end on every code of before is void, wherever it still stands. */
const dropAll = `
${nextEpoch('KEYS[1]')}
for _, owner in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  redis.call('DEL', ARGV[1] .. 'o:' .. owner)
end
redis.call('DEL', KEYS[2])`

export const dropAllScript = script(`${evenWhenFull}
${dropAll}
return 1`)

/*
 * KEYS epoch, owners, run, epoch of sessions, since; ARGV prefix, the name of this run of the server, since when marks are
 * known from now on, or nothing: then -1 says that it is needed, and nothing is done. What another run wrote came here by replication, which may have lost a take: a code of it could be used twice, or a session be
 * answered twice, so all of it is void. It may have lost a mark too: what is known of captures begins now, as it does where
 * the server has nothing from before.
 */
export const adoptScript = script(`${evenWhenFull}
local since = redis.call('GET', KEYS[5])
local isKnown = redis.call('GET', KEYS[3]) == ARGV[2]
if isKnown and since then return 0 end
if ARGV[3] == '' then return -1 end
redis.call('SET', KEYS[5], string.format('%.0f', math.max(tonumber(since or 0), tonumber(ARGV[3]))))
if isKnown then return 0 end
redis.call('SET', KEYS[3], ARGV[2])
${dropAll}
${nextEpoch('KEYS[4]')}
return 1`)

/* KEYS epoch, codes that a scan found. A code that was held since stays. */
export const clearScript = script(`
local epoch = ${epoch}
for at = 2, #KEYS do
  local code = redis.call('GET', KEYS[at])
  if code and ${cut('code', 'epoch')} ~= epoch then redis.call('DEL', KEYS[at]) end
end
return 1`)

/* KEYS owners; ARGV now, prefix. Answers how many names are left, after those past their time were taken out. */
export const sweepScript = script(`
${clock}
local left = 0
for _, owner in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local key = ARGV[2] .. 'o:' .. owner
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  local count = redis.call('ZCARD', key)
  if count == 0 then redis.call('SREM', KEYS[1], owner) end
  left = left + count
end
return left`)

/* KEYS owners; ARGV now, prefix. Answers how many codes are held. */
export const countScript = script(`
${clock}
local held = 0
for _, owner in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  held = held + redis.call('ZCOUNT', ARGV[2] .. 'o:' .. owner, '(' .. now, '+inf')
end
return held`)

/* KEYS buckets; ARGV now, and for each bucket how many may come at once and how often one runs out. Milliseconds to wait. */
export const waitScript = script(`
${clock}
local longest = 0
for at, emptyAt in ipairs(redis.call('MGET', unpack(KEYS))) do
  local atOnce, every = tonumber(ARGV[2 * at]), tonumber(ARGV[2 * at + 1])
  if emptyAt then longest = math.max(longest, tonumber(emptyAt) - (atOnce - 1) * every - now) end
end
return longest`)

/* The same, and each bucket has one more in it; never more than full. */
export const guessScript = script(`
${clock}
for at, key in ipairs(KEYS) do
  local atOnce, every = tonumber(ARGV[2 * at]), tonumber(ARGV[2 * at + 1])
  local emptyAt = math.max(now, tonumber(redis.call('GET', key) or 0)) + every
  emptyAt = math.min(emptyAt, now + atOnce * every)
  redis.call('SET', key, string.format('%.0f', emptyAt), 'PX', emptyAt - now)
end
return 1`)

/* How often a pair failed, and until when its lock holds; no more than now where it holds none. */
const failures = `
local count, endsAt = string.match(redis.call('GET', KEYS[1]) or '0 0', '(%d+) (%d+)')
count, endsAt = tonumber(count), tonumber(endsAt)
local lockedUntil = count < ${failuresAllowed} and now or endsAt`

/* KEYS pair; ARGV now. Milliseconds that the lock still holds. */
export const lockedScript = script(`
${clock}
${failures}
return math.max(0, lockedUntil - now)`)

/* KEYS pair; ARGV now. Answers which failure it is since the last success, or since all were forgotten. */
export const failScript = script(`
${clock}
${failures}
count = endsAt > now and count + 1 or 1
redis.call('SET', KEYS[1], count .. ' ' .. string.format('%.0f', now + ${lockedForMs}), 'PX', ${lockedForMs})
return count`)

/* KEYS pair; ARGV now. Answers 1 unless it is locked. */
export const succeedScript = script(`
${clock}
${failures}
if lockedUntil > now then return 0 end
redis.call('DEL', KEYS[1])
return 1`)

export const scripts: readonly Script[] = [
  stepsScript,
  stepsWhenFullScript,
  dropScript,
  undoHoldScript,
  isHeldScript,
  dropTokenScript,
  dropAllScript,
  clearScript,
  sweepScript,
  countScript,
  waitScript,
  guessScript,
  lockedScript,
  failScript,
  succeedScript,
]
