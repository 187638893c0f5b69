import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createAccountHash, createNameHash, createTextHash } from './name-hash.ts'

const actor = { type: 'vault', id: undefined } as const

const makeFixture = () => createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })

test('names are 16 bytes and another for each list of fields, however they are cut', async () => {
  const hash = createNameHash((await makeFixture()).keyring)
  const names = [hash('a', 'b'), hash('ab'), hash('ab', ''), hash('b', 'a')]
  expect(names.every(({ length }) => length === 16)).toBe(true)
  expect(new Set(names.map((name) => name.toString('hex'))).size).toBe(names.length)
})

test('a node that starts after a rotation calls everything what the others call it', async () => {
  const { keyring, another } = await makeFixture()
  const [before, text] = [createNameHash(keyring)('a'), createTextHash(keyring)('a')]
  await keyring.rotate({ purpose: 'code', owner: undefined, actor })
  const started = await another()
  for (const keys of [keyring, started]) {
    expect(createNameHash(keys)('a')).toEqual(before)
    expect(createTextHash(keys)('a')).toEqual(text)
  }
})

test('a text that is asked for again has the same name, also after very many others', async () => {
  const hash = createTextHash((await makeFixture()).keyring)
  const name = hash('tenant')
  expect(hash('tenant')).toBe(name)
  for (let other = 0; other < 10_000; other++) hash(`other ${other}`)
  expect(hash('tenant')).not.toBe(name)
  expect(hash('tenant')).toEqual(name)
})

test('once the oldest key is gone the next one makes the names, also of texts that had one', async () => {
  const { keyring } = await makeFixture()
  await keyring.rotate({ purpose: 'code', owner: undefined, actor })
  const { active, usable } = keyring.vaultKeys('code')
  let isGone = false
  const keys = { vaultKeys: () => ({ active, usable: isGone ? usable.slice(0, 1) : usable }) }
  const [names, texts] = [createNameHash(keys), createTextHash(keys)]
  const before = [names('a'), texts('a')]
  isGone = true
  const [name, text] = [names('a'), texts('a')]
  expect(name).not.toEqual(before[0])
  expect(text).not.toEqual(before[1])
  expect(createTextHash(keys)('a')).toEqual(text)
})

describe('the hash of an account', () => {
  test('is a keyed hash that no name of the same text shares', async () => {
    const [{ keyring }, elsewhere] = [await makeFixture(), await makeFixture()]
    const hash = createAccountHash(keyring)(testCards.visa)
    expect(hash).toHaveLength(16)
    expect(hash).toEqual(createAccountHash(keyring)(testCards.visa))
    expect(hash).not.toEqual(createAccountHash(keyring)(testCards.visa2))
    expect(hash).not.toEqual(createTextHash(keyring)(testCards.visa))
    expect(hash).not.toEqual(createAccountHash(elsewhere.keyring)(testCards.visa))
  })

  test('stays through a rotation', async () => {
    const { keyring, another } = await makeFixture()
    const before = createAccountHash(keyring)(testCards.visa)
    await keyring.rotate({ purpose: 'code', owner: undefined, actor })
    for (const keys of [keyring, await another()])
      expect(createAccountHash(keys)(testCards.visa)).toEqual(before)
  })
})
