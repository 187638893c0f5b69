import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { cardOf, numberOf, placeAt, scopeOwner } from '@cardkeep/testing/keys/fixture'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, onTestFinished, test } from 'vitest'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import { createCardCipher } from './card-cipher.ts'
import { createKeyring } from './keyring.ts'
import { openFileRootKey } from './providers/file.ts'

/* The database and the root key's file as they are in the field; everything else is tested on memory. */

const place = placeAt(1, 1)
const actor = { type: 'operator', id: 'ada' } as const

const setUp = () => {
  const { path: folder } = makeWorkspace()
  const clock = createFixedClock()
  const ids = createCountingIds()
  /** What a process does at its start. */
  const start = async () => {
    const store = await openSqliteStore({ file: join(folder, 'data', 'cardkeep.db') })
    onTestFinished(() => store.close())
    const provider = await openFileRootKey({
      path: join(folder, 'keys', 'root.key'),
      forbiddenFolder: join(folder, 'data'),
      mayCreate: (await store.keySet()) === undefined,
    })
    const keyring = await createKeyring({ store, provider, clock, ids })
    return { store, keyring, provider, cipher: createCardCipher(keyring) }
  }
  return { start }
}

test('keys come back from a database as they were written, through rotations and restarts', async () => {
  const { start } = setUp()
  const first = await start()
  const prepared = await first.keyring.keysFor([{ owner: scopeOwner(place), environment: 'live' }])
  expect(await first.store.commit(prepared.changes)).toMatchObject({ ok: true })
  await prepared.committed()
  const sealed = await first.cipher.seal(place, cardOf(testCards.visa))
  expect(await first.keyring.rotate({ purpose: 'card', owner: undefined, actor })).toBe(1)

  const second = await start()
  expect(second.keyring.list()).toEqual(first.keyring.list())
  expect(numberOf(await second.cipher.open(place, sealed))).toBe(testCards.visa)
  expect(await second.provider.rememberedCounter()).toBe(3)
})

test('processes that start on a new database at once share one root key and one set of keys', async () => {
  const { start } = setUp()
  const processes = await Promise.all([start(), start(), start()])
  const active = processes.map(({ keyring }) => keyring.vaultKeys('audit').active?.record.id)
  expect(new Set(active).size).toBe(1)
  expect(await processes[0].store.keys()).toHaveLength(4)
})

test('two processes that seal under one key reserve different seals', async () => {
  const { start } = setUp()
  const first = await start()
  const prepared = await first.keyring.keysFor([{ owner: scopeOwner(place), environment: 'live' }])
  await first.store.commit(prepared.changes)
  await prepared.committed()
  const second = await start()
  await Promise.all([first, second].map(({ cipher }) => cipher.seal(place, cardOf(testCards.visa))))
  const card = (await first.store.keys()).find(({ purpose }) => purpose === 'card')
  expect(card?.reservedSeals).toBe(2 * 2 ** 16)
})
