import type { ProviderHeader } from '@cardkeep/core/destinations/destination'
import type { Brand } from '@cardkeep/core/kernel/brand'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'

/* How values stand in columns, the same in every engine, and how they are read back: checked, one field at a time. */

export type SqlValue = string | number | Uint8Array | null

/** A row as an engine answers it, not yet believed. */
export type Row = Readonly<Record<string, unknown>>

type Read<T> = (row: Row, column: string) => T

/** The 16 bytes of a UUID: less than half of its text in every row and index. */
export const idValue = (id: string): Uint8Array => {
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex')
  // Precondition: an id is a UUID. Decoding stops where it is none, and another id would be read back.
  if (id.length !== 36 || bytes.length !== 16) throw new Error('an id that is no UUID cannot be stored')
  return bytes
}

export const flagValue = (flag: boolean): number => (flag ? 1 : 0)

export const orNull = <T extends SqlValue>(value: T | undefined): T | null => value ?? null

/** Only for lists that are stored and read as a whole. */
export const listValue = (list: readonly string[]): string => JSON.stringify(list)

/** Bytes in a column of text. */
export const base64Value = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** Pairs of name and base64, stored and read as a whole like any list. */
export const headersValue = (headers: readonly ProviderHeader[]): string =>
  JSON.stringify(headers.map(({ name, sealedValue }) => [name, base64Value(sealedValue)]))

export const readText: Read<string> = (row, column) => {
  const value = row[column]
  return typeof value === 'string' ? value : unexpected(column)
}

export const readNumber: Read<number> = (row, column) => {
  const value = row[column]
  return typeof value === 'number' ? value : unexpected(column)
}

export const readBytes: Read<Uint8Array> = (row, column) => {
  const value = row[column]
  return value instanceof Uint8Array ? value : unexpected(column)
}

/** A number that stands as its digits. */
export const readDigits: Read<number> = (row, column) => {
  const value = Number(readText(row, column))
  return Number.isFinite(value) ? value : unexpected(column)
}

export const readFlag: Read<boolean> = (row, column) => readNumber(row, column) === 1

export const readTime: Read<EpochMs> = (row, column) => epochMs(readNumber(row, column))

export const readId = <Id extends Brand<string, string>>(row: Row, column: string): Id => {
  const bytes = readBytes(row, column)
  if (bytes.length !== 16) return unexpected(column)
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Id
}

/** One of a closed list of words. */
export const readWord = <Word extends string>(row: Row, column: string, words: readonly Word[]): Word =>
  words.find((word) => word === row[column]) ?? unexpected(column)

/** Those of a closed list; a newer program may have written others, of which this one makes nothing. */
export const readKnownWords = <Word extends string>(
  row: Row,
  column: string,
  words: readonly Word[],
): readonly Word[] => {
  const stored = readTexts(row, column)
  return stored.flatMap((entry) => words.find((word) => word === entry) ?? [])
}

export const readTexts: Read<readonly string[]> = (row, column) =>
  readList(row, column).map((entry) => (typeof entry === 'string' ? entry : unexpected(column)))

export const readTimes: Read<readonly EpochMs[]> = (row, column) =>
  readList(row, column).map((entry) => (typeof entry === 'number' ? epochMs(entry) : unexpected(column)))

export const readHeaders: Read<readonly ProviderHeader[]> = (row, column) =>
  readList(row, column).map((entry) => {
    const [name, value] = Array.isArray(entry) ? (entry as readonly unknown[]) : []
    if (typeof name !== 'string' || typeof value !== 'string') return unexpected(column)
    return { name, sealedValue: new Uint8Array(Buffer.from(value, 'base64')) }
  })

/** Only for what is sealed: decoding passes over what is no base64, and what it makes of that does not open. */
export const readBase64: Read<Uint8Array> = (row, column) =>
  new Uint8Array(Buffer.from(readText(row, column), 'base64'))

const readList: Read<readonly unknown[]> = (row, column) => {
  const list: unknown = JSON.parse(readText(row, column))
  return Array.isArray(list) ? list : unexpected(column)
}

/** What may stand in an object that is stored as JSON: nothing nested. */
export type Scalars = Readonly<Record<string, string | number | boolean | null>>

export const readScalars: Read<Scalars> = (row, column) => {
  const value: unknown = JSON.parse(readText(row, column))
  return isScalars(value) ? value : unexpected(column)
}

const isScalars = (value: unknown): value is Scalars =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((entry) => entry === null || typeof entry !== 'object')

/** The words of a union as a list that cannot lack one: a missing key does not compile. */
export const wordsOf = <Word extends string>(words: Readonly<Record<Word, true>>): readonly Word[] =>
  Object.keys(words) as Word[]

export const readOptional = <T>(row: Row, column: string, read: Read<T>): T | undefined =>
  row[column] === null ? undefined : read(row, column)

/** Names the column and never what stands in it. */
const unexpected = (column: string): never => {
  throw new Error(`the database holds something unexpected in the column ${column}`)
}
