import type { Examine } from './connection.ts'
import { adoptScript } from './scripts.ts'

/**
 * Makes codes and sessions void that another server gave to this one before it took that one's place. A server that was restarted has
 * none, and one that was there all the time knows its own name.
 */
export const adoptServer = async (call: Parameters<Examine>[0], prefix: string): Promise<void> => {
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
  const keys = ['epoch', 'owners', 'run', 'session-epoch'].map((name) => prefix + name)
  await call('EVALSHA', adoptScript.sha, String(keys.length), ...keys, prefix, `${run} ${line}`)
}
