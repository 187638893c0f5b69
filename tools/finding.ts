/** One thing that a check found, at a place that an editor can jump to. */
export interface Finding {
  /** Path from the root of the tree, with forward slashes. */
  readonly file: string
  /** Counts from 1; 0 where the whole file is meant. */
  readonly line: number
  readonly wrong: string
  /** What to do instead, or where the code belongs. */
  readonly instead: string
}

/** Prints the findings of a check, sorted by place, and sets the exit code of the process. */
export const report = (check: string, findings: readonly Finding[]): void => {
  for (const { file, line, wrong, instead } of findings.toSorted(byPlace))
    console.log(`${file}${line > 0 ? `:${line}` : ''}\n  ${wrong}\n  ${instead}`)
  console.log(`${check}: ${findings.length === 0 ? 'nothing found' : `${findings.length} found`}`)
  if (findings.length > 0) process.exitCode = 1
}

const byPlace = (a: Finding, b: Finding): number =>
  a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1

/** The line, counted from 1, in which the character at `index` stands. */
export const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length
