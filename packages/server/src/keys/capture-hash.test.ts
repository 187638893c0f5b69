import type { ScopeId, TenantId } from '@cardkeep/core/kernel/ids'
import { parseId } from '@cardkeep/core/kernel/ids'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, tenantAt } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createCaptureHash } from './capture-hash.ts'

const scopeAt = (last: number): ScopeId => `0000005c-0000-4000-8000-00000000000${last}` as ScopeId
const tenant = tenantAt(1)
const text = Buffer.from('{"cardNumber":"none"}')

const makeFixture = async () => {
  const { keyring } = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() }, [])
  return { keyring, hash: createCaptureHash(keyring) }
}

test('a mark is the same for the same text of a tenant, and tells nothing of it', async () => {
  const { hash } = await makeFixture()
  const mark = hash.mark(tenant, text)
  expect(mark).toHaveLength(32)
  expect(hash.mark(tenant, Buffer.from(text))).toEqual(mark)
  // Without the vault's key nobody can try what card it may be.
  const { hash: ofAnother } = await makeFixture()
  expect(ofAnother.mark(tenant, text)).not.toEqual(mark)
})

test.each<readonly [string, TenantId, Buffer]>([
  ['text', tenant, Buffer.concat([text, Buffer.from(' ')])],
  ['tenant', tenantAt(2), text],
])('a mark is another one for another %s', async (_, otherTenant, otherText) => {
  const { hash } = await makeFixture()
  expect(hash.mark(otherTenant, otherText)).not.toEqual(hash.mark(tenant, text))
})

test('a capture makes one token in a scope, with an id like every other, and in another scope another', async () => {
  const { hash } = await makeFixture()
  const mark = hash.mark(tenant, text)
  const ids = [scopeAt(1), scopeAt(2)].map((scope) => hash.tokenIdIn(scope, mark))
  expect(ids.map((id) => parseId(id))).toEqual(ids)
  expect(new Set(ids).size).toBe(2)
  expect(hash.tokenIdIn(scopeAt(1), mark)).toBe(ids[0])
  expect(hash.tokenIdIn(scopeAt(1), hash.mark(tenant, Buffer.from('other')))).not.toBe(ids[0])
})

test('a capture keeps its mark and its token when the key of the vault is rotated', async () => {
  const { keyring, hash } = await makeFixture()
  const mark = hash.mark(tenant, text)
  const id = hash.tokenIdIn(scopeAt(1), mark)
  const actor = { type: 'vault', id: undefined } as const
  await keyring.rotate({ purpose: 'code', owner: { type: 'vault', id: '' }, actor })
  expect(hash.mark(tenant, text)).toEqual(mark)
  expect(hash.tokenIdIn(scopeAt(1), mark)).toBe(id)
})
