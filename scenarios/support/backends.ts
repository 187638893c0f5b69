import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { PostgresAccess } from '@cardkeep/testing/servers/postgres-access'
import { asJson, dumpSync, type PsqlCall, psql, psqlSync, readRows } from '@cardkeep/testing/servers/psql'
import { type RedisAccess, redisDatabases } from '@cardkeep/testing/servers/redis'
import { sharedPostgres, sharedRedis } from '@cardkeep/testing/servers/shared'

const choose = <Name extends string>(variable: string, names: readonly [Name, ...Name[]]): Name => {
  const text = process.env[variable] || names[0]
  const name = names.find((one) => one === text)
  if (name === undefined) throw new Error(`${variable} can be ${names.join(' or ')}, not ${text}`)
  return name
}

/** On which database scenarios run; `STORE` in the environment says so. */
const store = choose('STORE', ['sqlite', 'postgres'])
/** Where their codes are held; `CODES` in the environment says so. */
const codes = choose('CODES', ['memory', 'redis'])

export const isOnSqlite = store === 'sqlite'
export const isOnMemory = codes === 'memory'

type Settings = Readonly<Record<string, string>>

/** Settings of a vault that has a database and a place for codes to itself, both empty, but for what is given. */
export const ownBackends = (given: Settings = {}): Settings => ({
  ...(isOnSqlite || given['CARDKEEP_DATABASE_URL']
    ? {}
    : ownDatabase(needServer(sharedPostgres(), 'STORE=postgres'))),
  ...(isOnMemory || given['CARDKEEP_CODES_URL'] ? {} : ownCodes(needServer(sharedRedis(), 'CODES=redis'))),
})

/** Settings of the copy of a vault's database to which nobody is connected; none where it is copied with the folder. */
export const copiedDatabase = ({ settings }: Place): Settings => {
  const url = settings?.['CARDKEEP_DATABASE_URL']
  if (url === undefined) return {}
  const { copyDatabaseSync, passwordFile } = needServer(sharedPostgres(), 'a database')
  return { CARDKEEP_DATABASE_URL: copyDatabaseSync(url), CARDKEEP_DATABASE_PASSWORD_FILE: passwordFile }
}

/** Settings of a database of its own, whatever scenarios run on. */
export const ownDatabase = (server: PostgresAccess): Settings => ({
  CARDKEEP_DATABASE_URL: server.createDatabaseSync(),
  CARDKEEP_DATABASE_PASSWORD_FILE: server.passwordFile,
})

/** Settings of a place for codes of its own. A folder stands for each number that is taken, since only one can make it. */
export const ownCodes = (server: RedisAccess): Settings => {
  for (let number = 1; number < redisDatabases; number++)
    if (canTake(join(server.folder, `taken-${number}`))) return { CARDKEEP_CODES_URL: server.url(number) }
  throw new Error('every database of the Redis server of this run is taken')
}

const canTake = (folder: string): boolean => {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

const needServer = <Server>(server: Server | undefined, wish: string): Server => {
  if (server === undefined) throw new Error(`${wish} cannot be had: this machine lacks the server`)
  return server
}

/** A vault's folder and settings, which say where its database is. */
export interface Place {
  readonly folder: string
  readonly settings?: Settings | undefined
}

/** What its database says to a query of a reader beside the vault. */
export const readDatabase = (place: Place, sql: string): readonly Readonly<Record<string, unknown>>[] => {
  const call = callOf(place)
  if (call) return readRows(psqlSync({ ...call, sql: asJson(sql) }))
  const database = openFile(place, { readOnly: true })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

/** Changes the database behind the vault's back. */
export const changeDatabase = async (place: Place, sql: string): Promise<void> => {
  const call = callOf(place)
  // Vaults look at this number to know when to forget what they remember.
  const noticed = `${sql}; update vault_state set changes = changes + 1`
  if (call) return void (await psql({ ...call, sql: noticed }))
  const database = openFile(place, {})
  try {
    database.exec(sql)
  } finally {
    database.close()
  }
}

/** The files of a vault's database, below its folder: those of the embedded one, or a dump that is made now. */
export const databaseFiles = ({ folder, settings }: Place): readonly string[] => {
  const call = callOf({ folder, settings })
  if (!call) return [join('data', 'cardkeep.db')]
  dumpSync({ ...call, file: join(folder, 'dump.sql') })
  return ['dump.sql']
}

/** How to ask a database that is PostgreSQL's; `undefined` where it is the embedded one. */
const callOf = ({ settings }: Place): Omit<PsqlCall, 'sql'> | undefined => {
  const url = settings?.['CARDKEEP_DATABASE_URL']
  const passwordFile = settings?.['CARDKEEP_DATABASE_PASSWORD_FILE']
  if (url === undefined || passwordFile === undefined) return undefined
  return { url, password: readFileSync(passwordFile, 'utf8') }
}

const openFile = ({ folder }: Place, options: { readonly readOnly?: boolean }): DatabaseSync =>
  new DatabaseSync(join(folder, 'data', 'cardkeep.db'), { ...options, timeout: 5_000 })

/** The bytes of a hexadecimal text, as the database in use writes them. */
export const bytesLiteral = (hex: string): string => (isOnSqlite ? `x'${hex}'` : `'\\x${hex}'::bytea`)

export const idLiteral = (uuid: string): string => bytesLiteral(uuid.replaceAll('-', ''))
