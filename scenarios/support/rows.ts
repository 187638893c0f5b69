import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Ground } from './scenario.ts'

type Folder = Pick<Ground, 'folder'>

const databaseOf = ({ folder }: Folder): string => join(folder, 'data', 'cardkeep.db')

/** What a database says to a query of a reader beside the vault. */
export const readRows = (ground: Folder, sql: string): readonly Record<string, unknown>[] => {
  const database = new DatabaseSync(databaseOf(ground), { readOnly: true, timeout: 5_000 })
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

/**
 * Everything that a caller can cause to be written, counted, and the newest entry. Refused access is left out, and so
 * are the outcomes of forwards, for which no caller waits.
 */
export const countWritten = (ground: Folder): Readonly<Record<string, unknown>> =>
  readRows(
    ground,
    `with entries as (
      select seq, text from audit_entries
      where text not like '%"access.%' and (text not like '%"card.forward"%' or text like '%"intent"%')
    )
    select
      (select count(*) from tokens) as tokens,
      (select count(*) from fingerprints) as fingerprints,
      (select count(*) from entries) as entries,
      (select text from entries order by seq desc limit 1) as newest`,
  )[0] ?? {}

/** The lines of the vault's log that speak of an event. */
export const readLog = ({ folder }: Folder, event: string): readonly string[] =>
  readFileSync(join(folder, 'vault.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
