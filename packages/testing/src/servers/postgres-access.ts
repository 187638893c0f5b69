import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asJson, psql, psqlSync, type Rows, readRows } from './psql.ts'

/** What anybody needs who wants databases of a server, in whatever process it was started. */
export interface PostgresAccess {
  readonly port: number
  readonly folder: string
  readonly user: string
  readonly password: string
  readonly passwordFile: string
  /** Where its unix socket stands; empty where the path would be too long for one. */
  readonly socketFolder: string
  /** Without the password. */
  url(database?: string): string
  /** An empty database of its own; answers its URL. */
  createDatabase(): Promise<string>
  createDatabaseSync(): string
  /** A copy of one to which nobody is connected; answers its URL. */
  copyDatabaseSync(url: string): string
  /** Runs statements in a database, named by its URL, by a client that is not the vault's. */
  execute(url: string, sql: string): Promise<void>
  /** What a database says to a query. */
  query(url: string, sql: string): Promise<Rows>
  querySync(url: string, sql: string): Rows
}

export const postgresUser = 'cardkeep'

export const passwordFileIn = (folder: string): string => join(folder, 'password')

/** A path of a unix socket may be 107 bytes long. */
export const socketFolderIn = (folder: string): string => (folder.length < 80 ? folder : '')

/** Reaches a server that was started in this folder, perhaps by another process. */
export const accessPostgres = (folder: string, port: number): PostgresAccess => {
  const passwordFile = passwordFileIn(folder)
  const password = readFileSync(passwordFile, 'utf8')
  const url = (database = 'postgres') => `postgres://${postgresUser}@127.0.0.1:${port}/${database}`
  const creation = (template = 'template1') => {
    const name = `t_${randomBytes(6).toString('hex')}`
    const sql = `create database ${name} template ${template}`
    return { created: url(name), call: { url: url(), password, sql } }
  }
  return {
    ...{ port, folder, user: postgresUser, password, passwordFile, url },
    socketFolder: socketFolderIn(folder),
    createDatabase: async () => {
      const { created, call } = creation()
      await psql(call)
      return created
    },
    createDatabaseSync: () => {
      const { created, call } = creation()
      psqlSync(call)
      return created
    },
    copyDatabaseSync: (database) => {
      const { created, call } = creation(new URL(database).pathname.slice(1))
      psqlSync(call)
      return created
    },
    execute: async (database, sql) => {
      await psql({ url: database, password, sql })
    },
    query: async (database, sql) => readRows(await psql({ url: database, password, sql: asJson(sql) })),
    querySync: (database, sql) => readRows(psqlSync({ url: database, password, sql: asJson(sql) })),
  }
}
