import type { SqlValue } from '../sql/values.ts'

/*
 * Arrays in PostgreSQL's binary form: its text form would spell each byte as two digits and each number as text, and
 * both sides would read them back. The layout is of array_recv and array_send in the server's sources
 * (src/backend/utils/adt/arrayfuncs.c): dimensions, whether there are nulls, type of the elements, length, first index,
 * and then each element after its length in bytes, all numbers in big-endian order.
 */

/** https://www.postgresql.org/docs/current/catalog-pg-type.html, of the element. */
const oids = { bytea: 17, bigint: 20, text: 25 } as const

export type ElementType = keyof typeof oids

const headLength = 20
const lengthOfNull = -1

export const encodeArray = (type: ElementType, values: readonly SqlValue[]): Buffer => {
  const lengths = values.map((value) => lengthOf(type, value))
  const array = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + Math.max(length, 0), headLength))
  array.writeInt32BE(1, 0)
  array.writeInt32BE(lengths.includes(lengthOfNull) ? 1 : 0, 4)
  array.writeInt32BE(oids[type], 8)
  array.writeInt32BE(values.length, 12)
  array.writeInt32BE(1, 16)
  let at = headLength
  for (const [index, value] of values.entries()) {
    const length = lengths[index] ?? lengthOfNull
    at = array.writeInt32BE(length, at)
    if (value === null) continue
    if (typeof value === 'number') array.writeBigInt64BE(BigInt(value), at)
    else if (typeof value === 'string') array.write(value, at, 'utf8')
    else array.set(value, at)
    at += length
  }
  return array
}

const lengthOf = (type: ElementType, value: SqlValue): number => {
  if (value === null) return lengthOfNull
  if (type === 'bigint' && typeof value === 'number') return 8
  if (type === 'text' && typeof value === 'string') return Buffer.byteLength(value)
  if (type === 'bytea' && value instanceof Uint8Array) return value.length
  // Precondition: what stands in a column is of its type.
  throw new Error(`a value cannot stand in an array of ${type}`)
}
