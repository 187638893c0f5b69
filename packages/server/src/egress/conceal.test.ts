import { Secret } from '@cardkeep/core/kernel/secret'
import { testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import { createEchoGuard } from './echo-guard.ts'

const none = { pan: undefined, accountNumber: undefined, code: undefined }
const guardFor = (...values: string[]) =>
  createEchoGuard(
    none,
    values.map((value) => new Secret(value)),
  )

const key = 'sk_live_a1/b2"c3'
const guard = guardFor(`Bearer ${key}`)
const text = (value: string, own = guard) => own.body({ text: value, saysJson: false }).text
const json = (value: string, own = guard) => own.body({ text: value, saysJson: true })

describe('a header that the vault added does not come back', () => {
  test.each([
    ['whole', `Bearer ${key}`],
    ['without its scheme', key],
    ['as a URL writes it', encodeURIComponent(key)],
    ['as JSON writes it', JSON.stringify(key).slice(1, -1)],
    ['as JSON may write it', JSON.stringify(key).slice(1, -1).replaceAll('/', '\\/')],
    ['as HTML writes it', key.replaceAll('"', '&quot;')],
    ['in another case', key.toUpperCase()],
  ])('%s', (_, echo) => {
    expect(text(`got <${echo}> twice: ${echo}`)).toBe('got <[concealed]> twice: [concealed]')
  })

  test.each([0, 1, 2])('in base64, %i bytes behind a boundary', (before) => {
    const echo = Buffer.from(`${'x'.repeat(before)}${key} and more`).toString('base64')
    const shown = Buffer.from(text(echo).replaceAll('[concealed]', ' '), 'base64').toString('latin1')
    expect(text(echo)).toContain('[concealed]')
    for (let at = 0; at + 4 < key.length; at++) expect(shown).not.toContain(key.slice(at, at + 4))
  })

  test('in headers', () => {
    expect(
      guard.headers([
        ['x-echo', `Bearer ${key}`],
        ['x-all', ['a', key]],
        ['x-other', 'b'],
      ]),
    ).toEqual({
      'x-echo': '[concealed]',
      'x-all': ['a', '[concealed]'],
      'x-other': 'b',
    })
  })

  test('in JSON, which stays JSON, whatever of it is escaped', () => {
    const escaped = Array.from(key, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
    const body = `{"headers":{"Authorization":${JSON.stringify(`Bearer ${key}`)},"e":"<${escaped}>"},"n":10.00}`
    expect(json(body)).toEqual({
      type: 'json',
      text: '{"headers":{"Authorization":"[concealed]","e":"<[concealed]>"},"n":10.00}',
    })
    expect(json(`{"e":"${escaped}"}`).text).toBe('{"e":"[concealed]"}')
    expect(json(JSON.stringify({ [key]: 1 })).text).toBe('{"[concealed]":1}')
  })

  test('in JSON as a number', () => {
    expect(json('{"account":12345678,"n":1}', guardFor('12345678')).text).toBe('{"account":0,"n":1}')
  })

  test('as the name and password that it means', () => {
    const own = guardFor(`Basic ${Buffer.from('merchant:open sesame').toString('base64')}`)
    expect(text('user merchant, password open sesame; merchant:open sesame', own)).toBe(
      'user merchant, password [concealed]; [concealed]',
    )
  })

  test('as the name, where that is the secret and no password goes with it', () => {
    const own = guardFor(`Basic ${Buffer.from('sk_live_open_sesame:').toString('base64')}`)
    expect(text('No such key: sk_live_open_sesame', own)).toBe('No such key: [concealed]')
  })

  test.each([
    'Token token=4eC39HqLyjWDarjtT1zdp7dc, id=merchant',
    'Key id="merchant", secret="4eC39HqLyjWDarjtT1zdp7dc"',
    'lang=en; session=4eC39HqLyjWDarjtT1zdp7dc',
  ])('as the one of several fields that is long enough to be a secret: %s', (value) => {
    expect(text('merchant 4eC39HqLyjWDarjtT1zdp7dc of en', guardFor(value))).toBe(
      'merchant [concealed] of en',
    )
  })

  test.each(['\n', '\r\n', '\r\n  ', '%0A', '\\n'])('in base64 with lines that end in %j', (end) => {
    const long = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc4eC39HqLyjWDarjtT1zdp7dc'
    const echo = (
      Buffer.from(`authorization: Bearer ${long}`)
        .toString('base64')
        .match(/.{1,20}/g) ?? []
    ).join(end)
    expect(text(`<${echo}>`, guardFor(`Bearer ${long}`))).toMatch(
      /^<[A-Za-z0-9+/\s%\\]{0,32}\[concealed\]=*>$/,
    )
  })

  test('in the base64 of URLs', () => {
    const long = 'sk>>>???~~~sk>>>???~~~'
    const echo = Buffer.from(long).toString('base64url')
    expect(echo).toMatch(/[-_]/)
    expect(text(`<${echo}>`, guardFor(long))).toContain('[concealed]')
  })

  test('in an encoding that the answer does not name', () => {
    const hidden = Buffer.from(key, 'utf16le')
    expect(guard.isReadable({ text: hidden.toString('utf8'), bytes: hidden })).toBe(false)
  })

  test('although digits of a card that was sent stand in it', () => {
    const own = createEchoGuard({ ...none, pan: new Secret(testCards.visa) }, [
      new Secret(`key-${testCards.visa}-secret`),
    ])
    const echo = `key-${testCards.visa}-secret ${testCards.visa}`
    expect(text(echo, own)).toBe('[concealed] 411111******1111')
    expect(json(JSON.stringify({ echo }), own).text).toBe('{"echo":"[concealed] 411111******1111"}')
    expect(own.headers([['x-echo', echo]])).toEqual({ 'x-echo': '[concealed] 411111******1111' })
  })
})

test('a value of fewer than eight characters occurs by chance and is left', () => {
  expect(text('version 2024-06', guardFor('2024-06'))).toBe('version 2024-06')
  expect(text('version 2024-06-', guardFor('2024-06-'))).toBe('version [concealed]')
})

test('a value is no pattern', () => {
  const own = guardFor('a.b*c+(d)[e]{2}^$|\\/-')
  expect(text('aXbbc+(d)[e]{2}^$|\\/-', own)).toBe('aXbbc+(d)[e]{2}^$|\\/-')
  expect(text('<a.b*c+(d)[e]{2}^$|\\/->', own)).toBe('<[concealed]>')
})
