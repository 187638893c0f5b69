import type { Change } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { done } from '@cardkeep/core/kernel/result'
import type { Store } from '@cardkeep/core/ports'
import type { TokenStanding } from '@cardkeep/core/tokens/token'
import { createFixedClock } from '@cardkeep/testing/clock'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { describe, expect, test, vi } from 'vitest'
import { createDirectory } from './directory.ts'

const records = createRecords()
const tenant = records.tenant()

/** A store with one tenant, which counts how often it is asked for it. */
const createCounted = (own: Partial<Store> = {}) => {
  const clock = createFixedClock()
  const standing = vi.fn(async () => undefined)
  const read = vi.fn(async (id: string) => (id === tenant.id ? tenant : undefined))
  const store = {
    tenant: read,
    standing,
    commit: async () => done,
    destinations: async () => [],
    isLinked: async () => false,
    ...own,
  } as Partial<Store> as Store
  return { read, standing, clock, directory: createDirectory(store, clock) }
}

/** Whether what is remembered may be wrong after such a change. A new type of change needs its line. */
const forgetsAfter: Readonly<Record<Change['type'], boolean>> = {
  'put-fingerprint': false,
  'keep-fingerprint': false,
  'release-fingerprint': false,
  'purge-fingerprints': false,
  'put-token': false,
  'replace-token': false,
  'expect-token': false,
  'erase-token': false,
  'put-network-token': false,
  'replace-network-token': false,
  'end-network-tokens': false,
  'settle-network-token': false,
  'put-capture-key': true,
  'retire-capture-key': true,
  'purge-capture-keys': true,
  'put-tenant': true,
  'set-code-policy': true,
  'put-scope': true,
  'set-network-tokens': true,
  'link-scope': true,
  'put-credential': true,
  'revoke-credential': true,
  'use-credential': false,
  'disable-credential': true,
  'enable-credential': true,
  'put-destination': true,
  'remove-destination': true,
  'allow-origin': true,
  'remove-origin': true,
  'put-webhook': true,
  'remove-webhook': true,
  'set-webhook-health': false,
  'emit-event': false,
  'settle-delivery': false,
  'delay-delivery': false,
  'give-up-delivery': false,
  'replay-delivery': false,
  'purge-dead-deliveries': false,
  'claim-idempotency': false,
  'settle-idempotency': false,
  'release-idempotency': false,
  'purge-idempotency': false,
  'put-bins': false,
  'use-bins': true,
  'put-issuer': true,
  'replace-issuer': true,
  'add-issuer-bin': true,
  'put-cvk-component': true,
  'remove-cvk-components': true,
  'put-access-key': true,
  'retire-access-key': true,
  'purge-access-keys': true,
  'remove-access-key': true,
  'trust-issuer': true,
  'put-issued-card': false,
  'replace-issued-card': false,
  'replace-rotation': false,
  'put-cvv-tries': false,
  'put-key': true,
  'set-key-state': true,
  'note-captured-ahead': false,
  'reserve-seals': false,
  'put-key-set': true,
  'seal-vault': true,
  audit: false,
  'put-checkpoint': false,
  'ship-audit': false,
  'archive-audit': false,
}

describe('the directory', () => {
  test('asks once for what it has found, and each time for what it has not', async () => {
    const { read, directory } = createCounted()
    for (let turn = 0; turn < 3; turn++) expect(await directory.store.tenant(tenant.id)).toBe(tenant)
    expect(read).toHaveBeenCalledTimes(1)
    for (let turn = 0; turn < 3; turn++) expect(await directory.store.tenant(records.id())).toBeUndefined()
    expect(read).toHaveBeenCalledTimes(4)
  })

  test('remembers the origins of a tenant and of all apart, also that there are none', async () => {
    const origin = { tenantId: tenant.id, origin: 'https://shop.example', createdAt: tenant.createdAt }
    const origins = vi.fn(async (id: TenantId | undefined) => (id === undefined ? [origin] : []))
    const { directory } = createCounted({ origins })
    for (let turn = 0; turn < 2; turn++) {
      expect(await directory.store.origins(undefined)).toEqual([origin])
      expect(await directory.store.origins(tenant.id)).toEqual([])
    }
    expect(origins.mock.calls).toEqual([[undefined], [tenant.id]])
    await directory.store.commit([{ type: 'allow-origin', origin }])
    await directory.store.origins(tenant.id)
    await directory.store.origins(undefined)
    expect(origins).toHaveBeenCalledTimes(4)
  })

  test('remembers capture keys and the settings of scopes until another list changes them', async () => {
    const scope = records.scope()
    const key = records.captureKey(tenant)
    const captureKey = vi.fn(async () => key)
    const ofScope = vi.fn(async () => scope)
    const { directory } = createCounted({ captureKey, scope: ofScope })
    const readBoth = async (): Promise<void> => {
      for (let turn = 0; turn < 2; turn++) {
        expect(await directory.store.captureKey(key.id)).toBe(key)
        expect(await directory.store.scope(scope.id)).toBe(scope)
      }
    }
    await readBoth()
    expect(captureKey.mock.calls.length + ofScope.mock.calls.length).toBe(2)
    const lists: readonly Change[] = [
      { type: 'put-capture-key', key },
      { type: 'retire-capture-key', id: key.id, at: records.at },
      { type: 'purge-capture-keys', before: records.at },
      { type: 'set-network-tokens', scopeId: scope.id, settings: undefined },
    ]
    for (const [at, change] of lists.entries()) {
      await directory.store.commit([change])
      await readBoth()
      expect(captureKey.mock.calls.length + ofScope.mock.calls.length).toBe(2 * (at + 2))
    }
  })

  test('remembers what issuers have until another list changes it, and never that a tenant is none', async () => {
    const [issuer, key] = [records.issuer(tenant), records.accessKey(tenant)]
    const bin = { tenantId: tenant.id, bin: '400000', createdAt: records.at }
    const trusted = { credentialId: records.credential(tenant).id, issuer: 'a', audience: 'b c', jwks: '{}' }
    const reads = {
      issuer: vi.fn(async (id: TenantId) => (id === tenant.id ? issuer : undefined)),
      issuerBins: vi.fn(async (id: TenantId | undefined) => (id === undefined ? [bin] : [])),
      accessKey: vi.fn(async () => key),
      accessKeys: vi.fn(async (id: TenantId | undefined) => (id === undefined ? [] : [key])),
      trustedIssuer: vi.fn(async (wish: Pick<typeof trusted, 'issuer' | 'audience'>) =>
        wish.issuer === 'a' && wish.audience === 'b c' ? trusted : undefined,
      ),
    }
    const { directory } = createCounted(reads)
    const readTwice = async (): Promise<void> => {
      for (let turn = 0; turn < 2; turn++) {
        expect(await directory.store.issuer(tenant.id)).toBe(issuer)
        expect(await directory.store.issuerBins(undefined)).toEqual([bin])
        expect(await directory.store.issuerBins(tenant.id)).toEqual([])
        expect(await directory.store.accessKey(key.id)).toBe(key)
        expect(await directory.store.accessKeys(tenant.id)).toEqual([key])
        expect(await directory.store.accessKeys(undefined)).toEqual([])
        expect(await directory.store.trustedIssuer(trusted)).toBe(trusted)
      }
    }
    const count = () => Object.values(reads).reduce((sum, { mock }) => sum + mock.calls.length, 0)
    await readTwice()
    expect(count()).toBe(7)
    await directory.store.commit([{ type: 'retire-access-key', id: key.id, at: records.at }])
    await readTwice()
    expect(count()).toBe(14)
    for (let turn = 0; turn < 2; turn++) {
      expect(await directory.store.issuer(records.id())).toBeUndefined()
      expect(await directory.store.trustedIssuer({ issuer: 'a b', audience: 'c' })).toBeUndefined()
    }
    expect(count()).toBe(18)
  })

  test.each(Object.entries(forgetsAfter))('after %s forgets: %s', async (type, forgets) => {
    const { read, directory } = createCounted()
    await directory.store.tenant(tenant.id)
    const change = { type, token: { id: records.id() } } as unknown as Change
    await directory.store.commit([{ type: 'audit' } as Change, change])
    await directory.store.tenant(tenant.id)
    expect(read).toHaveBeenCalledTimes(forgets ? 2 : 1)
  })

  test('remembers what the table of prefixes says until another is used', async () => {
    const bin = vi.fn(async () => undefined)
    const { directory } = createCounted({ bin })
    for (let turn = 0; turn < 2; turn++) await directory.store.bin(['411111'])
    expect(bin).toHaveBeenCalledTimes(1)
    await directory.store.commit([{ type: 'use-bins', set: records.id(), at: tenant.createdAt }])
    await directory.store.bin(['411111'])
    expect(bin).toHaveBeenCalledTimes(2)
  })

  test('does not remember what was read before another change came in', async () => {
    const { read, directory } = createCounted()
    const reading = directory.store.tenant(tenant.id)
    directory.forget()
    await reading
    await directory.store.tenant(tenant.id)
    expect(read).toHaveBeenCalledTimes(2)
  })

  test('asks again for what it remembers once the database has not been seen for five seconds', async () => {
    const { read, clock, directory } = createCounted()
    await directory.store.tenant(tenant.id)
    clock.advance(5_000)
    await directory.store.tenant(tenant.id)
    expect(read).toHaveBeenCalledTimes(1)
    clock.advance(1)
    for (let turn = 0; turn < 2; turn++) await directory.store.tenant(tenant.id)
    expect(read).toHaveBeenCalledTimes(3)

    directory.lookedAt(clock.monotonic())
    for (let turn = 0; turn < 2; turn++) await directory.store.tenant(tenant.id)
    expect(read).toHaveBeenCalledTimes(3)
  })

  test('lets nothing that it remembers stand in for a database that is away', async () => {
    const { read, clock, directory } = createCounted()
    await directory.store.tenant(tenant.id)
    clock.advance(5_001)
    read.mockRejectedValue(new UnavailableError('no database'))
    await expect(directory.store.tenant(tenant.id)).rejects.toThrow(UnavailableError)
  })

  test('counts from when a look began: one that took long confirms less', async () => {
    const { read, clock, directory } = createCounted()
    await directory.store.tenant(tenant.id)
    const begun = clock.monotonic()
    clock.advance(3_000)
    directory.lookedAt(begun)
    clock.advance(2_001)
    await directory.store.tenant(tenant.id)
    expect(read).toHaveBeenCalledTimes(2)
  })

  test('asks how a token stands where it could remember it wrongly', async () => {
    const { standing, clock, directory } = createCounted()
    const known = { id: records.id() } as unknown as TokenStanding
    standing.mockResolvedValue(known as never)
    for (let turn = 0; turn < 2; turn++) await directory.store.standing(known.id)
    expect(standing).toHaveBeenCalledTimes(1)
    clock.advance(5_001)
    for (let turn = 0; turn < 2; turn++) await directory.store.standing(known.id)
    expect(standing).toHaveBeenCalledTimes(3)
  })
})
