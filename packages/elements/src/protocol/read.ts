/*
 * Readers of what another window sent: each takes anything and answers either what it should be or `undefined`. Nothing
 * of a message is used that one of them has not built anew.
 */

export type Read<T> = (value: unknown) => T | undefined

type Fields = Readonly<Record<string, unknown>>

/** A plain object with none but these fields. */
export const readFields = (value: unknown, known: readonly string[]): Fields | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.keys(value).every((name) => known.includes(name)) ? { ...value } : undefined
}

export const readOneOf =
  <T extends string>(words: readonly T[]): Read<T> =>
  (value) =>
    words.find((word) => word === value)

/** Text of at most so many characters. */
export const readText =
  (length: number): Read<string> =>
  (value) =>
    typeof value === 'string' && value.length <= length ? value : undefined

export const readMatch =
  (form: RegExp): Read<string> =>
  (value) =>
    typeof value === 'string' && form.test(value) ? value : undefined

export const readFlag: Read<boolean> = (value) => (typeof value === 'boolean' ? value : undefined)

export const readWhole =
  (from: number, to: number): Read<number> =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to ? value : undefined

/** An object in which each field may be missing, and has what its reader wants if it is there. */
export const readSome =
  <Key extends string, T>(readers: Readonly<Record<Key, Read<T>>>): Read<Partial<Record<Key, T>>> =>
  (value) => {
    const names = Object.keys(readers) as Key[]
    const fields = readFields(value, names)
    if (!fields) return undefined
    const found: Partial<Record<Key, T>> = {}
    for (const name of names) {
      if (fields[name] === undefined) continue
      const read = readers[name](fields[name])
      if (read === undefined) return undefined
      found[name] = read
    }
    return found
  }
