import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCard, testCards } from './cards.ts'
import { chunkBytes } from './chunks.ts'
import { countCode } from './count-code.ts'
import { scanFolder, spellFindings } from './scan.ts'

// These files hold numbers on purpose, so they do not stand in the folder that is searched after the run.
let top = ''
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'cardkeep-canary-'))
})
afterAll(() => rmSync(top, { recursive: true, force: true }))

const makeFolder = (files: Readonly<Record<string, string | Buffer>>): string => {
  const folder = mkdtempSync(join(top, 'f-'))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

const scan = (content: string | Buffer) => scanFolder(makeFolder({ file: content }), testCards)

const group = (number: string, separator: string): string =>
  (number.length === 15
    ? [number.slice(0, 4), number.slice(4, 10), number.slice(10)]
    : (number.match(/.{1,4}/g) ?? [])
  ).join(separator)

const hex = (text: string) => Buffer.from(text).toString('hex')

/** What stands around a number in a file, each another neighbour for its first and last digit. */
const surroundings = [
  (text: string) => text,
  (text: string) => `{"number":"${text}","month":12}`,
  (text: string) => `id=7 ${text} 2026-01-01`,
  (text: string) => `\0\u0001${text}\u00ff`,
]

describe.each(Object.entries({ ...testCards, load: loadCard(4_711) }))('%s', (name, number) => {
  test.each([
    ['plain', number],
    ['plain', `00${number}99`],
    ['spaced', group(number, ' ')],
    ['dashed', group(number, '-')],
    ['reversed', number.split('').toReversed().join('')],
    ['hex', hex(number)],
    ['hex', hex(number).toUpperCase()],
    ['hex', hex(`{"number":"${number}"}`)],
  ])('is found %s, whatever stands around it', (form, written) => {
    for (const surround of surroundings)
      expect(scan(surround(written))).toContainEqual({ file: 'file', name, form })
  })

  test.each([0, 1, 2])('is found in base64 with %i bytes before it in its group', (before) => {
    for (const encoding of ['base64', 'base64url'] as const)
      for (const [head, tail] of [
        ['?', '?'],
        ['\0', ''],
        ['3', '3'],
        ['ÿ', '~~~~'],
      ] as const) {
        const text = head.repeat(before) + number + tail
        const encoded = Buffer.from(text, 'latin1').toString(encoding)
        expect(scan(`"${encoded}"`)).toContainEqual({ file: 'file', name, form: 'base64' })
      }
  })
})

test('a number is found once for each form in each file, however often it stands there', () => {
  const folder = makeFolder({
    'a/b.log': `${testCards.visa2}\n${testCards.visa2}\n${group(testCards.visa2, ' ')}`,
    '.c': testCards.visa2,
  })
  expect(scanFolder(folder, testCards)).toEqual([
    { file: '.c', name: 'visa2', form: 'plain' },
    { file: join('a', 'b.log'), name: 'visa2', form: 'plain' },
    { file: join('a', 'b.log'), name: 'visa2', form: 'spaced' },
  ])
})

test.each([
  ['plain', testCards.visa],
  ['spaced', group(testCards.visa, ' ')],
  ['hex', hex(testCards.visa)],
  ['base64', Buffer.from(testCards.visa).toString('base64')],
])('a number that stands %s across two pieces of a long file is found', (form, written) => {
  for (const inside of [1, Math.floor(written.length / 2), written.length - 1]) {
    const content = Buffer.alloc(chunkBytes + 1_000, 0x20)
    content.write(written, chunkBytes - inside, 'latin1')
    expect(scan(content)).toContainEqual({ file: 'file', name: 'visa', form })
  }
})

test('numbers in a database and in its write-ahead log are found', () => {
  const folder = makeFolder({})
  const database = new DatabaseSync(join(folder, 'vault.db'))
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a TEXT, b TEXT); PRAGMA wal_autocheckpoint = 0')
  const insert = database.prepare('INSERT INTO t VALUES (?, ?)')
  insert.run(testCards.amex, '1229')
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  insert.run(testCards.jcb, '1229')
  const findings = scanFolder(folder, testCards)
  database.close()
  expect(findings).toContainEqual({ file: 'vault.db', name: 'amex', form: 'plain' })
  expect(findings).toContainEqual({ file: 'vault.db-wal', name: 'jcb', form: 'plain' })
})

test('a number in the name of a file is found and not printed', () => {
  const findings = scanFolder(makeFolder({ [`${testCards.visa}.json`]: '{}' }), testCards)
  expect(findings).toEqual([{ file: `${'*'.repeat(16)}.json`, name: 'visa', form: 'plain' }])
})

test('nothing is found in random bytes, nor in their hexadecimal and base64 forms', () => {
  const bytes = randomBytes(200_000)
  for (const content of [bytes, bytes.toString('hex'), bytes.toString('base64')])
    expect(scan(content)).toEqual([])
})

test.each([
  ['a number with another check digit', '4111111111111112'],
  [
    'a load number with another check digit',
    loadCard(1).replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)),
  ],
  ['a mask', '411111******1111'],
  ['a number with two spaces between its digits', '4111  1111  1111  1111'],
])('%s is not found', (_, text) => expect(scan(text)).toEqual([]))

test('what is printed of a finding names the card and never shows its number', () => {
  const printed = spellFindings(scan(`${testCards.visa}\n${loadCard(5)}\n${hex(testCards.amex)}`))
  expect(printed).toBe('file: visa, plain\nfile: load, plain\nfile: amex, as hexadecimal ASCII')
})

describe('counting a code', () => {
  const code = '9471'

  test('each occurrence counts once, by form', () => {
    const base64 = ['', 'a', 'ab'].map((before) => Buffer.from(`${before}${code}z`).toString('base64'))
    const folder = makeFolder({ a: `${code} ${code}${code}`, 'b/c': [hex(code), ...base64].join(' ') })
    expect(countCode(folder, code)).toEqual({ plain: 3, hex: 1, base64: 3 })
  })

  test('one that stands across two pieces of a long file counts once, as does one just before or behind', () => {
    for (let at = chunkBytes - 12; at <= chunkBytes + 12; at++) {
      const content = Buffer.alloc(chunkBytes + 100, 0x20)
      content.write(code, at)
      expect(countCode(makeFolder({ a: content }), code)).toEqual({ plain: 1, hex: 0, base64: 0 })
    }
  })

  test('a code that was never written is hardly there', () => {
    const { plain } = countCode(makeFolder({ a: randomBytes(200_000) }), '947')
    expect(plain).toBeLessThan(5)
  })
})

/** The same bytes in every run, from a multiplicative generator: they only have to look random. */
const randomBytes = (count: number): Buffer => {
  let state = 20_260_101
  const bytes = Buffer.alloc(count)
  for (let index = 0; index < count; index++) {
    state = (state * 48_271) % 2_147_483_647
    bytes[index] = state >>> 8
  }
  return bytes
}
