import type { BinRecord } from '@cardkeep/core/bins/bin'
import { testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import { type BinFinding, readBins } from './read-bins.ts'

async function* inChunks(text: string | Uint8Array, size = 1_024): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const read = async (text: string | Uint8Array, chunkSize?: number) => {
  const bins: BinRecord[] = []
  const findings: BinFinding[] = []
  let ignored: readonly string[] = []
  for await (const line of readBins(inChunks(text, chunkSize)))
    if (line.type === 'bin') bins.push(line.bin)
    else if (line.type === 'finding') findings.push(line.finding)
    else ignored = line.columns.ignored
  return { bins, findings, ignored }
}

const unknown = {
  brand: undefined,
  funding: undefined,
  segment: undefined,
  product: undefined,
  issuer: undefined,
  country: undefined,
  currency: undefined,
}

const whole = `bin,brand,funding,segment,product,issuer,country,currency
400000,Visa,credit,consumer,"Gold, with ""extras""",Bank of Testing,de,eur
51000000,MASTERCARD,PREPAID,Commercial,,,,
`

const wholeRead: readonly BinRecord[] = [
  {
    prefix: '400000',
    brand: 'Visa',
    funding: 'credit',
    segment: 'consumer',
    product: 'Gold, with "extras"',
    issuer: 'Bank of Testing',
    country: 'DE',
    currency: 'EUR',
  },
  { ...unknown, prefix: '51000000', brand: 'MASTERCARD', funding: 'prepaid', segment: 'commercial' },
]

describe('a table is read', () => {
  test.each([
    ['as it stands', whole],
    ['with line ends of Windows', whole.replaceAll('\n', '\r\n')],
    ['with old line ends of Macs', whole.replaceAll('\n', '\r')],
    ['with a byte order mark', `\ufeff${whole}`],
    ['with a byte order mark before a quote', `\ufeff${whole.replace('bin', '"bin"')}`],
    ['without a last line end', whole.trimEnd()],
    ['with empty lines', whole.replaceAll('\n', '\n\n')],
    ['with spaces around what it says', whole.replaceAll(/^(\d+),(\w+),/gm, ' $1 , $2 ,')],
    ['with everything in quotes', whole.replaceAll(/^(\d+),(\w+),/gm, '"$1","$2",')],
  ])('%s', async (_, text) => {
    expect(await read(text)).toEqual({ bins: wholeRead, findings: [], ignored: [] })
  })

  test.each([1, 2, 3, 7])('in pieces of %i bytes', async (size) => {
    expect((await read(`\ufeff${whole.replaceAll('\n', '\r\n')}`, size)).bins).toEqual(wholeRead)
  })

  test('with its columns in any order, in any case, under their other names, and beside others', async () => {
    const text = 'URL,Type,BANK,Scheme, IIN ,phone\nhttp://x,debit,Bank,Visa,400000,1\n'
    expect(await read(text)).toEqual({
      bins: [{ ...unknown, prefix: '400000', funding: 'debit', issuer: 'Bank', brand: 'Visa' }],
      findings: [],
      ignored: ['URL', 'phone'],
    })
  })

  test('with a line break inside of quotes refused, because no name has one', async () => {
    const { findings } = await read('bin,issuer\n400000,"Bank\nof"\n400001,Bank\n')
    expect(findings).toMatchObject([{ line: 3, column: 'issuer' }])
  })
})

const wideDigits = (number: string): string =>
  number.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))

describe('what is wrong is named by line and column:', () => {
  const form = '6 to 8 digits'
  test.each<readonly [string, string, readonly BinFinding[]]>([
    ['five digits', 'bin\n40000\n', [{ line: 2, column: 'bin', wanted: form }]],
    ['nine digits', 'bin\n400000000\n', [{ line: 2, column: 'bin', wanted: form }]],
    ['digits of another script', 'bin\n٤٠٠٠٠٠\n', [{ line: 2, column: 'bin', wanted: form }]],
    ['a whole number', `bin\n${testCards.visa}\n`, [{ line: 2, column: 'bin', wanted: form }]],
    ['no BIN', 'bin,brand\n,Visa\n', [{ line: 2, column: 'bin', wanted: form }]],
    [
      'another funding',
      'bin,funding\n400000,credit\n400001,charge card\n',
      [{ line: 3, column: 'funding', wanted: 'one of credit, debit, prepaid, charge, deferred' }],
    ],
    [
      'another segment',
      'bin,segment\n400000,retail\n',
      [{ line: 2, column: 'segment', wanted: 'one of consumer, commercial' }],
    ],
    [
      'a country by its name',
      'bin,country\n400000,Germany\n',
      [{ line: 2, column: 'country', wanted: 'two letters, as in ISO 3166-1' }],
    ],
    [
      'a currency by its number',
      'bin,currency\n400000,978\n',
      [{ line: 2, column: 'currency', wanted: 'three letters, as in ISO 4217' }],
    ],
    [
      'too few columns',
      'bin,brand\n400000\n',
      [{ line: 2, column: undefined, wanted: '2 columns, as in the first line' }],
    ],
    [
      'too many columns',
      'bin,brand\n400000,Visa,\n',
      [{ line: 2, column: undefined, wanted: '2 columns, as in the first line' }],
    ],
    [
      'two faults in one row, and a good row behind it',
      'bin,country\n4,xyz\n400000,de\n',
      [
        { line: 2, column: 'bin', wanted: form },
        { line: 2, column: 'country', wanted: 'two letters, as in ISO 3166-1' },
      ],
    ],
    [
      'no column bin',
      'brand,country\nVisa,de\n',
      [{ line: 1, column: undefined, wanted: expect.stringContaining('bin') }],
    ],
    [
      'semicolons',
      'bin;brand\n400000;Visa\n',
      [{ line: 1, column: undefined, wanted: expect.stringContaining('commas') }],
    ],
    [
      'one thing twice',
      'bin,iin\n400000,400000\n',
      [{ line: 1, column: undefined, wanted: 'one column bin, not two' }],
    ],
    [
      'a quote inside of a column',
      'bin,brand\n400000,"Visa"x\n',
      [{ line: 2, column: undefined, wanted: expect.stringContaining('quotes') }],
    ],
    [
      'a quote that is never closed',
      `bin,brand\n400000,"Visa\n${'400001,Visa\n'.repeat(10_000)}`,
      [{ line: expect.any(Number), column: undefined, wanted: expect.stringContaining('closing quote') }],
    ],
  ])('%s', async (_, text, findings) => {
    expect((await read(text)).findings).toEqual(findings)
  })

  test.each([
    ['bytes that are not UTF-8', Buffer.from('bin,issuer\n400000,B\xe4nk\n', 'latin1')],
    ['control characters', 'bin,issuer\n400000,\u001b[2JBank\n'],
    ['more than a name', `bin,issuer\n400000,${'x'.repeat(101)}\n`],
    ['a card number', `bin,issuer\n400000,${testCards.visa}\n`],
    ['a card number set apart', `bin,issuer\n400000,4111 1111-1111.1111\n`],
    ['a card number set apart by other signs', `bin,issuer\n400000,4111/1111 - 1111_1111\n`],
    ['a card number in full-width digits', `bin,issuer\n400000,${wideDigits(testCards.visa)}\n`],
  ])('%s in the place of a name', async (_, text) => {
    expect((await read(text)).findings).toMatchObject([{ line: 2, column: 'issuer' }])
  })

  test('what stands there is never repeated', async () => {
    const text = `bin,brand,funding,country\n${testCards.visa},${testCards.visa},${testCards.visa},${testCards.visa}\n`
    const { findings } = await read(text)
    expect(findings).toHaveLength(4)
    expect(JSON.stringify(findings)).not.toContain(testCards.visa.slice(0, 6))
  })
})

test('a source that breaks is no finding', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('bin\n400000\n')
    throw new Error('the disk is gone')
  }
  await expect(async () => {
    for await (const _ of readBins(broken())) continue
  }).rejects.toThrow('the disk is gone')
})
