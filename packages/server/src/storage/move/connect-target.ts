import { ask, type Database } from '../postgres/database.ts'
import type { TargetConnection } from './target.ts'

/** Whole tables are read and counted here, which those settings that keep a vault's own statements short would hinder. */
const settings = `
  set statement_timeout = 0;
  set lock_timeout = '5s';
  set idle_in_transaction_session_timeout = '60s';
  set enable_seqscan = on;
  set enable_hashjoin = on;
  set synchronous_commit = on;`

/** For so long one statement may take where nothing else is said: reading the first of a large table may take minutes. */
const patienceMs = 600_000

export const connectTarget = async (database: Database): Promise<TargetConnection> => {
  const session = await database.connect()
  const target: TargetConnection = {
    query: async (text, values = [], limitMs = patienceMs) =>
      (await ask(session, { statement: { name: undefined, text }, values }, limitMs)).rows,
    close: () => session.close(),
  }
  await target.query(settings)
  return target
}
