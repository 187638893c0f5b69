import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Init, isInit, protocolVersion, readInit, readToFrame } from './to-frame.ts'

const init: Init = {
  type: 'cardkeep:init',
  version: protocolVersion,
  kind: 'card',
  locale: 'pt-BR',
  appearance: { theme: 'dark', variables: { colorText: '#fff' } },
  labels: { number: 'Your card' },
  placeholders: {},
}

test('a first message is read as it was written', () => {
  expect(readInit(init)).toEqual(init)
  expect(readInit(structuredClone(init))).toEqual(init)
})

test.each([
  ['another version', { version: 2 }],
  ['another kind', { kind: 'pin' }],
  ['a locale that is none', { locale: 'en"><script>' }],
  [
    'an appearance with an address',
    { appearance: { variables: { colorText: 'url(https://evil.example)' } } },
  ],
  ['a label for a field that there is not', { labels: { pin: 'PIN' } }],
  ['a label that is no text', { labels: { number: { text: 'x' } } }],
  ['a label that is too long', { labels: { number: 'x'.repeat(81) } }],
  ['a field that nobody knows', { html: '<b>' }],
  ['no placeholders', { placeholders: undefined }],
])('a first message with %s is not read', (_, change) => {
  expect(readInit({ ...init, ...change })).toBeUndefined()
})

test('what other scripts post is told from a first message that is not understood', () => {
  expect(isInit({ ...init, version: 9 })).toBe(true)
  expect([undefined, null, 'cardkeep:init', 1, {}, { type: 'webpackOk' }].map(isInit)).toEqual(
    Array.from({ length: 6 }, () => false),
  )
})

test.each([
  { type: 'focus' },
  { type: 'clear' },
  { type: 'send', call: 1 },
  { type: 'send', call: 2, cardholderName: 'Ada' },
] as const)('%o is read as it was written', (message) => {
  expect(readToFrame(message)).toEqual(message)
})

test.each([
  { type: 'blur' },
  { type: 'send' },
  { type: 'send', call: 0 },
  { type: 'send', call: 1.5 },
  { type: 'send', call: '1' },
  { type: 'send', call: 1, cardholderName: 7 },
  { type: 'send', call: 1, cardholderName: 'x'.repeat(121) },
  { type: 'focus', extra: true },
  { type: '__proto__' },
  { type: ['focus'] },
])('%o is not read', (message) => {
  expect(readToFrame(message)).toBeUndefined()
})

test('whatever is sent, a reader neither throws nor lets anything through that it did not build', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true }), (value) => {
      expect(readToFrame(value)).toBeUndefined()
      expect(readInit(value)).toBeUndefined()
    }),
    { seed: 1 },
  )
})

test('a part of a good message that is replaced by anything else is refused, or read anew', () => {
  const part = fc.constantFrom(...(Object.keys(init) as (keyof Init)[]))
  fc.assert(
    fc.property(part, fc.anything(), (name, value) => {
      const read = readInit({ ...init, [name]: value })
      const known = Object.keys(init)
      expect(read === undefined || Object.keys(read).every((key) => known.includes(key))).toBe(true)
      expect(typeof read?.locale).toBe(read ? 'string' : 'undefined')
    }),
    { seed: 1 },
  )
})
