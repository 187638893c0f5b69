import { type StatementName, statements } from '../sql/statements.ts'
import type { Database, Statement } from './database.ts'

export type Prepared = Readonly<Record<StatementName, Statement>>

/** Every statement, prepared once: one that does not fit the schema is found at the start and not in an hour. */
export const prepareStatements = (database: Database): Prepared => {
  const entries = Object.entries(statements).map(([name, sql]) => [name, database.prepare(toSqlite(sql))])
  return Object.fromEntries(entries) as Prepared
}

/** SQLite reads `$1` as a name and `?1` as a place. */
export const toSqlite = (sql: string): string => sql.replaceAll(/\$(?=\d)/g, '?')
