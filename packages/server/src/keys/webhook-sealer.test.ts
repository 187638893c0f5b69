import { parseId, type WebhookId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createWebhookSealer } from './webhook-sealer.ts'

const idOf = (last: number): WebhookId => {
  const id = parseId<WebhookId>(`000000ee-0000-4000-8000-00000000000${last}`)
  if (!id) throw new Error('not an id')
  return id
}
const place = { tenantId: tenantAt(1), id: idOf(1) }
const secret = new Secret('whsec_of a test')

const makeFixture = async () => {
  const ports = { clock: createFixedClock(), ids: createCountingIds() }
  const owners = [1, 2].map((tenant) => ({ type: 'tenant', id: tenantAt(tenant) }) as const)
  const fixture = await createKeyFixture(ports, owners)
  return { ...fixture, sealer: createWebhookSealer(fixture.keyring) }
}

test('a signing secret opens for its webhook', async () => {
  const { sealer } = await makeFixture()
  const sealed = await sealer.seal(place, secret)
  expect(Buffer.from(sealed).includes('whsec_')).toBe(false)
  expect(openSecret(await sealer.open(place, sealed), 'sign')).toBe('whsec_of a test')
})

test('a signing secret opens neither for another webhook nor for another tenant', async () => {
  const { sealer } = await makeFixture()
  const sealed = await sealer.seal(place, secret)
  await expect(sealer.open({ ...place, id: idOf(2) }, sealed)).rejects.toThrow('belong elsewhere')
  await expect(sealer.open({ ...place, tenantId: tenantAt(2) }, sealed)).rejects.toThrow('belong elsewhere')
})

test('a signing secret of before a rotation still opens', async () => {
  const { sealer, keyring } = await makeFixture()
  const sealed = await sealer.seal(place, secret)
  const actor = { type: 'vault', id: undefined } as const
  await keyring.rotate({ purpose: 'webhook', owner: { type: 'tenant', id: place.tenantId }, actor })
  expect(openSecret(await sealer.open(place, sealed), 'sign')).toBe('whsec_of a test')
})
