import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { giveTo, ordinaryAccount } from './account.ts'
import type { PostgresAccess } from './postgres-access.ts'
import { findProgram } from './programs.ts'
import { startOnFreePort, startServerProcess } from './server-process.ts'

export interface PgbouncerServer {
  readonly port: number
  readonly pid: number
  /** The same database by way of the pooler, with the server's user and password. */
  url(database: string): string
  stop(): Promise<void>
}

export interface PgbouncerOptions {
  /** Of its own; it is made. */
  readonly folder: string
  readonly before: PostgresAccess
  /** How many connections it has to the server for each database. */
  readonly connections?: number
  /** To what a connection to the server is given: each transaction, unless it says each client's whole session. */
  readonly mode?: 'transaction' | 'session'
}

/** The path of the pooler's program, or none on this machine. */
export const findPgbouncer = (): string | undefined => findProgram('pgbouncer')

/** A pooler before a PostgreSQL server, by its defaults but for what the options say. */
export const startPgbouncer = async (options: PgbouncerOptions): Promise<PgbouncerServer> => {
  const program = findPgbouncer()
  if (program === undefined) throw new Error('there is no pgbouncer on this machine')
  const { folder, before } = options
  const account = ordinaryAccount()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const start = async (port: number) => {
    const files = {
      'pgbouncer.ini': configure(options, port),
      'users.txt': `"${before.user}" "${before.password}"\n`,
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
    giveTo(account, [folder, ...Object.keys(files).map((name) => join(folder, name))])
    const running = await startServerProcess({
      program,
      args: [join(folder, 'pgbouncer.ini')],
      logFile: join(folder, 'pgbouncer.log'),
      ready: /process up/,
      account,
      onOrphaned: 'SIGKILL',
    })
    return { port, running }
  }
  const { port, running } = await startOnFreePort(start)
  return {
    port,
    pid: running.pid,
    url: (database) => {
      const url = new URL(database)
      url.port = String(port)
      return url.href
    },
    // It would wait for its clients at SIGINT.
    stop: () => running.end('SIGTERM'),
  }
}

const configure = (
  { folder, before, connections = 10, mode = 'transaction' }: PgbouncerOptions,
  port: number,
): string => `[databases]
* = host=127.0.0.1 port=${before.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${connections}
max_client_conn = 200
`
