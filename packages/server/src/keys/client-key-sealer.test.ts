import { type DestinationId, parseId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createClientKeySealer } from './client-key-sealer.ts'

const idOf = (last: number): DestinationId => {
  const id = parseId<DestinationId>(`000000de-0000-4000-8000-00000000000${last}`)
  if (!id) throw new Error('not an id')
  return id
}
const place = { tenantId: tenantAt(1), id: idOf(1) }
const pem = new Secret('the private key of a client')

const makeFixture = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const owners = [1, 2].map((tenant) => ({ type: 'tenant', id: tenantAt(tenant) }) as const)
  const fixture = await createKeyFixture(ports, owners)
  return { ...fixture, sealer: createClientKeySealer(fixture.keyring) }
}

test('a private key opens for its destination', async () => {
  const { sealer } = await makeFixture()
  const opened = await sealer.open(place, await sealer.seal(place, pem))
  expect(openSecret(opened, 'authenticate')).toBe('the private key of a client')
})

test('a private key opens neither for another destination nor for another tenant', async () => {
  const { sealer } = await makeFixture()
  const sealed = await sealer.seal(place, pem)
  await expect(sealer.open({ ...place, id: idOf(2) }, sealed)).rejects.toThrow('belong elsewhere')
  await expect(sealer.open({ ...place, tenantId: tenantAt(2) }, sealed)).rejects.toThrow('belong elsewhere')
})

test('a private key of before a rotation still opens', async () => {
  const { sealer, keyring } = await makeFixture()
  const sealed = await sealer.seal(place, pem)
  const actor = { type: 'vault', id: undefined } as const
  await keyring.rotate({ purpose: 'client-tls', owner: { type: 'tenant', id: place.tenantId }, actor })
  expect(openSecret(await sealer.open(place, sealed), 'authenticate')).toBe('the private key of a client')
})

test('sealing with a key counts, in blocks that are written ahead', async () => {
  const { sealer, store } = await makeFixture()
  for (let seals = 0; seals < 300; seals++) await sealer.seal(place, pem)
  const record = store.rows.records.find(({ owner }) => owner.id === place.tenantId)
  expect(record?.reservedSeals).toBeGreaterThanOrEqual(300)
  expect(store.reservations()).toBeLessThan(5)
})
