import { createSecretKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'

const key = createSecretKey(Buffer.alloc(32, 7))
const context = encodeFields('card', 'live', 'scope', 'token', 'card')
const derived: Sealing = { algorithm: 'derived', key, keyVersion: 258, context }
const direct: Sealing = { ...derived, algorithm: 'direct' }
const headerBytes = 18

const open = (sealing: Sealing, sealed: Uint8Array): string => {
  readKeyVersion(sealed)
  return openEnvelope(sealing, sealed).toString()
}

const flip = (bytes: Uint8Array, at: number, bit: number): Uint8Array =>
  bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit))

describe.each([
  ['a key derived per record', derived],
  ['the stored key itself', direct],
])('an envelope sealed under %s', (_, sealing) => {
  const sealed = sealEnvelope(sealing, Buffer.from('some text'))

  test('opens to what was sealed, and says which version of the key opens it', () => {
    expect(open(sealing, sealed)).toBe('some text')
    expect(readKeyVersion(sealed)).toBe(258)
    expect(sealed.length).toBe(headerBytes + 'some text'.length + 16)
  })

  test('does not open with any bit of its header changed', () => {
    for (let at = 0; at < headerBytes; at++)
      for (let bit = 0; bit < 8; bit++)
        expect(() => open(sealing, flip(sealed, at, bit)), `byte ${at}, bit ${bit}`).toThrow(
          // The first two bytes say how to read the rest.
          at < 2 ? 'a form that this version does not know' : 'were changed',
        )
  })

  test('does not open with any byte behind its header changed', () => {
    for (let at = headerBytes; at < sealed.length; at++)
      expect(() => open(sealing, flip(sealed, at, at % 8)), `byte ${at}`).toThrow('were changed')
  })

  test('does not open at any shorter length, nor with a byte more', () => {
    for (let length = 0; length < sealed.length; length++)
      expect(() => open(sealing, sealed.subarray(0, length)), `${length} bytes`).toThrow('were changed')
    expect(() => open(sealing, Buffer.concat([sealed, Buffer.of(0)]))).toThrow('were changed')
  })

  test.each(['card', 'live', 'scope', 'token'])('does not open where another %s is meant', (field) => {
    const fields = ['card', 'live', 'scope', 'token', 'card'].map((own, at) =>
      own === field && at < 4 ? `${own}2` : own,
    )
    expect(() => open({ ...sealing, context: encodeFields(...fields) }, sealed)).toThrow('were changed')
  })

  test('does not open as another field of the same record', () => {
    const other = encodeFields('card', 'live', 'scope', 'token', 'note')
    expect(() => open({ ...sealing, context: other }, sealed)).toThrow('were changed')
  })

  test('does not open under another key', () => {
    const another = createSecretKey(Buffer.alloc(32, 8))
    expect(() => open({ ...sealing, key: another }, sealed)).toThrow('were changed')
  })
})

test('an envelope that was sealed one way does not open the other way', () => {
  expect(() => open(direct, sealEnvelope(derived, Buffer.from('text')))).toThrow('does not know')
  expect(() => open(derived, sealEnvelope(direct, Buffer.from('text')))).toThrow('does not know')
})

test('sealing wipes the plaintext', () => {
  const plaintext = Buffer.from('some text')
  sealEnvelope(derived, plaintext)
  expect(plaintext.every((byte) => byte === 0)).toBe(true)
})

test('no two of many seals share a nonce', () => {
  const nonces = Array.from({ length: 2_000 }, () =>
    sealEnvelope(direct, Buffer.from('x')).subarray(6, 18).toString('hex'),
  )
  expect(new Set(nonces).size).toBe(nonces.length)
})

test('no two lists of fields share an encoding', () => {
  const lists = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], ['a', 'b', 'c'], []]
  const encodings = lists.map((fields) => encodeFields(...fields).toString('hex'))
  expect(new Set(encodings).size).toBe(lists.length)
})
