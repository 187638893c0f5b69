import { execFileSync } from 'node:child_process'
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { giveTo, ordinaryAccount } from './account.ts'
import { type PostgresServer, servePrepared, spellSettings } from './postgres.ts'
import { passwordFileIn, postgresUser } from './postgres-access.ts'
import { findPostgres } from './programs.ts'
import { asAccount, environment } from './server-process.ts'

export interface PostgresStandby extends PostgresServer {
  /** It takes the place of the server that it follows, and waits for no standby of its own. */
  promote(): Promise<void>
}

export interface StandbyOptions {
  /** Of its own; it is made. */
  readonly folder: string
  readonly of: PostgresServer
}

const standbyName = 'standby'

/** A second server that is sent what another writes, without which the other acknowledges nothing from now on. */
export const startStandby = async ({ folder, of }: StandbyOptions): Promise<PostgresStandby> => {
  const programs = findPostgres()
  if (programs === undefined) throw new Error('there are no PostgreSQL programs on this machine')
  const account = ordinaryAccount()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  copyFileSync(of.passwordFile, passwordFileIn(folder))
  giveTo(account, [folder, passwordFileIn(folder)])
  const place = ['-h', '127.0.0.1', '-p', String(of.port), '-U', postgresUser, '-w']
  const copy = [
    join(programs, 'pg_basebackup'),
    '-D',
    join(folder, 'data'),
    ...place,
    '-c',
    'fast',
    '--no-sync',
  ]
  const [first = '', ...rest] = account ? ['setpriv', ...asAccount(account), '--', ...copy] : copy
  const env = { ...environment(), PGPASSWORD: of.password }
  execFileSync(first, rest, { stdio: ['ignore', 'ignore', 'pipe'], env })
  follow(folder, of)
  const server = await servePrepared(programs, account, folder)
  await waitForIt(of)
  return asStandby(server)
}

/**
 * What becomes of a primary that was stopped in order and whose place was taken: started again, it only reads, and follows
 * its successor, which acknowledges nothing without it from then on.
 */
export const demote = async (server: PostgresServer, successor: PostgresServer): Promise<PostgresStandby> => {
  follow(server.folder, successor)
  await server.start()
  await waitForIt(successor)
  return asStandby(server)
}

const asStandby = (server: PostgresServer): PostgresStandby => ({
  ...server,
  get pid() {
    return server.pid
  },
  promote: () => server.execute(server.url(), 'select pg_promote(true, 30)'),
})

/** From then on the primary acknowledges only what its standby has too. */
const waitForIt = async (primary: PostgresServer): Promise<void> => {
  await primary.execute(primary.url(), `alter system set synchronous_standby_names = '${standbyName}'`)
  await primary.execute(primary.url(), 'select pg_reload_conf()')
  const followers = "select application_name from pg_stat_replication where sync_state = 'sync'"
  const deadline = performance.now() + patienceMs
  while ((await primary.query(primary.url(), followers)).length === 0) {
    if (performance.now() > deadline) throw new Error('the standby does not follow')
    await wait(20)
  }
}

const patienceMs = 30_000

const follow = (folder: string, primary: PostgresServer): void => {
  const data = join(folder, 'data')
  const conninfo = Object.entries({
    host: '127.0.0.1',
    port: primary.port,
    user: postgresUser,
    password: primary.password,
    application_name: standbyName,
  })
  const settings = {
    primary_conninfo: conninfo.map(([name, value]) => `${name}=${value}`).join(' '),
    synchronous_standby_names: '',
  }
  // Of lines of one name the last one holds.
  appendFileSync(join(data, 'postgresql.auto.conf'), spellSettings(settings))
  writeFileSync(join(data, 'standby.signal'), '')
  giveTo(ordinaryAccount(), [join(data, 'standby.signal')])
}
