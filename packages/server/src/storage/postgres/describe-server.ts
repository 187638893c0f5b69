import { type Row, readFlag, readNumber } from '../sql/values.ts'
import { ask, createDatabase } from './database.ts'
import { type PostgresSettings, usualPatience } from './settings.ts'

/** What an operator decides about a server, and the vault relies on. */
export interface ServerFacts {
  /** Such as `15.14`. */
  readonly version: string
  readonly major: number
  readonly isEncrypted: boolean
  /** What may cost answers that were given, such as `fsync`, where it is off. */
  readonly turnedOff: readonly string[]
  /** What the user may that no vault needs, such as `superuser`. */
  readonly excessRights: readonly string[]
  /** Whether its memory and its disk are those of a server that only reads. */
  readonly isReadOnly: boolean
  readonly connectionsAllowed: number
}

/** Throws `UnavailableError` where the server cannot be asked. */
export const describeServer = async (settings: PostgresSettings): Promise<ServerFacts> => {
  const session = await createDatabase(settings, usualPatience).connect()
  try {
    const { rows } = await ask(session, { statement: { name: undefined, text: question }, values: [] })
    return readFacts(rows[0] ?? {})
  } finally {
    await session.close()
  }
}

/** Each is a setting whose `off` lets a crash or a power cut take back what was committed. */
const lasting = ['fsync', 'full_page_writes', 'synchronous_commit'] as const

const rights = {
  superuser: 'r.rolsuper',
  createrole: 'r.rolcreaterole',
  createdb: 'r.rolcreatedb',
  replication: 'r.rolreplication',
  bypassrls: 'r.rolbypassrls',
  pg_execute_server_program: "pg_has_role(r.oid, 'pg_execute_server_program', 'member')",
  pg_read_server_files: "pg_has_role(r.oid, 'pg_read_server_files', 'member')",
  pg_write_server_files: "pg_has_role(r.oid, 'pg_write_server_files', 'member')",
} as const

const question = `
  select
    current_setting('server_version_num')::int as version,
    pg_is_in_recovery()::int as is_read_only,
    current_setting('max_connections')::int as connections,
    coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false)::int as is_encrypted,
    ${lasting.map((name) => `(current_setting('${name}') = 'off')::int as ${name}_off`).join(', ')},
    ${Object.entries(rights)
      .map(([name, condition]) => `(${condition})::int as may_${name}`)
      .join(', ')}
  from pg_roles r where r.rolname = current_user`

const readFacts = (row: Row): ServerFacts => {
  const version = readNumber(row, 'version')
  const names = Object.keys(rights).filter((name) => readFlag(row, `may_${name}`))
  return {
    version: `${Math.floor(version / 10_000)}.${version % 10_000}`,
    major: Math.floor(version / 10_000),
    isEncrypted: readFlag(row, 'is_encrypted'),
    turnedOff: lasting.filter((name) => readFlag(row, `${name}_off`)),
    // Whoever may everything may each of them.
    excessRights: names.includes('superuser') ? ['superuser'] : names,
    isReadOnly: readFlag(row, 'is_read_only'),
    connectionsAllowed: readNumber(row, 'connections'),
  }
}
