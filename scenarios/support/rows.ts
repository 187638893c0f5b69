import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { changeDatabase, readDatabase } from './backends.ts'
import type { Ground } from './scenario.ts'

/** A ground, as far as it says where its database is. */
export type GroundPlace = Pick<Ground, 'folder' | 'options'>

/** What a vault's database says to a query of a reader beside it. */
export const readRows = (
  { folder, options: { settings } }: GroundPlace,
  sql: string,
): readonly Readonly<Record<string, unknown>>[] => readDatabase({ folder, settings }, sql)

/** Changes a vault's database behind its back. */
export const changeRows = ({ folder, options: { settings } }: GroundPlace, sql: string): Promise<void> =>
  changeDatabase({ folder, settings }, sql)

/**
 * Everything that a caller can cause to be written, counted, and the newest entry. Refused access is left out, and so
 * are the outcomes of forwards, for which no caller waits.
 */
export const countWritten = (ground: GroundPlace): Readonly<Record<string, unknown>> =>
  readRows(
    ground,
    `with entries as (
      select chain, seq, text from audit_entries
      where text not like '%"access.%' and (text not like '%"card.forward"%' or text like '%"intent"%')
    )
    select
      (select count(*) from tokens) as tokens,
      (select count(*) from fingerprints) as fingerprints,
      (select count(*) from entries) as entries,
      -- Commands write to the main chain, a vault on PostgreSQL to one of its own.
      (select text from entries order by chain desc, seq desc limit 1) as newest`,
  )[0] ?? {}

/** The lines of the vault's log that speak of an event. */
export const readLog = ({ folder }: Pick<Ground, 'folder'>, event: string): readonly string[] =>
  readFileSync(join(folder, 'vault.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"event":"${event}"`))
