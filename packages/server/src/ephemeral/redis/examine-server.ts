import type { Examine } from './connection.ts'
import { isForbidden } from './need-database.ts'

/** Of Redis; Valkey says for which Redis it passes. Earlier ones do not know all that the scripts use. */
const oldest = [7, 0] as const

type Facts = Readonly<Record<string, string>>

/**
 * Whether codes on this server could reach a disk, or vanish to make room. Both would be silent: a code on a disk outlives
 * its time, and one that was evicted is refused although its session still lives. Answers what is wrong and what to do.
 */
export const examineServer: Examine = async (call) => {
  const info = await read(() => readInfo(call), 'INFO')
  if (typeof info === 'string') return info
  const config = await read(() => readConfig(call), 'CONFIG GET', 'config|get')
  if (typeof config === 'string') return config
  return faults.map((find) => find({ info, config })).find((fault) => fault !== undefined)
}

const asked = ['save', 'appendonly', 'maxmemory-policy', 'repl-diskless-sync'] as const

/* Questions go together: this is done at each look, and the way to the server may be long. */

const readConfig: (call: Parameters<Examine>[0]) => Promise<Facts> = async (call) => {
  const config: Record<string, string> = {}
  const answers = await Promise.all(asked.map((name) => call('CONFIG', 'GET', name)))
  for (const [at, name] of asked.entries()) {
    const answer = answers[at]
    const [key, value] = Array.isArray(answer) ? (answer as unknown[]) : []
    if (key === name && typeof value === 'string') config[name] = value
  }
  return config
}

const readInfo: (call: Parameters<Examine>[0]) => Promise<Facts> = async (call) => {
  const texts = await Promise.all([call('INFO', 'server'), call('INFO', 'replication')])
  const lines = texts.flatMap((text) => String(text).split(/\r?\n/))
  return Object.fromEntries(
    lines.flatMap((line) => {
      const at = line.indexOf(':')
      return line.startsWith('#') || at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
    }),
  )
}

/** A server that forbids the question is unfit; one that is away says nothing about itself. */
const read = async (
  ask: () => Promise<Facts>,
  command: string,
  rule = command.toLowerCase(),
): Promise<Facts | string> => {
  try {
    return await ask()
  } catch (error) {
    if (!isForbidden(error)) throw error
    return `does not let its user ask ${command}, so that nobody knows whether it writes codes to a disk: give the user the rule +${rule}`
  }
}

type Find = (facts: { readonly info: Facts; readonly config: Facts }) => string | undefined

const faults: readonly Find[] = [
  ({ info }) => {
    const [major = 0, minor = 0] = (info['redis_version'] ?? '').split('.').map(Number)
    const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1])
    return isOld ? 'is older than Redis 7.0 or Valkey 7.2: install one of these or a newer one' : undefined
  },
  ({ info }) =>
    info['redis_mode'] === 'standalone'
      ? undefined
      : 'runs in cluster mode, where the keys of one step stand on several servers: set `cluster-enabled no` in its configuration and start it again',
  ({ config }) =>
    config['save'] === ''
      ? undefined
      : 'writes snapshots to a disk: say `CONFIG SET save \'\'`, and `save ""` in its configuration',
  ({ config }) =>
    config['appendonly'] === 'no'
      ? undefined
      : 'writes a log of its changes to a disk: say `CONFIG SET appendonly no`, and the same in its configuration',
  ({ config }) =>
    config['maxmemory-policy'] === 'noeviction'
      ? undefined
      : 'may evict codes that are still good: say `CONFIG SET maxmemory-policy noeviction`, and the same in its configuration',
  ({ info }) =>
    info['role'] === 'master'
      ? undefined
      : 'is a replica, and what it is told is not kept: name its primary in CARDKEEP_CODES_URL, or say `REPLICAOF NO ONE`',
  ({ info, config }) =>
    info['connected_slaves'] === '0' || config['repl-diskless-sync'] === 'yes'
      ? undefined
      : 'has replicas, to which it sends codes by way of a file: say `CONFIG SET repl-diskless-sync yes`, ' +
        'and see that each replica has `save ""`, `appendonly no` and `repl-diskless-load` other than disabled, which cannot be seen from here',
]
