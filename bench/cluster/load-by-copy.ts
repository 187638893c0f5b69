import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { findPostgres, type PostgresServer } from '@cardkeep/testing/servers/postgres'

interface Database {
  readonly url: string
  readonly password: string
}

/** Rows as long as those of cards, sealed under no key: nobody opens them. Everything belongs to the tenant that is there. */
export const loadByCopy = async (
  { password }: Pick<PostgresServer, 'password'>,
  url: string,
  count: number,
): Promise<void> => {
  const database: Database = { url, password }
  const tenant = (await ask(database, "select encode(id, 'hex') from tenants limit 1")).trim()
  const scope = (await ask(database, "select encode(default_scope_id, 'hex') from tenants limit 1")).trim()
  const first = 1 + Number(await ask(database, 'select coalesce(max(no), 0) from fingerprints'))
  await copy(database, 'fingerprints (no, id, scope_id, hash, key_version)', count, (at) => [
    first + at,
    bytes(16),
    `\\\\x${scope}`,
    bytes(32),
    1,
  ])
  const columns =
    'id, scope_id, tenant_id, fingerprint_no, version, status, is_test, is_unique, type, scheme, bin, last4, ' +
    'number_length, sealed, created_at, updated_at'
  const at = Date.now()
  await copy(database, `tokens (${columns})`, count, (index) => [
    ...[bytes(16), `\\\\x${scope}`, `\\\\x${tenant}`, first + index, 1, 'active', 0, 0, 'card', 'visa'],
    ...['400000', '0000', 16, bytes(sealedBytes), at, at],
  ])
  await ask(
    database,
    "select setval(pg_get_serial_sequence('fingerprints', 'no'), max(no)) from fingerprints",
  )
  await ask(database, 'vacuum analyze')
  await ask(database, 'checkpoint')
}

/** What a sealed card with a number and an expiry takes. */
const sealedBytes = 96

const bytes = (length: number): string => `\\\\x${randomBytes(length).toString('hex')}`

const perPiece = 2_000

const copy = async (
  database: Database,
  into: string,
  count: number,
  row: (at: number) => readonly (string | number)[],
): Promise<void> => {
  const child = psql(database, `copy ${into} from stdin`)
  const ended = once(child, 'exit')
  const pieces = function* () {
    for (let from = 0; from < count; from += perPiece) {
      const rows = Array.from({ length: Math.min(perPiece, count - from) }, (_, at) =>
        row(from + at).join('\t'),
      )
      yield `${rows.join('\n')}\n`
    }
  }
  await pipeline(Readable.from(pieces()), child.stdin)
  const [code] = (await ended) as [number | null]
  if (code !== 0) throw new Error('the rows could not be loaded')
}

const ask = async (database: Database, sql: string): Promise<string> => {
  const child = psql(database, sql)
  child.stdin.end()
  const ended = once(child, 'exit')
  const answer = (await child.stdout.toArray()).join('')
  const [code] = (await ended) as [number | null]
  if (code !== 0) throw new Error('the database could not be asked')
  return answer
}

const psql = ({ url, password }: Database, sql: string) => {
  const programs = findPostgres()
  if (programs === undefined) throw new Error('PostgreSQL is not on this machine')
  return spawn(join(programs, 'psql'), ['--no-psqlrc', '-qAt', '-v', 'ON_ERROR_STOP=1', '-c', sql, url], {
    env: { ...process.env, PGPASSWORD: password },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}
