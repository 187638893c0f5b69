import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readKeySet } from './read-key-set.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const { n, e } = pair.publicKey.export({ format: 'jwk' })
const rsa = { kty: 'RSA', n, e }
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
const setOf = (...keys: readonly unknown[]): string => JSON.stringify({ keys })

test('of a key what verifies and names it is kept, and nothing else', () => {
  const kid = 'key 1'
  const read = readKeySet(setOf({ ...rsa, kid, x5c: ['MIIB'], key_ops: ['verify'], note: 'hello' }))
  expect(JSON.parse(read?.jwks ?? '')).toEqual({ keys: [{ ...rsa, kid, alg: 'RS256', use: 'sig' }] })
  expect(read?.keys).toBe(1)
})

test('keys for something else are left out', () => {
  const others = [{ ...rsa, alg: 'RS512' }, { ...rsa, use: 'enc' }, curve, weak, { kty: 'RSA', n: '', e }]
  expect(readKeySet(setOf(...others, { ...rsa, alg: 'RS256', use: 'sig' }))?.keys).toBe(1)
  for (const other of others) expect(readKeySet(setOf(other))).toBeUndefined()
})

test.each([
  ['one, with which anybody signs', 'AQ', false],
  ['none', 'AA', false],
  ['two', 'Ag', false],
  ['three', 'Aw', true],
  ['three, spelled longer', 'AAAD', true],
  ['five', 'BQ', false],
  ['65535', '__8', false],
  ['65536, which is even', 'AQAA', false],
  ['65537', 'AQAB', true],
  ['65538', 'AQAC', false],
  ['65539', 'AQAD', true],
])('a key whose exponent is %s', (_, exponent, isRead) => {
  expect(readKeySet(setOf({ ...rsa, e: exponent }))?.keys).toBe(isRead ? 1 : undefined)
})

describe('none is read', () => {
  test.each([
    ['that is no JSON', 'keys'],
    ['that is nothing', 'null'],
    ['without keys', '{}'],
    ['with none', setOf()],
    ['of something else than keys', setOf('key', null)],
    ['with keys that are no list', '{"keys":{}}'],
  ])('%s', (_, text) => {
    expect(readKeySet(text)).toBeUndefined()
  })

  test('with a private half, or a shared secret, of whichever key', () => {
    const whole = pair.privateKey.export({ format: 'jwk' })
    const { d, ...half } = whole
    expect(d).toBeDefined()
    expect(readKeySet(setOf(rsa, whole))).toBeUndefined()
    expect(readKeySet(setOf(rsa, half))).toBeUndefined()
    expect(readKeySet(setOf(rsa, { kty: 'oct', k: 'AAAA' }))).toBeUndefined()
  })

  test('with more keys than there may be', () => {
    const named = (count: number) => Array.from({ length: count }, (_, at) => ({ ...rsa, kid: `${at}` }))
    expect(readKeySet(setOf(...named(20)))?.keys).toBe(20)
    expect(readKeySet(setOf(...named(21)))).toBeUndefined()
  })
})
