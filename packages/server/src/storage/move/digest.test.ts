import { createSecretKey, hkdfSync } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Cells } from './cells.ts'
import { createDigestKey, createTableDigest } from './digest.ts'

const key = createSecretKey(Buffer.from(hkdfSync('sha256', 'digest', '', 'test', 32)))

const digestOf = (rows: readonly Cells[], table = 'tokens', of = key): string => {
  const digest = createTableDigest(of, table)
  for (const row of rows) digest.add([row])
  return digest.hex()
}

const rows: readonly Cells[] = Array.from({ length: 50 }, (_, at) => [String(at), null, `row ${at}`])

test('the same rows in another order have the same digest', () => {
  expect(digestOf(rows.toReversed())).toBe(digestOf(rows))
  expect(digestOf(rows)).toMatch(/^[0-9a-f]{64}$/)
})

test.each<readonly [string, readonly Cells[]]>([
  ['one that lacks', rows.slice(1)],
  ['one that came', [...rows, ['50', null, 'row 50']]],
  ['one that is there twice', [...rows.slice(1), ...rows.slice(1, 2)]],
  ['one that has another cell', [...rows.slice(1), ['0', null, 'row 1']]],
  ['an empty text in the place of nothing', [...rows.slice(1), ['0', '', 'row 0']]],
  ['cells that changed places', [...rows.slice(1), ['0', 'row 0', null]]],
  ['a cell that runs into the next', [...rows.slice(1), ['0', null, 'row 0","x']]],
])('%s changes the digest', (_, others) => {
  expect(digestOf(others)).not.toBe(digestOf(rows))
})

test('rows of another table, and under another key, have another digest', () => {
  expect(digestOf(rows, 'keys')).not.toBe(digestOf(rows))
  expect(digestOf(rows, 'tokens', createDigestKey())).not.toBe(digestOf(rows, 'tokens', createDigestKey()))
})

test('a sum carries from word to word', () => {
  // So many rows overflow each word of 32 bits; the sum of the numbers themselves says what must come out.
  const sums = rows.map((row) => BigInt(`0x${digestOf([row])}`)).reduce((sum, one) => sum + one, 0n)
  expect(BigInt(`0x${digestOf(rows)}`)).toBe(sums % 2n ** 256n)
})
