import { testCards } from '@cardkeep/testing/canary/cards'
import { accountOf, cardOf } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import type { Holder } from '../cards/card.ts'
import { openSecret, Secret } from '../kernel/secret.ts'
import type { Instrument } from '../tokens/instrument.ts'
import { writeValues } from './instrument-values.ts'
import type { CardValue, PlaceholderSyntax } from './syntax.ts'
import { canGive, checkValues, parseTemplate, renderTemplate, type TemplateSource } from './template.ts'

const values: readonly CardValue[] = [
  'card number',
  'expiry month',
  'expiry year',
  'code',
  'account number',
  'routing number',
  'first name',
  'last name',
  'holder name',
]
const syntax: PlaceholderSyntax = {
  open: '<<',
  close: '>>',
  table: Object.fromEntries(values.map((value) => [value, { value, form: 'given' as const }])),
}

const templateOf = (source: TemplateSource) => {
  const template = parseTemplate(source, syntax)
  if (!template.ok) throw new Error(template.error.placeholder)
  return template.value
}
const wish = (value: CardValue) => `<<${value}>>`
const sources: Readonly<Record<string, (value: CardValue) => TemplateSource>> = {
  json: (value) => ({ type: 'text', text: wish(value) }),
  form: (value) => ({ type: 'form', fields: [['a', wish(value)]] }),
  xml: (value) => ({ type: 'xml', pieces: [{ type: 'text', text: wish(value) }] }),
}

const given = (instrument: Instrument, source = sources['json']): readonly CardValue[] =>
  values.filter((value) => source && checkValues(templateOf(source(value)), instrument).ok)

const ada: Holder = { firstName: 'Ada', lastName: 'Lovelace' }

test.each(['json', 'form', 'xml'])('of a card and of an account a %s may have what they have', (format) => {
  expect(given(cardOf(testCards.visa), sources[format])).toEqual([
    'card number',
    'expiry month',
    'expiry year',
    'code',
  ])
  expect(given(accountOf('000123456789'), sources[format])).toEqual(['account number', 'routing number'])
  expect(given(cardOf(testCards.visa, ada), sources[format])).toContain('last name')
  expect(given(accountOf('1234', { holder: ada }), sources[format])).toContain('first name')
})

test('a name that nobody gave refuses the template, and so does an empty one', () => {
  const refused = (holder: Holder | undefined) =>
    checkValues(
      templateOf({ type: 'text', text: '<<card number>> <<first name>>' }),
      cardOf(testCards.visa, holder),
    )
  const refusal = { ok: false, error: { type: 'ValueNotInToken', value: 'first name' } }
  expect(refused(undefined)).toEqual(refusal)
  expect(refused({ firstName: undefined, lastName: 'Lovelace' })).toEqual(refusal)
  expect(refused({ firstName: '', lastName: 'Lovelace' })).toEqual(refusal)
  expect(refused(ada)).toEqual({ ok: true, value: undefined })
})

test.each<readonly [string, Holder, string]>([
  ['in two parts', ada, 'Ada Lovelace'],
  ['in its last part', { firstName: '', lastName: 'Lovelace' }, 'Lovelace'],
  ['as a whole', { firstName: undefined, lastName: undefined, fullName: 'Ada King' }, 'Ada King'],
  ['as a whole beside its parts', { ...ada, fullName: 'Countess Lovelace' }, 'Countess Lovelace'],
  ['as an empty whole beside its parts', { ...ada, fullName: '' }, 'Ada Lovelace'],
])('the name of a holder who is named %s is written as one', (_, holder, written) => {
  for (const instrument of [cardOf(testCards.visa, holder), accountOf('1234', { holder })]) {
    const text = renderTemplate(
      templateOf({ type: 'text', text: wish('holder name') }),
      writeValues(instrument, undefined),
    )
    expect(openSecret(text, 'render')).toBe(JSON.stringify(written))
  }
})

test('of a name that nobody can cut in two neither part is given', () => {
  const card = cardOf(testCards.visa, { firstName: undefined, lastName: undefined, fullName: 'Ada King' })
  for (const value of ['first name', 'last name'] as const)
    expect(checkValues(templateOf({ type: 'text', text: wish(value) }), card)).toEqual({
      ok: false,
      error: { type: 'ValueNotInToken', value },
    })
  expect(given(card)).toContain('holder name')
})

test('a holder who is not named has no name', () => {
  const nobodies: readonly (Holder | undefined)[] = [
    undefined,
    { firstName: undefined, lastName: undefined },
    { firstName: '', lastName: '', fullName: '' },
  ]
  for (const holder of nobodies) expect(given(cardOf(testCards.visa, holder))).not.toContain('holder name')
})

test('a code is a matter of cards only', () => {
  const template = templateOf({ type: 'text', text: '<<code>>' })
  expect(canGive(template, cardOf(testCards.visa), 'code')).toBe(true)
  expect(canGive(template, accountOf('1234'), 'code')).toBe(false)
})

test.each([
  ['half of a pair of surrogates', 'A\ud83d', ['json']],
  ['a control character', 'A\u0001', ['json', 'form']],
  ['a NUL', 'A\0', ['json', 'form']],
  ['a character that is none', 'A\ufffe', ['json', 'form']],
  ['a line break', 'A\r\n\tB', ['json', 'form', 'xml']],
  ['letters of any script and an emoji', 'Ædæ 李 😀', ['json', 'form', 'xml']],
])('a name with %s can stand only where it can be written', (_, lastName, formats) => {
  const card = cardOf(testCards.visa, { firstName: undefined, lastName })
  expect(Object.keys(sources).filter((format) => given(card, sources[format]).includes('last name'))).toEqual(
    formats,
  )
})

test('every value is written as it was given', () => {
  const render = (instrument: Instrument, text: string) =>
    openSecret(
      renderTemplate(templateOf({ type: 'text', text }), writeValues(instrument, new Secret('947'))),
      'render',
    )
  const ofCard = '<<card number>> <<expiry month>>/<<expiry year>> <<code>> <<first name>> <<last name>>'
  expect(render(cardOf(testCards.visa, ada), ofCard)).toBe(`"${testCards.visa} 12/2030 947 Ada Lovelace"`)
  const ofAccount = '<<routing number>> <<account number>> <<first name>>'
  expect(render(accountOf('000123456789', { holder: ada }), ofAccount)).toBe('"110000000 000123456789 Ada"')
})

test('a template is never rendered without a value that it needs', () => {
  for (const [instrument, value] of [
    [accountOf('1234'), 'card number'],
    [accountOf('1234'), 'code'],
    [cardOf(testCards.visa), 'routing number'],
    [cardOf(testCards.visa), 'first name'],
  ] as const)
    expect(() =>
      renderTemplate(
        templateOf({ type: 'text', text: wish(value) }),
        writeValues(instrument, new Secret('1')),
      ),
    ).toThrow(`without its ${value}`)
})
