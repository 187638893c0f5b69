import { encodeBase32 } from '@cardkeep/core/kernel/base32'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { describe, expect, test } from 'vitest'
import { readCredential, spellCredential } from './auth.ts'

const id = '0f8fad5b-d9cb-469f-a165-70867728950e' as CredentialId
const random = { secret: new Uint8Array(32).fill(0xa5), public: new Uint8Array(24).fill(0x3c) }

const { apiKey, publicKey } = spellCredential(id, 'test', random)
const key = openSecret(apiKey, 'hand out')

test('an API key reads as its environment, its id and 256 random bits', () => {
  expect(key).toBe(`key_test_b6h22w6zzndj7ilfocdhokevby_${encodeBase32(random.secret)}`)
  expect(key).toMatch(/^key_test_[a-z2-7]{26}_[a-z2-7]{52}$/)
  const live = spellCredential(id, 'live', random)
  expect(openSecret(live.apiKey, 'hand out')).toBe(key.replace('test', 'live'))
})

test('a public key tells its environment and nothing of the API key', () => {
  expect(publicKey).toBe(`pk_test_${encodeBase32(random.public)}`)
  expect(spellCredential(id, 'live', random).publicKey).toBe(`pk_prod_${encodeBase32(random.public)}`)
})

test('a key that is handed out does not print itself', () => {
  expect(String(apiKey)).toBe('[secret]')
})

test('what was spelt is found again by its id, and the whole text is what must be proven', () => {
  expect(readCredential({ 'x-api-key': key, 'x-pub-key': publicKey })).toEqual({ id, secret: key, publicKey })
  expect(readCredential({ 'x-api-key': key })).toEqual({ id, secret: key, publicKey: undefined })
})

describe('without an API key there is no credential', () => {
  test.each([
    ['no header', {}],
    ['an empty header', { 'x-api-key': '' }],
    ['another header', { authorization: `Bearer ${key}` }],
    ['only a public key', { 'x-pub-key': publicKey }],
    ['several headers', { 'x-api-key': [key, key] }],
  ])('in %s', (_, headers) => {
    expect(readCredential(headers)).toBeUndefined()
  })
})

describe('a key of another form has no id, and is to be refused like a wrong one', () => {
  test.each([
    ['a word', 'key'],
    ['another environment', key.replace('test', 'prod')],
    ['capitals', key.toUpperCase()],
    ['an id that is too short', key.replace('_b6', '_b')],
    ['a secret that is too short', key.slice(0, -1)],
    ['something behind', `${key}x`],
    ['a line break behind', `${key}\n`],
    ['a space before', ` ${key}`],
    ['two keys joined', `${key}, ${key}`],
    ['an id whose last character has bits of no byte', key.replace('evby_', 'evbz_')],
  ])('%s', (_, text) => {
    expect(readCredential({ 'x-api-key': text })).toEqual({
      id: undefined,
      secret: text,
      publicKey: undefined,
    })
  })
})

test('a public key that came twice is as none', () => {
  expect(readCredential({ 'x-api-key': key, 'x-pub-key': [publicKey, publicKey] })?.publicKey).toBeUndefined()
})
