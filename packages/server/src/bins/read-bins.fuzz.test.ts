import { binFields } from '@cardkeep/core/bins/parse-bin'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { runs } from '@cardkeep/testing/fuzz/runs'
import { holdsStrayCard, strayCards } from '@cardkeep/testing/fuzz/stray-cards'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BinLine, readBins } from './read-bins.ts'

/* Whatever an operator's table holds is rows and findings: nothing throws, and no card number comes out of it. */

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const read = async (text: string | Uint8Array, chunkBytes = 1_024): Promise<readonly BinLine[]> => {
  const lines: BinLine[] = []
  for await (const line of readBins(inChunks(Buffer.from(text), chunkBytes))) lines.push(line)
  return lines
}

const table = `\ufeffbin,brand,funding,segment,product,issuer,country,currency
400000,Visa,credit,consumer,"Gold, with ""extras""",Bank of Testing,de,eur
51000000,MASTERCARD,PREPAID,Commercial,,,,
`
const words = [
  'bin',
  'iin',
  ',',
  '"',
  '""',
  '\n',
  '\r\n',
  '\r',
  '400000',
  '\ufeff',
  ';',
  ' ',
  '\0',
  'é',
  '\ud800',
]

/** Tables that were edited, bits of tables, and bytes. */
const tables = fc.oneof(
  drawEdits(words, 6).map((edits) => applyEdits(Buffer.from(table), edits)),
  fc
    .tuple(
      fc.constantFrom('', 'bin\n', 'bin,brand\n'),
      fc.array(fc.constantFrom(...words), { maxLength: 60 }),
    )
    .map(([first, rest]) => Buffer.from(first + rest.join(''))),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
)

test('any table is rows and findings, the same in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(tables, fc.integer({ min: 1, max: 40 }), async (bytes, size) => {
      const lines = await read(bytes)
      for (const line of lines) {
        if (line.type === 'bin') expect(line.bin.prefix).toMatch(/^\d{6,8}$/)
        if (line.type === 'finding') expect(line.finding.line).toBeGreaterThan(0)
      }
      expect(await read(bytes, size)).toEqual(lines)
    }),
    runs(1_500),
  )
})

/** A cell as a writer of CSV may spell it. */
const spell = (text: string, isQuoted: boolean): string =>
  isQuoted || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

test('what another program writes comes back, cell by cell', async () => {
  const cell = fc.stringMatching(/^[ -~éü]{0,20}$/).filter((text) => !/\d{6}/.test(text))
  const rows = fc.array(fc.tuple(cell, cell, fc.boolean()), { minLength: 1, maxLength: 20 })
  const ends = fc.constantFrom('\n', '\r\n', '\r')
  await fc.assert(
    fc.asyncProperty(rows, ends, fc.integer({ min: 1, max: 40 }), async (drawn, end, size) => {
      const lines = drawn.map(
        ([brand, issuer, isQuoted], at) =>
          `${400_000 + at},${spell(brand, isQuoted)},${spell(issuer, isQuoted)}`,
      )
      const [columns, ...bins] = await read(['bin,brand,issuer', ...lines, ''].join(end), size)
      expect(columns?.type).toBe('columns')
      expect(
        bins.map((line) => (line.type === 'bin' ? [line.bin.brand ?? '', line.bin.issuer ?? ''] : line)),
      ).toEqual(drawn.map(([brand, issuer]) => [brand.trim(), issuer.trim()]))
    }),
    runs(500),
  )
})

test('a card number in any cell comes out of no row and no finding', async () => {
  const around = fc.constantFrom('', 'x', ' ', 'Bank ', '"')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...binFields), strayCards, around, async (field, card, before) => {
      const row = binFields.map((name) => (name === field ? spell(before + card, true) : ''))
      const [, ...lines] = await read(
        `${binFields.join(',')}\n${row.with(0, row[0] || '400000').join(',')}\n`,
      )
      expect(lines.map((line) => line.type)).toContain('finding')
      expect(holdsStrayCard(JSON.stringify(lines))).toBe(false)
    }),
    runs(1_000),
  )
})
