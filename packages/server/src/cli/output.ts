/** What a command answers: an object, or a list of them under a name. */
export type CommandAnswer = Readonly<Record<string, unknown>>

export interface Output {
  answer(answer: CommandAnswer): void
  /** For people only; with `--json` it says nothing. */
  say(line: string): void
}

export const createOutput = (json: boolean): Output => ({
  answer: (answer) => process.stdout.write(json ? `${JSON.stringify(answer)}\n` : `${layOut(answer)}\n`),
  say: (line) => {
    if (!json) process.stdout.write(`${line}\n`)
  },
})

/** One line a field, lists as columns. */
const layOut = (answer: CommandAnswer): string => {
  const entries = Object.entries(answer)
  const width = Math.max(...entries.map(([name]) => name.length))
  return entries
    .map(([name, value]) =>
      isRows(value) ? layOutRows(value) || `no ${name}` : `${name.padEnd(width)}  ${spell(value)}`,
    )
    .join('\n')
}

const layOutRows = (rows: readonly CommandAnswer[]): string => {
  const names = Object.keys(rows[0] ?? {})
  const cells = [names, ...rows.map((row) => names.map((name) => spell(row[name])))]
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const isRows = (value: unknown): value is readonly CommandAnswer[] =>
  Array.isArray(value) && value.every((row) => typeof row === 'object' && row !== null)

const spell = (value: unknown): string => {
  if (value === undefined || value === null) return '-'
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.join(',') : JSON.stringify(value)
}
