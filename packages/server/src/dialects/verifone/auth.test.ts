import { encodeBase32 } from '@cardkeep/core/kernel/base32'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { describe, expect, test } from 'vitest'
import { readCredential, spellCredential } from './auth.ts'

const id = '0f8fad5b-d9cb-469f-a165-70867728950e' as CredentialId
const user = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
const random = new Uint8Array(32).fill(0xa5)
const apiKey = spellCredential(id, 'test', random)
const key = openSecret(apiKey, 'hand out')

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64')
const basic = (pair: string): string => `Basic ${base64(pair)}`
const read = (authorization: string) => readCredential({ authorization })

test('an API key reads as its environment, its id and 256 random bits, and does not print itself', () => {
  expect(key).toBe(`vf_test_b6h22w6zzndj7ilfocdhokevby_${encodeBase32(random)}`)
  expect(key).toMatch(/^vf_test_[a-z2-7]{26}_[a-z2-7]{52}$/)
  expect(openSecret(spellCredential(id, 'live', random), 'hand out')).toBe(key.replace('test', 'live'))
  expect(String(apiKey)).toBe('[secret]')
})

test.each([
  ['as it is written', basic(`${user}:${key}`)],
  ['with another case of the scheme', basic(`${user}:${key}`).replace('Basic', 'bASIC')],
  ['with more spaces', basic(`${user}:${key}`).replace(' ', '   ')],
  ['with the user in capitals', basic(`${user.toUpperCase()}:${key}`)],
  ['without padding', basic(`${user}:${key}`).replace(/=+$/, '')],
])('the id is found in the key, and the user goes with it: %s', (_, header) => {
  expect(read(header)).toEqual({ id, secret: key, publicKey: user })
})

test('of several colons the first one ends the user', () => {
  expect(read(basic(`a:b:${key}`))).toEqual({ id: undefined, secret: `b:${key}`, publicKey: 'a' })
})

test('user and key are UTF-8', () => {
  expect(read(basic('jürgen:schlüssel'))).toEqual({
    id: undefined,
    secret: 'schlüssel',
    publicKey: 'jürgen',
  })
})

describe('without Basic authentication there is no credential', () => {
  test.each([
    ['no header', {}],
    ['an empty header', { authorization: '' }],
    ['another scheme', { authorization: `Bearer ${key}` }],
    ['the scheme alone', { authorization: 'Basic' }],
    ['several headers', { authorization: [basic('a:b'), basic('a:b')] }],
    ['more than one text', { authorization: `${basic('a:b')} ${base64('a:b')}` }],
    ['the header of another API', { 'x-api-key': key }],
  ])('in %s', (_, headers) => {
    expect(readCredential(headers)).toBeUndefined()
  })
})

test.each([
  ['no base64', '!!!!'],
  ['base64 of a length that there is not', `${base64(`${user}:${key}`)}A`],
  [
    'base64 for URLs',
    base64(new Uint8Array([0xfb, 0xff, 0x3a]))
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
  ],
  ['no colon', base64(key)],
  ['no UTF-8', base64(new Uint8Array([0xff, 0x3a, 0x61]))],
  ['nothing in it', '===='],
])('what was meant for a pair and is none is refused like a wrong one: %s', (_, text) => {
  expect(read(`Basic ${text}`)).toEqual({ id: undefined, secret: text, publicKey: undefined })
})

test.each([
  ['a key of another API', key.replace('vf_', 'hg_')],
  ['another environment', key.replace('test', 'prod')],
  ['a secret that is too short', key.slice(0, -1)],
  ['something behind', `${key}x`],
  ['nothing', ''],
])('a key of another form has no id, and is to be refused like a wrong one: %s', (_, text) => {
  expect(read(basic(`${user}:${text}`))).toEqual({ id: undefined, secret: text, publicKey: user })
})
