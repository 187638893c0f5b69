import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { BinRecord } from '@cardkeep/core/bins/bin'
import type { BinSource } from '@cardkeep/core/operations/administration/import-bins'
import { type BinFinding, readBins } from './read-bins.ts'

export interface ExaminedTable {
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string
  readonly rows: number
  /** Columns that say nothing to us, as the file writes them. */
  readonly ignored: readonly string[]
  /** The first of them, up to the limit. */
  readonly findings: readonly BinFinding[]
}

/** Told how many more bytes were read. */
export type Progress = (bytes: number) => void

/** Reads a whole table and keeps nothing of it. It stops where it has as many findings as it may list. */
export const examineTable = async (
  file: string,
  findingsAtMost: number,
  progress: Progress,
): Promise<ExaminedTable> => {
  const { chunks, digest } = openFile(file, progress)
  const findings: BinFinding[] = []
  let ignored: readonly string[] = []
  let rows = 0
  for await (const line of readBins(chunks)) {
    if (line.type === 'bin') rows++
    else if (line.type === 'columns') ignored = line.columns.ignored
    else findings.push(line.finding)
    if (findings.length === findingsAtMost) break
  }
  if (rows === 0 && findings.length === 0)
    findings.push({ line: 1, column: undefined, wanted: 'names of columns, and rows below them' })
  return { sha256: digest(), rows, ignored, findings }
}

/**
 * A commit of so many rows takes a few milliseconds of the database, which the running vault waits for if it comes at
 * that moment; in the pauses it need not wait.
 */
const batchRows = 500
const pauseMs = 5

/** The rows of a table that was examined and found good. */
export const openTable = (file: string, sha256: string, progress: Progress): BinSource => {
  const { chunks, digest } = openFile(file, progress)
  return { sha256, batches: inBatches(chunks), isWhole: () => digest() === sha256 }
}

async function* inBatches(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly BinRecord[]> {
  let batch: BinRecord[] = []
  for await (const line of readBins(chunks)) {
    // Findings there were none. If there is one now the file is another, which its hash will say.
    if (line.type === 'bin') batch.push(line.bin)
    if (batch.length < batchRows) continue
    yield batch
    batch = []
    await wait(pauseMs)
  }
  if (batch.length > 0) yield batch
}

const openFile = (file: string, progress: Progress) => {
  const hash = createHash('sha256')
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of createReadStream(file) as AsyncIterable<Uint8Array>) {
      hash.update(chunk)
      progress(chunk.length)
      yield chunk
    }
  }
  return { chunks: chunks(), digest: () => hash.copy().digest('hex') }
}
