import { epochMs } from '@cardkeep/core/kernel/time'
import type { KeyRecord } from '@cardkeep/core/keys'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

export const keyConformance = (bench: Bench): void => {
  const theKey = async (id: KeyRecord['id']): Promise<KeyRecord | undefined> =>
    (await bench.store.keys()).find((key) => key.id === id)

  describe('keys', () => {
    test('are read as they were put, with every field', async () => {
      const { records, put } = bench
      const plain = records.key()
      const full = records.key({
        purpose: 'audit',
        owner: { type: 'vault', id: '' },
        environment: undefined,
        algorithm: 'Ed25519',
        version: 3,
        state: 'decrypt-only',
        createdAt: epochMs(records.at + 1),
        expiresAt: epochMs(records.at + 2),
        publicKey: records.bytes(44),
        reservedSeals: 2 ** 40,
      })
      await put({ type: 'put-key', key: full }, { type: 'put-key', key: plain })
      expect(await bench.store.keys()).toEqual([plain, full])
    })

    test('have an id of their own, and a version of their own for each purpose and owner', async () => {
      const { store, records, put } = bench
      for (const owner of [
        { type: 'vault', id: '' } as const,
        { type: 'tenant', id: records.id() } as const,
      ]) {
        const key = records.key({ owner })
        await put({ type: 'put-key', key })
        for (const other of [records.key({ id: key.id }), records.key({ owner })])
          expect(await store.commit([{ type: 'put-key', key: other }])).toEqual(conflict('put-key'))
        await put({ type: 'put-key', key: records.key({ owner, version: 2 }) })
        await put({ type: 'put-key', key: records.key({ owner, purpose: 'fingerprint' }) })
      }
    })

    test('change state together with what wraps them', async () => {
      const { store, records, put } = bench
      const key = records.key()
      const wrapped = new Uint8Array()
      await put({ type: 'put-key', key })
      await put({ type: 'set-key-state', id: key.id, state: 'destroyed', wrapped })
      expect(await theKey(key.id)).toEqual({ ...key, state: 'destroyed', wrapped })
      expect(
        await store.commit([{ type: 'set-key-state', id: records.id(), state: 'destroyed', wrapped }]),
      ).toEqual(conflict('set-key-state'))
    })

    test('reserve more seals, never as many or fewer', async () => {
      const { store, records, put } = bench
      const key = records.key()
      await put({ type: 'put-key', key })
      await put({ type: 'reserve-seals', id: key.id, upTo: 1000 })
      for (const upTo of [1000, 999])
        expect(await store.commit([{ type: 'reserve-seals', id: key.id, upTo }])).toEqual(
          conflict('reserve-seals'),
        )
      await put({ type: 'reserve-seals', id: key.id, upTo: 1001 })
      expect(await theKey(key.id)).toEqual({ ...key, reservedSeals: 1001 })
      expect(await store.commit([{ type: 'reserve-seals', id: records.id(), upTo: 1 }])).toEqual(
        conflict('reserve-seals'),
      )
    })
  })

  test('the key set counts up from 1 without a gap', async () => {
    const { store, records, put } = bench
    expect(await store.keySet()).toBeUndefined()
    const set = (counter: number) => ({ counter, sealedDigest: records.bytes(60) })
    expect(await store.commit([{ type: 'put-key-set', keySet: set(2) }])).toEqual(conflict('put-key-set'))
    const [first, second] = [set(1), set(2)]
    await put({ type: 'put-key-set', keySet: first })
    expect(await store.keySet()).toEqual(first)
    for (const counter of [1, 3])
      expect(await store.commit([{ type: 'put-key-set', keySet: set(counter) }])).toEqual(
        conflict('put-key-set'),
      )
    await put({ type: 'put-key-set', keySet: second })
    expect(await store.keySet()).toEqual(second)
  })

  test('the vault is open until it is sealed, and may be told twice', async () => {
    const { store, put } = bench
    expect(await store.isSealed()).toBe(false)
    await put({ type: 'seal-vault', sealed: true })
    await put({ type: 'seal-vault', sealed: true })
    expect(await store.isSealed()).toBe(true)
    await put({ type: 'seal-vault', sealed: false })
    expect(await store.isSealed()).toBe(false)
  })

  test('the latest time that a client captured ahead of its own is remembered, and never an earlier one', async () => {
    const { store, put } = bench
    expect(await store.capturedUntil()).toBe(0)
    for (const until of [2_000, 3_000, 1_000])
      await put({ type: 'note-captured-ahead', until: epochMs(until) })
    expect(await store.capturedUntil()).toBe(3_000)
  })
}
