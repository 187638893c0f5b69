import { UnavailableError } from '@cardkeep/core/errors'
import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { KeyRecord } from '@cardkeep/core/keys'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import {
  addOwners,
  cardOf,
  createKeyFixture,
  keyIdAt,
  placeAt,
  scopeOwner,
  tenantAt,
} from '@cardkeep/testing/keys/fixture'
import { createMemoryKeyStore, type KeyRows } from '@cardkeep/testing/keys/memory-key-store'
import { createMemoryRootKey } from '@cardkeep/testing/keys/memory-root-key'
import { describe, expect, test } from 'vitest'
import { createCardCipher } from './card-cipher.ts'
import { sealKeySet } from './key-set.ts'
import { createKeyring } from './keyring.ts'
import type { RootKeyProvider } from './providers/provider.ts'

const place = placeAt(1, 1)
const otherScope = placeAt(2, 1)
const actor = { type: 'operator', id: 'ada' } as const
const ports = () => ({ clock: createFixedClock(), ids: createCountingIds() })
const makeFixture = () => createKeyFixture(ports(), [scopeOwner(place), scopeOwner(otherScope)])

const purposes = (records: readonly KeyRecord[]) =>
  records.map(({ purpose, owner }) => `${owner.type} ${purpose}`)

describe('a first start', () => {
  test('makes the keys of the vault, says so in the audit log, and has the counter remembered', async () => {
    const { store, provider } = await createKeyFixture(ports())
    expect(purposes(store.rows.records)).toEqual([
      'vault credential',
      'vault audit',
      'vault code',
      'vault idempotency',
    ])
    expect(store.rows.audit.map(({ action, subject }) => [action, subject?.id])).toEqual(
      store.rows.records.map(({ id }) => ['key.created', id]),
    )
    expect(provider.remembered()).toBe(1)
  })

  test('by several processes at once leaves one set of keys, and all of them use it', async () => {
    const store = createMemoryKeyStore()
    const provider = createMemoryRootKey()
    const clock = createFixedClock()
    const ids = createCountingIds()
    const keyrings = await Promise.all([1, 2, 3].map(() => createKeyring({ store, provider, clock, ids })))
    expect(store.rows.records).toHaveLength(4)
    const active = keyrings.map((keyring) => keyring.vaultKeys('credential').active?.record.id)
    expect(new Set(active).size).toBe(1)
  })

  test('wipes the bytes of every key that it wrapped or unwrapped', async () => {
    const inner = createMemoryRootKey()
    const seen: Uint8Array[] = []
    const see = (secret: Secret<Uint8Array>, aad: Uint8Array): Secret<Uint8Array> => {
      if (Buffer.from(aad).toString().startsWith('["cardkeep-key",')) seen.push(openSecret(secret, 'check'))
      return secret
    }
    const provider: RootKeyProvider = {
      ...inner,
      wrap: (plaintext, aad) => inner.wrap(see(plaintext, aad), aad),
      unwrap: async (wrapped, aad) => see(await inner.unwrap(wrapped, aad), aad),
    }
    const store = createMemoryKeyStore()
    const keyring = await createKeyring({ ...ports(), store, provider })
    await keyring.rotate({ purpose: 'credential', owner: undefined, actor })
    // Four made and loaded; one more made, the earlier one wrapped again, and both loaded.
    expect(seen).toHaveLength(13)
    for (const bytes of seen) expect(bytes.every((byte) => byte === 0)).toBe(true)
  })
})

describe('a start on a database of an earlier version', () => {
  const tenant = { type: 'tenant', id: tenantAt(1) } as const

  test('makes the kinds of keys that its tenants lack, and none anew', async () => {
    const { store, provider } = await createKeyFixture(ports(), [tenant], 'test')
    const isNew = ({ purpose }: KeyRecord) => purpose === 'provider-header' || purpose === 'idempotency'
    const before = store.rows.records.filter((record) => !isNew(record))
    const keySet = await sealKeySet(provider, 2, before)
    const older = createMemoryKeyStore({ records: before, keySet, audit: [] })
    const keyring = await createKeyring({ ...ports(), store: older, provider })
    const made = older.rows.records.slice(before.length)
    expect(older.rows.records.slice(0, before.length)).toEqual(before)
    expect(purposes(made)).toEqual(['vault idempotency', 'tenant provider-header'])
    expect(made.map(({ environment }) => environment)).toEqual([undefined, 'test'])
    expect(keyring.find('provider-header', tenant)?.active).toBeDefined()
    await createKeyring({ ...ports(), store: older, provider })
    expect(older.rows.records).toHaveLength(before.length + 2)
  })

  test('makes those of a role for whoever has the role, and for nobody else', async () => {
    const { store, provider, keyring } = await createKeyFixture(ports(), [tenant], 'test', ['issuer'])
    const shop = { type: 'tenant', id: tenantAt(2) } as const
    await addOwners(store, keyring, [shop], 'test')
    const counter = store.rows.keySet?.counter ?? 0
    const before = store.rows.records.filter(({ purpose }) => purpose !== 'access')
    expect(before).toHaveLength(store.rows.records.length - 1)
    const keySet = await sealKeySet(provider, counter, before)
    const older = createMemoryKeyStore({ records: before, keySet, audit: [] })
    const ids = { uuid: () => keyIdAt(older.rows.records.length) }
    await createKeyring({ ...ports(), ids, store: older, provider })
    const made = older.rows.records.slice(before.length)
    expect(made.map(({ purpose, owner }) => [purpose, owner])).toEqual([['access', tenant]])
  })
})

describe('a database with keys of a newer version', () => {
  const later = async () => {
    const { store, provider } = await makeFixture()
    const [some] = store.rows.records
    if (!some) throw new Error('a key')
    const newer: KeyRecord = {
      ...some,
      id: keyIdAt(900),
      purpose: 'of-a-newer-version',
      algorithm: 'ML-DSA-65',
      // Of which this version understands nothing: it is not unwrapped.
      wrapped: new Uint8Array([1, 2, 3]),
    }
    const records = [...store.rows.records, newer]
    const keySet = await sealKeySet(provider, (store.rows.keySet?.counter ?? 0) + 1, records)
    return { provider, newer, store: createMemoryKeyStore({ records, keySet, audit: [] }) }
  }

  test('is used, with those keys listed, closed, and left as they are by a rotation and by new owners', async () => {
    const { provider, newer, store } = await later()
    const keyring = await createKeyring({ ...ports(), store, provider })
    expect(keyring.list().filter(({ id }) => id === newer.id)).toHaveLength(1)
    let made = 1_000
    const ids = { uuid: () => keyIdAt(++made) }
    const next = await createKeyring({ ...ports(), ids, store, provider })
    expect(await next.rotate({ purpose: 'credential', owner: undefined, actor })).toBe(1)
    await addOwners(store, next, [{ type: 'tenant', id: tenantAt(7) }], 'test')
    expect(store.rows.records.find(({ id }) => id === newer.id)).toEqual(newer)
    // What the set says covers them.
    await keyring.reload()
    expect(keyring.vaultKeys('credential').usable).toHaveLength(2)
  })

  test('is refused where one of them was changed or is gone', async () => {
    const { provider, newer, store } = await later()
    const others = store.rows.records.filter(({ id }) => id !== newer.id)
    for (const records of [others, [...others, { ...newer, purpose: 'another' }]])
      await expect(
        createKeyring({
          ...ports(),
          store: createMemoryKeyStore({ ...store.rows, records }),
          provider,
        }),
      ).rejects.toThrow('not the set that the vault wrote')
  })
})

describe('a set of keys is refused', () => {
  const attack = async (change: (rows: KeyRows, foreign: KeyRows) => void): Promise<string> => {
    const { store, another } = await makeFixture()
    const foreign = await makeFixture()
    change(store.rows, foreign.store.rows)
    return another().then(
      () => 'loaded',
      (error: unknown) => `${error instanceof Error ? `${error.name}: ${error.message}` : ''}`,
    )
  }
  const scopeKey = (rows: KeyRows, purpose: string, scope = place): KeyRecord => {
    const key = rows.records.find((record) => record.purpose === purpose && record.owner.id === scope.scopeId)
    if (!key) throw new Error('no such key')
    return key
  }
  const replace = (rows: KeyRows, key: KeyRecord, by: Partial<KeyRecord>): void => {
    rows.records = rows.records.map((record) => (record.id === key.id ? { ...record, ...by } : record))
  }

  test('if a key was added', async () => {
    const message = await attack((rows, foreign) => {
      const key = scopeKey(foreign, 'card')
      rows.records.push({
        ...key,
        id: keyIdAt(3),
        owner: { type: 'scope', id: placeAt(3, 3).scopeId },
      })
    })
    expect(message).toMatch(/^KeyError: The keys in the database are not the set/)
  })

  test('if a key was removed', async () => {
    const message = await attack((rows) => {
      rows.records = rows.records.filter(({ id }) => id !== scopeKey(rows, 'fingerprint').id)
    })
    expect(message).toMatch(/^KeyError: The keys in the database are not the set/)
  })

  test('if all keys were removed', async () => {
    const message = await attack((rows) => {
      rows.records = []
    })
    expect(message).toMatch(/^KeyError: The keys in the database are not the set/)
  })

  test('if two keys were exchanged', async () => {
    const message = await attack((rows) => {
      const [one, two] = [scopeKey(rows, 'card'), scopeKey(rows, 'card', otherScope)]
      replace(rows, one, { wrapped: two.wrapped, checkValue: two.checkValue })
      replace(rows, two, { wrapped: one.wrapped, checkValue: one.checkValue })
    })
    expect(message).toMatch(/^KeyError: The keys in the database are not the set/)
  })

  test('if a key was replaced by one of another vault', async () => {
    const message = await attack((rows, foreign) => {
      const { wrapped, checkValue } = scopeKey(foreign, 'card')
      replace(rows, scopeKey(rows, 'card'), { wrapped, checkValue })
    })
    expect(message).toMatch(/^KeyError: The keys in the database are not the set/)
  })

  test.each<[string, (key: KeyRecord) => Partial<KeyRecord>]>([
    ['id', () => ({ id: keyIdAt(3) })],
    ['purpose', () => ({ purpose: 'client-tls' })],
    ['owner', () => ({ owner: scopeOwner(placeAt(3, 3)) })],
    ['kind of owner', ({ owner }) => ({ owner: { ...owner, type: 'tenant' } })],
    ['environment', () => ({ environment: 'test' })],
    ['algorithm', () => ({ algorithm: 'HMAC-SHA-256' })],
    ['version', () => ({ version: 2 })],
    ['state', () => ({ state: 'decrypt-only' })],
    ['destruction', () => ({ state: 'destroyed' })],
    ['creation time', ({ createdAt }) => ({ createdAt: epochMs(createdAt + 1) })],
    ['expiry', ({ expiresAt }) => ({ expiresAt: epochMs(expiresAt + 1) })],
    ['check value', () => ({ checkValue: '000000000000' })],
    ['public half', () => ({ publicKey: new Uint8Array(44) })],
    ['wrapped key', ({ wrapped }) => ({ wrapped: wrapped.with(20, (wrapped[20] ?? 0) ^ 1) })],
  ])('if the %s of a key was changed', async (_, change) => {
    const message = await attack((rows) => {
      const key = scopeKey(rows, 'card')
      replace(rows, key, change(key))
    })
    expect(message).toMatch(/^KeyError: The keys in the database are not the set/)
  })

  test('if the set itself was changed', async () => {
    const message = await attack((rows) => {
      if (rows.keySet) rows.keySet = { ...rows.keySet, sealedDigest: new Uint8Array(61) }
    })
    expect(message).toMatch(/^KeyError: The set of keys does not open under the root key \(memory\)/)
  })

  test('if its counter was raised', async () => {
    const message = await attack((rows) => {
      if (rows.keySet) rows.keySet = { ...rows.keySet, counter: rows.keySet.counter + 1 }
    })
    expect(message).toMatch(/^KeyError: The set of keys does not open under the root key/)
  })

  test('if the set was removed and the keys were not', async () => {
    const { store, ids } = { store: (await makeFixture()).store, ids: createCountingIds() }
    store.rows.keySet = undefined
    // Even where nothing is remembered, as with a new root key.
    const provider = createMemoryRootKey()
    await expect(createKeyring({ store, provider, clock: createFixedClock(), ids })).rejects.toThrow(
      'holds keys without the set',
    )
  })

  test('under another root key', async () => {
    const { store } = await makeFixture()
    const provider = createMemoryRootKey(new Uint8Array(32).fill(8))
    await expect(createKeyring({ ...ports(), store, provider })).rejects.toThrow('the root key of another')
  })
})

describe('an older set of keys', () => {
  test('that was put back is refused', async () => {
    const { store, keyring, another } = await makeFixture()
    const older = structuredClone(store.rows)
    await keyring.rotate({ purpose: 'card', owner: undefined, actor })
    Object.assign(store.rows, older)
    await expect(another()).rejects.toThrow(
      /^An older set of keys was put back: .* set 2, .* set 3 is remembered/,
    )
  })

  test('is refused by a vault that runs, which keeps the keys that it has', async () => {
    const { store, keyring } = await makeFixture()
    const older = structuredClone(store.rows)
    await keyring.rotate({ purpose: 'card', owner: undefined, actor })
    Object.assign(store.rows, older)
    await expect(keyring.reload()).rejects.toThrow('An older set of keys was put back')
    expect(keyring.find('card', scopeOwner(place))?.active?.record.version).toBe(2)
  })

  test('is told from an emptied database, which is refused as well', async () => {
    const { store, another } = await makeFixture()
    Object.assign(store.rows, { records: [], keySet: undefined })
    await expect(another()).rejects.toThrow('the database holds set 0')
  })

  test('is not what a crash before remembering leaves: that is made good', async () => {
    const { store, keyring } = await makeFixture()
    const remembered = createMemoryRootKey(undefined, 2)
    await keyring.rotate({ purpose: 'card', owner: undefined, actor })
    await createKeyring({ ...ports(), store, provider: remembered })
    expect(remembered.remembered()).toBe(3)
  })

  test('is not what several such crashes leave: a set that is ahead is always taken', async () => {
    const { store, keyring } = await makeFixture()
    const remembered = createMemoryRootKey(undefined, 2)
    for (let times = 0; times < 4; times++) await keyring.rotate({ purpose: 'card', owner: undefined, actor })
    await createKeyring({ ...ports(), store, provider: remembered })
    expect(remembered.remembered()).toBe(6)
  })

  test('is not what another process makes of it by changing the keys while they are read', async () => {
    const { store, provider, keyring } = await makeFixture()
    let reads = 0
    const slow = {
      ...store,
      keySet: async () => {
        const keySet = await store.keySet()
        // The last look at the set, after which everything is known that this load will use.
        if (++reads === 3) await keyring.rotate({ purpose: 'card', owner: undefined, actor })
        return keySet
      },
    }
    const loaded = await createKeyring({ ...ports(), store: slow, provider })
    expect(loaded.find('card', scopeOwner(place))?.active?.record.version).toBe(1)
    await loaded.reload()
    expect(loaded.find('card', scopeOwner(place))?.active?.record.version).toBe(2)
  })
})

test('keys that another process changes in the middle of a load are read again', async () => {
  const { store, provider, keyring } = await makeFixture()
  let reads = 0
  const torn = {
    ...store,
    keys: async () => {
      const records = await store.keys()
      if (++reads === 1) await keyring.rotate({ purpose: 'card', owner: undefined, actor })
      return records
    },
  }
  const loaded = await createKeyring({ ...ports(), store: torn, provider })
  expect(loaded.find('card', scopeOwner(place))?.active?.record.version).toBe(2)
})

describe('keys for what is about to exist', () => {
  test('are those of a scope and a tenant, for their environment, with one set and an audit entry each', async () => {
    const { store, keyring } = await createKeyFixture(ports())
    const tenant = { type: 'tenant', id: tenantAt(1) } as const
    const { changes } = await keyring.keysFor([
      { owner: scopeOwner(place), environment: 'test' },
      { owner: tenant, environment: 'test' },
    ])
    const made = changes.flatMap((change) => (change.type === 'put-key' ? [change.key] : []))
    expect(purposes(made)).toEqual([
      'scope card',
      'scope fingerprint',
      'scope code',
      'tenant client-tls',
      'tenant provider-header',
      'tenant webhook',
      'tenant capture',
    ])
    expect(made.every(({ environment }) => environment === 'test')).toBe(true)
    expect(changes.filter(({ type }) => type === 'put-key-set')).toHaveLength(1)
    expect(changes.filter(({ type }) => type === 'audit')).toHaveLength(7)
    expect(store.rows.records).toHaveLength(4)
  })

  test('are in use once their commit is reported, and remembered', async () => {
    const { store, keyring, provider } = await createKeyFixture(ports())
    const prepared = await keyring.keysFor([{ owner: scopeOwner(place), environment: 'live' }])
    await store.commit(prepared.changes)
    expect(keyring.find('card', scopeOwner(place))).toBeUndefined()
    await prepared.committed()
    expect(keyring.find('card', scopeOwner(place))?.active?.record.version).toBe(1)
    expect(provider.remembered()).toBe(2)
  })

  test('are in conflict when two processes make some at once, and the second attempt stands beside the first', async () => {
    const { store, keyring, another } = await createKeyFixture(ports())
    const elsewhere = await another()
    const ours = await keyring.keysFor([{ owner: scopeOwner(place), environment: 'live' }])
    await addOwners(store, elsewhere, [scopeOwner(otherScope)])
    expect(await store.commit(ours.changes)).toMatchObject({ ok: false })
    await addOwners(store, keyring, [scopeOwner(place)])
    expect(keyring.find('card', scopeOwner(otherScope))?.active).toBeDefined()
    expect(keyring.find('card', scopeOwner(place))?.active).toBeDefined()
  })

  test('unwrap only what is new when they are loaded', async () => {
    const { store, keyring, provider } = await makeFixture()
    const before = provider.unwraps()
    await addOwners(store, keyring, [scopeOwner(placeAt(3, 1))])
    // Three keys and the set.
    expect(provider.unwraps() - before).toBe(4)
  })
})

describe('a reload', () => {
  test('that finds the same set reads nothing else', async () => {
    const { keyring, provider } = await makeFixture()
    const before = provider.unwraps()
    await keyring.reload()
    expect(provider.unwraps()).toBe(before)
  })

  test('leaves a key the seals that were reserved for it', async () => {
    const { store, keyring, another } = await makeFixture()
    const cipher = createCardCipher(keyring)
    await cipher.seal(place, cardOf(testCards.visa))
    await (await another()).rotate({ purpose: 'fingerprint', owner: undefined, actor })
    await keyring.reload()
    await cipher.seal(place, cardOf(testCards.visa))
    expect(store.reservations()).toBe(1)
  })

  test('that is asked for while another runs sees what changed in between', async () => {
    const { store, provider, keyring } = await makeFixture()
    const gates: (() => void)[] = []
    const gated = {
      ...store,
      keySet: async () => {
        const keySet = await store.keySet()
        if (gates.length > 0) await new Promise<void>((resolve) => gates.push(resolve))
        return keySet
      },
    }
    const follower = await createKeyring({ ...ports(), store: gated, provider })
    gates.push(() => {})
    const early = follower.reload()
    await keyring.rotate({ purpose: 'card', owner: scopeOwner(place), actor })
    const late = [follower.reload(), follower.reload()]
    const release = gates.splice(0)
    for (const open of release) open()
    await Promise.all([early, ...late])
    expect(follower.find('card', scopeOwner(place))?.active?.record.version).toBe(2)
  })

  test('that fails leaves the keys of before in use, and the next one may succeed', async () => {
    const { store, provider, keyring } = await makeFixture()
    let fails = false
    const failing: RootKeyProvider = {
      ...provider,
      unwrap: (wrapped, aad) => {
        if (fails) throw new UnavailableError('no key service')
        return provider.unwrap(wrapped, aad)
      },
    }
    const follower = await createKeyring({ ...ports(), store, provider: failing })
    await keyring.rotate({ purpose: 'card', owner: undefined, actor })
    fails = true
    await expect(follower.reload()).rejects.toBeInstanceOf(UnavailableError)
    expect(follower.find('card', scopeOwner(place))?.active?.record.version).toBe(1)
    fails = false
    await follower.reload()
    expect(follower.find('card', scopeOwner(place))?.active?.record.version).toBe(2)
  })
})
