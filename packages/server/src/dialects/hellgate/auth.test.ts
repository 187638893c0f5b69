import { encodeBase32 } from '@cardkeep/core/kernel/base32'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { describe, expect, test } from 'vitest'
import { readCredential, spellCredential } from './auth.ts'

const id = '0f8fad5b-d9cb-469f-a165-70867728950e' as CredentialId
const random = new Uint8Array(32).fill(0xa5)
const apiKey = spellCredential(id, 'test', random)
const key = openSecret(apiKey, 'hand out')

test('an API key reads as its environment, its id and 256 random bits, and does not print itself', () => {
  expect(key).toBe(`hg_test_b6h22w6zzndj7ilfocdhokevby_${encodeBase32(random)}`)
  expect(key).toMatch(/^hg_test_[a-z2-7]{26}_[a-z2-7]{52}$/)
  expect(openSecret(spellCredential(id, 'live', random), 'hand out')).toBe(key.replace('test', 'live'))
  expect(String(apiKey)).toBe('[secret]')
})

test('what was spelt is found again by its id, and the whole text is what must be proven', () => {
  expect(readCredential({ 'x-api-key': key })).toEqual({ id, secret: key, publicKey: undefined })
})

describe('without an API key there is no credential', () => {
  test.each([
    ['no header', {}],
    ['an empty header', { 'x-api-key': '' }],
    ['another header', { authorization: `Bearer ${key}` }],
    ['several headers', { 'x-api-key': [key, key] }],
  ])('in %s', (_, headers) => {
    expect(readCredential(headers)).toBeUndefined()
  })
})

test.each([
  ['a word', 'sk_sndbx_0123456789'],
  ['a key of another API', key.replace('hg_', 'key_')],
  ['another environment', key.replace('test', 'prod')],
  ['capitals', key.toUpperCase()],
  ['a secret that is too short', key.slice(0, -1)],
  ['something behind', `${key}x`],
  ['two keys joined', `${key}, ${key}`],
])('a key of another form has no id, and is to be refused like a wrong one: %s', (_, text) => {
  expect(readCredential({ 'x-api-key': text })).toEqual({ id: undefined, secret: text, publicKey: undefined })
})
