import { clock, evenWhenFull, type Script, script } from './script.ts'

/*
 * Tries of a card's CVV that are under way, each step in one script.
 *
 * Keys, under the prefix of the codes:
 *
 *   v:CARD   a card's tries, by when they are forgotten
 *
 * They count on a full server too: codes of shops shall not keep issuers from answering, and there are as few of them as
 * requests under way.
 */

/* KEYS card; ARGV now, ttl, try. Answers how many there are with it. */
export const enterTryScript = script(`${evenWhenFull}
${clock}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`)

/* KEYS card; ARGV now, ttl, tries. Those that the server has lost meanwhile are there again. */
export const keepTriesScript = script(`${evenWhenFull}
${clock}
for at = 3, #ARGV do
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[at])
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

/* KEYS card; ARGV tries. */
export const leaveTriesScript = script(`
for at = 1, #ARGV do
  redis.call('ZREM', KEYS[1], ARGV[at])
end`)

export const tryScripts: readonly Script[] = [enterTryScript, keepTriesScript, leaveTriesScript]
