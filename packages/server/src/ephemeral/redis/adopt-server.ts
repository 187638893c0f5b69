import type { RedisConnection } from './connection.ts'
import { adoptScript } from './scripts.ts'

/**
 * From when on a server that knows nothing of before can tell which captures brought a code: later than any that brought one
 * to another. Told what time it is on the server, because the clock of the node that asks may be behind that of the one
 * that held the code.
 */
export type MarksSince = (serverNow: number) => Promise<number>

/**
 * Notes since when the server knows which captures brought a code, and makes codes and sessions void that another server gave
 * to this one before it took that one's place. A server that was restarted has none, and one that was there all the time
 * knows its own name.
 */
export const adoptServer = async (
  call: RedisConnection['call'],
  prefix: string,
  marksSince: MarksSince,
): Promise<void> => {
  const [server, replication] = await Promise.all([
    call('INFO', 'server'),
    call('INFO', 'replication'),
    call('SCRIPT', 'LOAD', adoptScript.text),
  ])
  const [, run] = /^run_id:([0-9a-f]+)/m.exec(String(server)) ?? []
  // Another one after each time that it was a replica, whose codes are those of its primary then.
  const [, line] = /^master_replid:([0-9a-f]+)/m.exec(String(replication)) ?? []
  // Precondition: every server has a name for its run and for what it replicates.
  if (run === undefined || line === undefined) throw new Error('a server without a run id')
  const keys = ['epoch', 'owners', 'run', 'session-epoch', 'marks-since'].map((name) => prefix + name)
  const adopt = (since: string) =>
    call('EVALSHA', adoptScript.sha, String(keys.length), ...keys, prefix, `${run} ${line}`, since)
  // Most looks find a server that is known, and need to ask nobody.
  if (Number(await adopt('')) < 0) await adopt(String(await marksSince(await serverNow(call))))
}

export const serverNow = async (call: RedisConnection['call']): Promise<number> => {
  const [seconds, micros] = (await call('TIME')) as readonly [seconds: string, micros: string]
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
}
