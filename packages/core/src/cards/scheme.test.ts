import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import creditCardType from 'credit-card-type'
import { describe, expect, test } from 'vitest'
import { Secret } from '../kernel/secret.ts'
import type { Pan } from './pan.ts'
import { codeLengths, numberLengths, type Scheme, schemeOf, schemeOfDigits } from './scheme.ts'

test.each([
  ['visa', testCards.visa],
  ['visa', testCards.visa13],
  ['visa', loadCard(0)],
  ['mastercard', testCards.mastercard],
  ['mastercard', testCards.mastercard2Series],
  ['amex', testCards.amex],
  ['discover', testCards.discover],
  ['diners', testCards.diners],
  ['diners', testCards.diners2],
  ['jcb', testCards.jcb],
  ['unionpay', testCards.unionpay],
  ['maestro', testCards.maestro],
])('%s is told by the number that it publishes for tests', (scheme, number) => {
  expect(schemeOf(new Secret(number) as Pan)).toBe(scheme)
})

test.each(Object.values(testCards))('%s is as long as numbers of its scheme', (number) => {
  expect(numberLengths[schemeOfDigits(number)]).toContain(number.length)
})

test('every scheme has numbers of 13 to 19 digits, and what is no scheme has none', () => {
  const { unknown, ...known } = numberLengths
  expect(unknown).toEqual([])
  for (const lengths of Object.values(known)) {
    expect(lengths.length).toBeGreaterThan(0)
    expect(lengths.filter((length) => length < 13 || length > 19)).toEqual([])
  }
})

test.each([13, 16, 19])('a Visa number of %i digits is one', (length) => {
  expect(schemeOfDigits('4'.padEnd(length, '0'))).toBe('visa')
})

/** First and last six digits of each range, and the scheme of what comes right before and right behind it. */
const edges: readonly (readonly [string, string, Scheme, Scheme, Scheme])[] = [
  ['400000', '401177', 'diners', 'visa', 'elo'],
  ['222100', '272099', 'unknown', 'mastercard', 'unknown'],
  ['510000', '559999', 'elo', 'mastercard', 'maestro'],
  ['340000', '349999', 'unknown', 'amex', 'unknown'],
  ['370000', '379999', 'diners', 'amex', 'diners'],
  ['300000', '305999', 'unknown', 'diners', 'unknown'],
  ['309500', '309599', 'jcb', 'diners', 'jcb'],
  ['360000', '369999', 'unknown', 'diners', 'amex'],
  ['380000', '399999', 'amex', 'diners', 'visa'],
  ['352800', '358999', 'unknown', 'jcb', 'unknown'],
  ['180000', '180099', 'unknown', 'jcb', 'unknown'],
  ['213100', '213199', 'unknown', 'jcb', 'unknown'],
  ['601100', '601199', 'unknown', 'discover', 'unknown'],
  ['644000', '650001', 'unknown', 'discover', 'verve'],
  ['659000', '659999', 'discover', 'discover', 'unknown'],
  ['620000', '627779', 'unknown', 'unionpay', 'elo'],
  ['627781', '629999', 'elo', 'unionpay', 'unknown'],
  ['810000', '817199', 'unknown', 'unionpay', 'rupay'],
  ['817200', '820199', 'unionpay', 'rupay', 'unknown'],
  ['501800', '501899', 'unknown', 'maestro', 'unknown'],
  ['502000', '502099', 'unknown', 'maestro', 'unknown'],
  ['503800', '503899', 'unknown', 'maestro', 'unknown'],
  ['560000', '589999', 'mastercard', 'maestro', 'unknown'],
  ['630400', '630499', 'unknown', 'maestro', 'unknown'],
  ['670000', '679999', 'unknown', 'maestro', 'unknown'],
  ['506099', '506198', 'unknown', 'verve', 'unknown'],
  ['507865', '507964', 'unknown', 'verve', 'unknown'],
  ['650002', '650027', 'discover', 'verve', 'discover'],
  ['508500', '508999', 'unknown', 'rupay', 'elo'],
  ['606985', '607984', 'unknown', 'rupay', 'unknown'],
  ['608001', '608500', 'unknown', 'rupay', 'unknown'],
  ['652150', '653149', 'discover', 'rupay', 'discover'],
  ['509000', '509999', 'rupay', 'elo', 'mastercard'],
  ['606282', '606282', 'unknown', 'hipercard', 'unknown'],
  ['220000', '220499', 'unknown', 'mir', 'unknown'],
  ['979200', '979299', 'unknown', 'troy', 'unknown'],
]

test.each(edges)(
  'from %s to %s, between %s and its neighbour, a number is of %s',
  (from, to, before, own, after) => {
    const at = (number: number) => schemeOfDigits(String(number).padEnd(16, '0'))
    expect([at(Number(from) - 1), at(Number(from)), at(Number(to)), at(Number(to) + 1)]).toEqual([
      before,
      own,
      own,
      after,
    ])
  },
)

test('a number of another industry is of no known scheme', () => {
  for (const digit of '0179') expect(schemeOfDigits(digit.repeat(16))).toBe('unknown')
})

test('six digits tell as much as the whole number', () => {
  const prefixes = Array.from({ length: 900_000 }, (_, at) => String(first + at))
  expect(
    prefixes.filter((prefix) => schemeOfDigits(prefix) !== schemeOfDigits(`${prefix}9999999999`)),
  ).toEqual([])
})

describe('beside a package of others', () => {
  /** What is ours, what theirs, and for which six digits. */
  const known: readonly {
    readonly ours: Scheme
    readonly theirs: string
    readonly at: string
    readonly because: string
  }[] = [
    {
      ours: 'jcb',
      theirs: 'unknown',
      at: '308800-309499 309600-310299 311200-312099 315800-315999 333700-334999',
      because: 'They know only the range of today, and of the older ones those with 15 digits.',
    },
    {
      ours: 'diners',
      theirs: 'unknown',
      at: '309500-309599',
      because: 'Published by Diners Club and by Discover, whose network carries it.',
    },
    {
      ours: 'visa',
      theirs: 'maestro',
      at: '493698',
      because: 'A number of a debit scheme of the United Kingdom that was closed; the range is Visa.',
    },
    {
      ours: 'unknown',
      theirs: 'maestro',
      at:
        '500000-501799 501900-501999 502100-503799 503900-504174 504176-506098 506199-506698 506779-507864 ' +
        '507965-508499 590000-601099 601200-606281 606283-606984 607985-608000 608501-619999 630000-630399 ' +
        '630500-636296 636298-636367 636369-637094 637096-637567 637569-637598 637600-637608 637610-637611 ' +
        '637613-643999 660000-669999 680000-699999',
      because:
        'They take whatever begins with 50 or 6 for Maestro; much of it is of schemes of single countries.',
    },
    {
      ours: 'verve',
      theirs: 'maestro',
      at:
        '506128 506130-506132 506151-506157 506164-506165 506167 506169 506171-506172 506174-506175 506181-506183 ' +
        '506185-506186 506189-506190 506192-506194 506196 506198 507867 507878-507879 507889-507899 507901-507940 ' +
        '507942-507964',
      because: 'They list the prefixes that have been given out, we the ranges that these come from.',
    },
    {
      ours: 'verve',
      theirs: 'discover',
      at: '650002-650027',
      because: 'Carried by the network of Discover, and issued as Verve.',
    },
    {
      ours: 'rupay',
      theirs: 'maestro',
      at: '508500-508999 606985-607984 608001-608500',
      because: 'They do not know RuPay.',
    },
    { ours: 'rupay', theirs: 'discover', at: '652150-653149', because: 'They do not know RuPay.' },
    { ours: 'rupay', theirs: 'unknown', at: '817200-820199', because: 'They do not know RuPay.' },
    {
      ours: 'unionpay',
      theirs: 'maestro',
      at: '621830-621839 621980-621999 627100-627199 627300-627599 627800-628199 629000-629099 629300-629999',
      because: 'They list the prefixes that have been given out; all of 62 is of UnionPay.',
    },
    {
      ours: 'discover',
      theirs: 'troy',
      at:
        '650052 650082-650083 650092 650161 650170 650173 650175 650268 650271 650273-650274 650456-650457 ' +
        '650836-650837 650846-650850 650858-650862 650987 650990 654997 657366 657998 658750 658752 658758-658762 ' +
        '658765-658768 658771 658776-658777 658782-658786 658798 658808-658809',
      because: 'These carry the marks of both, and outside of Türkiye they are taken as Discover.',
    },
    {
      ours: 'elo',
      theirs: 'troy',
      at: '650923',
      because: 'It lies in a range that they too give to Elo.',
    },
    {
      ours: 'unknown',
      theirs: 'hiper',
      at: '637095 637568 637599 637609 637612',
      because: 'A private label of one bank.',
    },
    { ours: 'visa', theirs: 'naranja', at: '402918', because: 'An issuer; the cards are Visa.' },
    { ours: 'mastercard', theirs: 'naranja', at: '527572', because: 'An issuer; the cards are Mastercard.' },
    {
      ours: 'maestro',
      theirs: 'naranja',
      at: '589562',
      because: 'A label of one issuer in a range of Maestro; the code has as many digits.',
    },
  ]

  test('every six digits are of the same scheme, but for the differences that are listed with their reasons', () => {
    const found = findDifferences()
    const expected = known.map(({ ours, theirs, at }) => [`${ours}, not ${theirs}`, at] as const)
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected))
  })
})

const first = 100_000
const last = 999_999

/** Runs of six digits on which the two disagree, by how they do. */
const findDifferences = (): ReadonlyMap<string, string> => {
  const theirs = readTheirs()
  const runs = new Map<string, { from: number; to: number }[]>()
  for (let prefix = first; prefix <= last; prefix++) {
    const ours = schemeOfDigits(String(prefix))
    const other = theirs(prefix)
    if (ours === other) continue
    const name = `${ours}, not ${other}`
    const before = runs.get(name) ?? []
    const run = before.at(-1)
    if (run?.to === prefix - 1) run.to = prefix
    else runs.set(name, [...before, { from: prefix, to: prefix }])
  }
  return new Map(
    [...runs].map(([name, list]) => [
      name,
      list.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(' '),
    ]),
  )
}

/** The package is slow, and can only say something else where one of its own patterns begins or has ended. */
const readTheirs = (): ((prefix: number) => string) => {
  const patterns = Object.values(creditCardType.types).flatMap(
    (type) => creditCardType.getTypeInfo(type).patterns,
  )
  const turns = patterns.flatMap((pattern) => {
    const [from = 0, to = from] = typeof pattern === 'number' ? [pattern] : pattern
    return [toSix(from, '0'), toSix(to, '9') + 1]
  })
  const at = [...new Set([first, ...turns])]
    .filter((turn) => turn >= first && turn <= last)
    .toSorted((a, b) => a - b)
  const schemes = at.map(askThem)
  let place = 0
  return (prefix) => {
    while ((at[place + 1] ?? Number.POSITIVE_INFINITY) <= prefix) place++
    return schemes[place] ?? 'unknown'
  }
}

const toSix = (pattern: number | string, fill: string): number =>
  Number(String(pattern).padEnd(6, fill).slice(0, 6))

const askThem = (prefix: number): string => {
  const [best] = creditCardType(String(prefix).padEnd(16, '0'))
  return best ? (ourNames[best.type] ?? best.type) : 'unknown'
}

const ourNames: Readonly<Record<string, Scheme>> = { 'american-express': 'amex', 'diners-club': 'diners' }

test('a code has three digits, but four on American Express and either where the scheme is not known', () => {
  const { amex, unknown, ...others } = codeLengths
  expect([amex, unknown]).toEqual([[4], [3, 4]])
  expect(new Set(Object.values(others).map(String))).toEqual(new Set(['3']))
})
