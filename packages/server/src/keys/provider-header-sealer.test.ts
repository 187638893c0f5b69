import { type DestinationId, parseId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createProviderHeaderSealer } from './provider-header-sealer.ts'

const idOf = (last: number): DestinationId => {
  const id = parseId<DestinationId>(`000000de-0000-4000-8000-00000000000${last}`)
  if (!id) throw new Error('not an id')
  return id
}
const place = { tenantId: tenantAt(1), id: idOf(1), header: 'authorization' }
const value = new Secret('Bearer sk_live_é')

const makeFixture = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const owners = [1, 2].map((tenant) => ({ type: 'tenant', id: tenantAt(tenant) }) as const)
  const fixture = await createKeyFixture(ports, owners)
  return { ...fixture, sealer: createProviderHeaderSealer(fixture.keyring) }
}

test('a header opens for its destination', async () => {
  const { sealer } = await makeFixture()
  const opened = await sealer.open(place, await sealer.seal(place, value))
  expect(openSecret(opened, 'authenticate')).toBe('Bearer sk_live_é')
})

test.each([
  ['for another destination', { ...place, id: idOf(2) }],
  ['for another tenant', { ...place, tenantId: tenantAt(2) }],
  ['under another name', { ...place, header: 'x-trace' }],
])('a header does not open %s', async (_, other) => {
  const { sealer } = await makeFixture()
  await expect(sealer.open(other, await sealer.seal(place, value))).rejects.toThrow('belong elsewhere')
})

test('a header of before a rotation still opens', async () => {
  const { sealer, keyring } = await makeFixture()
  const sealed = await sealer.seal(place, value)
  const actor = { type: 'vault', id: undefined } as const
  await keyring.rotate({ purpose: 'provider-header', owner: { type: 'tenant', id: place.tenantId }, actor })
  expect(openSecret(await sealer.open(place, sealed), 'authenticate')).toBe('Bearer sk_live_é')
  expect(Buffer.from(await sealer.seal(place, value)).readUInt32BE(2)).toBe(2)
})
