import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ground } from './scenario.ts'

/** An entry of the exported log, taken apart as its text says. */
export interface ExportedEntry {
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
  return { file, entries: entries.map(({ text }) => readEntry(text)) }
}

interface ExportLine {
  readonly type: string
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

const readEntry = (text: string): ExportedEntry => {
  const [seq, at, action, outcome, tenantId, actor, origin, requestId, subject, details] = JSON.parse(
    text,
  ) as EntryText
  return { seq, at, action, outcome, tenantId, actor, origin, requestId, subject, details }
}
