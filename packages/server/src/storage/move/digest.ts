import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Cells } from './cells.ts'

/**
 * What a table holds, in one number: the sum, modulo 2^256, of the HMAC-SHA-256 of each row. The order of the rows does not
 * matter, and with a key that nobody knew before nobody can have prepared rows that add up to the same.
 */
export interface TableDigest {
  add(rows: readonly Cells[]): void
  rows(): number
  hex(): string
}

const words = 8
const wordSize = 2 ** 32

/** So many sums of words stay exact in a number of the language. */
const addsAtOnce = 2 ** 20

/** Of one comparison. Given as bytes it would be made into such an object again for each row, which takes longer than the HMAC. */
export const createDigestKey = (): KeyObject => createSecretKey(randomBytes(32))

/** `table` sets rows of one table apart from those of another. */
export const createTableDigest = (key: KeyObject, table: string): TableDigest => {
  const sums = Array.from({ length: words }, () => 0)
  let rows = 0

  const carry = (): void => {
    let carried = 0
    for (let word = words - 1; word >= 0; word--) {
      const sum = (sums[word] ?? 0) + carried
      sums[word] = sum % wordSize
      carried = Math.floor(sum / wordSize)
    }
  }

  const addOne = (cells: Cells): void => {
    // As JSON two different lists of cells are two different texts.
    const digest = createHmac('sha256', key)
      .update(JSON.stringify([table, ...cells]))
      .digest()
    for (let word = 0; word < words; word++) sums[word] = (sums[word] ?? 0) + digest.readUInt32BE(word * 4)
    if (++rows % addsAtOnce === 0) carry()
  }

  return {
    add: (more) => more.forEach(addOne),
    rows: () => rows,
    hex: () => {
      carry()
      return sums.map((sum) => sum.toString(16).padStart(8, '0')).join('')
    },
  }
}
