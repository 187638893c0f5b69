import type { KeyRecord } from '@cardkeep/core/keys'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, placeAt, scopeOwner } from '@cardkeep/testing/keys/fixture'
import { createMemoryRootKey } from '@cardkeep/testing/keys/memory-root-key'
import * as vectors from '@cardkeep/testing/keys/vectors'
import { expect, test } from 'vitest'
import { keyKinds } from './key-kinds.ts'
import { createKeyRecord, encodeRecord, loadKeyRecord, rewrapKeyRecord } from './key-record.ts'
import { createSnapshot } from './key-snapshot.ts'

const provider = createMemoryRootKey(vectors.rootKey)
const recordOf = (purpose: string): KeyRecord => {
  const record = vectors.records.find((known) => known.purpose === purpose)
  if (!record) throw new Error('no such record')
  return record
}

const cannotUnwrap = /do not open|another form/

// What the set of keys refuses as a whole is refused by each record as well: the set could be skipped by a mistake of ours.
test.each<[string, Partial<KeyRecord>]>([
  ['id', { id: recordOf('fingerprint').id }],
  ['purpose', { purpose: 'code' }],
  ['owner', { owner: scopeOwner(placeAt(3, 3)) }],
  ['environment', { environment: 'test' }],
  ['algorithm', { algorithm: 'HMAC-SHA-256' }],
  ['version', { version: 3 }],
  ['state', { state: 'active' }],
  ['creation time', { createdAt: recordOf('card').expiresAt }],
  ['expiry', { expiresAt: recordOf('card').createdAt }],
  ['check value', { checkValue: recordOf('fingerprint').checkValue }],
  ['public half', { publicKey: new Uint8Array(44) }],
  ['wrapped key', { wrapped: recordOf('fingerprint').wrapped }],
])('a key does not unwrap when its %s was changed', async (_, change) => {
  await expect(loadKeyRecord(provider, { ...recordOf('card'), ...change })).rejects.toThrow('do not open')
})

test('the count of seals is the one field that may change', async () => {
  const key = await loadKeyRecord(provider, { ...recordOf('card'), reservedSeals: 65_536 })
  expect(key.export()).toEqual(Buffer.alloc(32, 0x24))
})

test('no bit of a wrapped key can change, and no length is short enough', async () => {
  const record = recordOf('card')
  for (let at = 0; at < record.wrapped.length; at++) {
    const flipped = record.wrapped.with(at, (record.wrapped[at] ?? 0) ^ (1 << (at % 8)))
    await expect(loadKeyRecord(provider, { ...record, wrapped: flipped })).rejects.toThrow(cannotUnwrap)
    await expect(
      loadKeyRecord(provider, { ...record, wrapped: record.wrapped.subarray(0, at) }),
    ).rejects.toThrow(cannotUnwrap)
  }
})

test('a key keeps its bytes when its state changes, and the old wrapping does not serve the new state', async () => {
  const record = recordOf('fingerprint')
  const retired = await rewrapKeyRecord(provider, record, 'decrypt-only')
  expect(retired).toEqual({ ...record, state: 'decrypt-only', wrapped: retired.wrapped })
  expect((await loadKeyRecord(provider, retired)).export()).toEqual(Buffer.alloc(32, 0x26))
  await expect(loadKeyRecord(provider, { ...retired, wrapped: record.wrapped })).rejects.toThrow(cannotUnwrap)
})

test('a new key expires after the cryptoperiod of its kind', async () => {
  const now = createFixedClock().now()
  for (const kind of keyKinds) {
    const id = recordOf('card').id
    const made = await createKeyRecord(provider, {
      id,
      kind,
      owner: { type: kind.owner, id: '' },
      environment: undefined,
      version: 1,
      createdAt: now,
    })
    expect(made.expiresAt - made.createdAt).toBe(kind.cryptoperiodMs)
    expect(made.publicKey !== undefined).toBe(kind.algorithm === 'Ed25519')
  }
})

test('a signing key with the public half of another is refused', async () => {
  const { store } = await createKeyFixture({ clock: createFixedClock(), ids: createCountingIds() })
  const other = store.rows.records.find(({ publicKey }) => publicKey)?.publicKey
  // A provider that would not look at what it authenticates.
  const careless = {
    ...provider,
    unwrap: (wrapped: Uint8Array) => provider.unwrap(wrapped, encodeRecord(recordOf('audit'))),
  }
  await expect(loadKeyRecord(careless, { ...recordOf('audit'), publicKey: other })).rejects.toThrow(
    'belong together',
  )
  await expect(loadKeyRecord(careless, { ...recordOf('audit'), checkValue: '000000000000' })).rejects.toThrow(
    'check value',
  )
})

test('two active keys of one owner and purpose are refused', async () => {
  const record = { ...recordOf('fingerprint') }
  const key = await loadKeyRecord(provider, record)
  const loaded = { record, key, seals: undefined }
  expect(() =>
    createSnapshot(undefined, [], [loaded, { ...loaded, record: { ...record, version: 2 } }]),
  ).toThrow('active beside another')
})
