import { createSecretKey } from 'node:crypto'
import type { KeyedRequest } from '@cardkeep/core/idempotency/mark'
import { Secret } from '@cardkeep/core/kernel/secret'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createRequestMarker } from './idempotency-hasher.ts'

const request = (parts: Partial<Omit<KeyedRequest, 'content'>> & { readonly content?: string } = {}) => ({
  tenantId: tenantAt(1),
  route: 'ozura POST /tokenize',
  key: 'order-1',
  at: createFixedClock().now(),
  ...parts,
  content: new Secret(parts.content ?? testCards.visa),
})

const open = async () => {
  const clock = createFixedClock()
  const fixture = await createKeyFixture({ clock, ids: createCountingIds() })
  const marker = createRequestMarker(fixture.keyring)
  const spell = (parts?: Parameters<typeof request>[0]) =>
    marker.mark({ ...request(parts), at: clock.now() }).map(({ name, digest }) => ({
      name: Buffer.from(name).toString('hex'),
      digest: Buffer.from(digest).toString('hex'),
    }))
  return { ...fixture, clock, spell }
}

test('the same request has the same name and digest, of 32 bytes each, which differ', async () => {
  const { spell } = await open()
  const [mark] = spell()
  expect(spell()).toEqual([mark])
  expect(mark?.name).toMatch(/^[0-9a-f]{64}$/)
  expect(mark?.digest).toMatch(/^[0-9a-f]{64}$/)
  expect(mark?.name).not.toBe(mark?.digest)
})

test('another card is another digest under the same name', async () => {
  const { spell } = await open()
  const [mark] = spell()
  const [other] = spell({ content: testCards.mastercard })
  expect(other?.name).toBe(mark?.name)
  expect(other?.digest).not.toBe(mark?.digest)
})

test.each([
  ['tenant', { tenantId: tenantAt(2) }],
  ['route', { route: 'ozura POST /other' }],
  ['key', { key: 'order-2' }],
])('another %s is another name, and its digest has nothing in common', async (_, parts) => {
  const { spell } = await open()
  const [mark] = spell()
  const [other] = spell(parts)
  expect(other?.name).not.toBe(mark?.name)
  expect(other?.digest).not.toBe(mark?.digest)
})

test('where one field ends and the next begins makes a difference', async () => {
  const { spell } = await open()
  const names = [
    { route: 'ab', key: 'c', content: 'd' },
    { route: 'a', key: 'bc', content: 'd' },
    { route: 'a', key: 'b', content: 'cd' },
  ].flatMap((parts) => spell(parts))
  expect(new Set(names.map(({ digest }) => digest)).size).toBe(3)
  expect(new Set(names.slice(0, 2).map(({ name }) => name)).size).toBe(2)
})

test('both are keyed: under another key they are others', async () => {
  const { spell, keyring } = await open()
  const { active } = keyring.vaultKeys('idempotency')
  const key = createSecretKey(Buffer.alloc(32, 7))
  const another = createRequestMarker({
    vaultKeys: () => ({ active, usable: active ? [{ ...active, key }] : [] }),
  })
  const [mark] = spell()
  const [other] = another.mark(request())
  expect(Buffer.from(other?.name ?? []).toString('hex')).not.toBe(mark?.name)
  expect(Buffer.from(other?.digest ?? []).toString('hex')).not.toBe(mark?.digest)
})

test('after a rotation both keys mark, the new one first', async () => {
  const { spell, keyring } = await open()
  const [before] = spell()
  await keyring.rotate({ purpose: 'idempotency', owner: undefined, actor: { type: 'vault', id: undefined } })
  const after = spell()
  expect(after).toHaveLength(2)
  expect(after[1]).toEqual(before)
  expect(after[0]?.name).not.toBe(before?.name)
  expect(after[0]?.digest).not.toBe(before?.digest)
})
