import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, giveTo, ordinaryAccount } from './account.ts'
import {
  accessPostgres,
  type PostgresAccess,
  passwordFileIn,
  postgresUser,
  socketFolderIn,
} from './postgres-access.ts'
import { findPostgres } from './programs.ts'
import {
  asAccount,
  environment,
  type ServerProcess,
  startOnFreePort,
  startServerProcess,
} from './server-process.ts'

export { findPostgres }

/** Both PEM, for a server named 127.0.0.1. */
export interface ServerIdentity {
  readonly certificate: string
  readonly key: string
}

export interface PostgresOptions {
  /** Of its own; it is made. */
  readonly folder: string
  /** With it nobody gets in unencrypted. */
  readonly tls?: ServerIdentity
  /** Lines of postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface PostgresServer extends PostgresAccess {
  readonly pid: number
  /** Fast: sessions are ended and everything is written. Immediate: as a power cut would. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  /** Again, in the same folder and at the same port. */
  start(): Promise<void>
}

/**
 * A PostgreSQL server of its own at 127.0.0.1, run by an ordinary user, with a password that is made up for it. It syncs
 * to disk as in production, because what survives a crash is under test.
 */
export const startPostgres = async (options: PostgresOptions): Promise<PostgresServer> => {
  const programs = findPostgres()
  if (programs === undefined) throw new Error('there are no PostgreSQL programs on this machine')
  const account = ordinaryAccount()
  prepare(programs, account, options)
  return servePrepared(programs, account, options.folder)
}

/** Serves a folder that has a database cluster in `data`, and its password beside it. */
export const servePrepared = async (
  programs: string,
  account: Account | undefined,
  folder: string,
): Promise<PostgresServer> => {
  let running: ServerProcess | undefined
  const startAt = async (port: number): Promise<number> => {
    running = await run(programs, account, folder, port)
    return port
  }
  const port = await startOnFreePort(startAt)
  return {
    ...accessPostgres(folder, port),
    get pid() {
      return running?.pid ?? 0
    },
    stop: async (mode = 'fast') => {
      await running?.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
    },
    start: async () => {
      await startAt(port)
    },
  }
}

const run = (programs: string, account: Account | undefined, folder: string, port: number) =>
  startServerProcess({
    program: join(programs, 'postgres'),
    args: ['-D', join(folder, 'data'), '-p', String(port), '-k', socketFolderIn(folder)],
    logFile: join(folder, 'postgres.log'),
    // A standby only reads.
    ready: /database system is ready to accept (?:read-only )?connections/,
    account,
    onOrphaned: 'SIGQUIT',
  })

const prepare = (programs: string, account: Account | undefined, options: PostgresOptions): void => {
  const { folder, tls, settings } = options
  const data = join(folder, 'data')
  const passwordFile = passwordFileIn(folder)
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const password = randomBytes(18).toString('hex')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  giveTo(account, [folder, data, passwordFile])
  const words = [
    '-D',
    data,
    '-U',
    postgresUser,
    '--pwfile',
    passwordFile,
    '-A',
    'scram-sha-256',
    '-E',
    'UTF8',
  ]
  const initdb = [join(programs, 'initdb'), ...words, '--locale=C', '--no-sync', '--no-instructions']
  const [first = '', ...rest] = account ? ['setpriv', ...asAccount(account), '--', ...initdb] : initdb
  execFileSync(first, rest, { stdio: ['ignore', 'ignore', 'pipe'], env: environment() })
  writeFileSync(
    join(data, 'postgresql.auto.conf'),
    spellSettings({ ...small, ...(tls ? encrypted : {}), ...settings }),
  )
  if (!tls) return
  const files = { 'server.crt': tls.certificate, 'server.key': tls.key, 'pg_hba.conf': encryptedOnly }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(data, name), text, { mode: 0o600 })
    giveTo(account, [join(data, name)])
  }
}

/** Its disk is searched for card numbers after the run, so it keeps little that is old. */
const small = {
  listen_addresses: '127.0.0.1',
  shared_buffers: '128MB',
  max_connections: '200',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  // Says in which order commits of several vaults came.
  track_commit_timestamp: 'on',
  // A statement that fails is logged with its text; what vaults let get into these texts is searched too.
  log_min_error_statement: 'error',
  log_timezone: 'UTC',
  timezone: 'UTC',
}

const encrypted = { ssl: 'on' }
const encryptedOnly = 'hostssl all all 127.0.0.1/32 scram-sha-256\nlocal all all scram-sha-256\n'

export const spellSettings = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('')
