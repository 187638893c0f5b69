import { pipeline, Readable } from 'node:stream'
import type { BinRecord } from '@cardkeep/core/bins/bin'
import { type BinField, parseBin } from '@cardkeep/core/bins/parse-bin'
import { CsvError, type Info, parse } from 'csv-parse'
import { type Columns, readColumns } from './columns.ts'

/** Something that is wrong with a table. It says where and what should stand there, never what does. */
export interface BinFinding {
  /** Counts from 1; of a row over several lines the last. */
  readonly line: number
  /** The column by our name for it; `undefined` where it is about the whole line. */
  readonly column: BinField | undefined
  readonly wanted: string
}

export type BinLine =
  | { readonly type: 'columns'; readonly columns: Columns }
  | { readonly type: 'bin'; readonly bin: BinRecord }
  | { readonly type: 'finding'; readonly finding: BinFinding }

/** No line of a table comes near it; without a limit a quote that is never closed would swallow the rest of the file. */
const longestRecord = 16_384

/**
 * Reads a table as CSV (RFC 4180): commas, quotes, any line ends, a byte order mark or none. Whatever is wrong with the
 * text is a finding; only a source that cannot be read throws.
 */
export async function* readBins(source: AsyncIterable<Uint8Array>): AsyncGenerator<BinLine, void> {
  const parser = parse({
    bom: true,
    info: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecord,
  })
  // What goes wrong comes out of the parser, where it is caught.
  pipeline(Readable.from(source), parser, () => {})
  let columns: Columns | undefined
  try {
    for await (const { info, record } of parser as AsyncIterable<{ info: Info; record: string[] }>) {
      if (columns) {
        yield* readRow(columns, record, info.lines)
        continue
      }
      const read = readColumns(record)
      if ('wanted' in read) {
        yield found(info.lines, undefined, read.wanted)
        // Without the names of its columns nothing in the file can be understood.
        return
      }
      columns = read
      yield { type: 'columns', columns }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    yield found(Math.max(parser.info.lines, 1), undefined, brokenText(error))
  }
}

const readRow = ({ fields }: Columns, cells: readonly string[], line: number): readonly BinLine[] => {
  if (cells.length !== fields.length)
    return [found(line, undefined, `${fields.length} columns, as in the first line`)]
  const row: Partial<Record<BinField, string>> = {}
  for (const [at, field] of fields.entries()) if (field) row[field] = cells[at] ?? ''
  const bin = parseBin(row)
  if (bin.ok) return [{ type: 'bin', bin: bin.value }]
  return bin.error.map(({ field, wanted }) => found(line, field, wanted))
}

const found = (line: number, column: BinField | undefined, wanted: string): BinLine => ({
  type: 'finding',
  finding: { line, column, wanted },
})

const brokenText = ({ code }: CsvError): string =>
  code === 'CSV_MAX_RECORD_SIZE'
    ? `no line of more than ${longestRecord} characters, and a closing quote for each one that opens`
    : 'quotes only around a whole column, doubled inside of it, and closed'
