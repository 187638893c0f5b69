import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mainChain } from '@cardkeep/core/audit/chain'
import { isOnSqlite } from './backends.ts'
import { type GroundPlace, readRows } from './rows.ts'
import type { Ground } from './scenario.ts'

/** An entry of the exported log, taken apart as its text says. */
export interface ExportedEntry {
  /** Which of the chains of the log it stands in: commands write to the main one. */
  readonly chain: number
  readonly seq: number
  readonly at: number
  readonly action: string
  readonly outcome: string
  readonly tenantId: string | null
  readonly actor: readonly [string, string | null]
  readonly origin: string | null
  readonly requestId: string | null
  readonly subject: readonly [string, string] | null
  readonly details: Readonly<Record<string, string | number | boolean>>
}

export interface AuditExport {
  readonly file: string
  readonly entries: readonly ExportedEntry[]
}

/** `audit export`, read back. */
export const exportAudit = async (
  { folder, command }: Ground,
  name = 'audit.jsonl',
): Promise<AuditExport> => {
  const file = join(folder, name)
  await command('audit', 'export', '--out', file)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const entries = lines.map((line) => JSON.parse(line) as ExportLine).filter(({ type }) => type === 'entry')
  return { file, entries: entries.map(({ chain = mainChain, text }) => readEntry(text, chain)) }
}

export interface CommittedEntry extends ExportedEntry {
  /** Its place among all that were asked for, in the order in which they were committed. */
  readonly place: number
}

/** The entries that speak of something, by whichever process they were written. */
export const readCommitted = (ground: GroundPlace, subjectId: string): readonly CommittedEntry[] => {
  // Several chains have no order of entries among each other but that of their commits.
  const order = isOnSqlite ? 'seq' : 'pg_xact_commit_timestamp(xmin), chain, seq'
  const rows = readRows(
    ground,
    `select chain, text from audit_entries where text like '%${subjectId}%' order by ${order}`,
  )
  const entries = rows.map(({ chain, text }) => readEntry(String(text), Number(chain)))
  return entries
    .filter(({ subject }) => subject?.[1] === subjectId)
    .map((entry, place) => ({ ...entry, place }))
}

interface ExportLine {
  readonly type: string
  readonly chain?: number
  readonly text: string
}

type EntryText = [
  number,
  number,
  string,
  string,
  string | null,
  [string, string | null],
  string | null,
  string | null,
  [string, string] | null,
  Record<string, string | number | boolean>,
]

const readEntry = (text: string, chain: number): ExportedEntry => {
  const [seq, at, action, outcome, tenantId, actor, origin, requestId, subject, details] = JSON.parse(
    text,
  ) as EntryText
  return { chain, seq, at, action, outcome, tenantId, actor, origin, requestId, subject, details }
}
