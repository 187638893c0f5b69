import { createHash } from 'node:crypto'
import { writeEntry } from '@cardkeep/core/audit/entry'
import type { AuditCheckpoint, Change } from '@cardkeep/core/changes'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { AuditHead, StoredAuditEntry } from '@cardkeep/core/ports'
import { describe, expect, test } from 'vitest'
import { type Bench, conflict } from './bench.ts'

export const auditConformance = (bench: Bench): void => {
  describe('the audit chain', () => {
    test('begins at 0 with zeros', async () => {
      expect(await bench.store.auditHead()).toEqual({ seq: 0, hash: new Uint8Array(32) })
      expect(await bench.store.auditEntries(0, 10)).toEqual([])
    })

    test('holds each entry as it is written, hashed with the one before', async () => {
      const { store, records, put } = bench
      const changes = [1, 2, 3].map(() => records.audit())
      const [first, second, third] = changes
      if (!first || !second || !third) throw new Error('three entries')
      await put(first, second)
      await put(third)
      const entries = await store.auditEntries(0, 10)
      expect(entries.map(({ text }) => text)).toEqual(
        changes.map(({ entry }, at) => writeEntry(at + 1, entry)),
      )
      needsChain(entries, 3)
      expect(await store.auditHead()).toEqual(headOf(entries))
    })

    test('is read in order after a place, and no more than asked for', async () => {
      const { store, records, put } = bench
      await put(...Array.from({ length: 5 }, () => records.audit()))
      expect((await store.auditEntries(1, 3)).map(({ seq }) => seq)).toEqual([2, 3, 4])
      expect((await store.auditEntries(4, 3)).map(({ seq }) => seq)).toEqual([5])
      expect(await store.auditEntries(5, 3)).toEqual([])
    })

    test('has no gap where lists at once are in conflict', async () => {
      const { store, records, put } = bench
      const scope = records.scope()
      await put({ type: 'put-scope', scope })
      const lists = Array.from({ length: 30 }, (_, at) =>
        at % 3 === 1
          ? [records.audit(), { type: 'put-scope' as const, scope }, records.audit()]
          : [records.audit(), records.audit()],
      )
      await Promise.all(lists.map((list) => store.commit(list)))
      const entries = await store.auditEntries(0, 100)
      needsChain(entries, 40)
      expect(await store.auditHead()).toEqual(headOf(entries))
    })

    test('is one chain for two stores that write by turns', async () => {
      const { store, records, openAnother } = bench
      const another = await openAnother()
      for (let turn = 0; turn < 6; turn++)
        for (const writer of turn % 2 ? [store, another] : [another, store])
          expect((await writer.commit([records.audit(), records.audit()])).ok).toBe(true)
      needsChain(await store.auditEntries(0, 100), 24)
      expect(await store.auditHead()).toEqual(await another.auditHead())
    })

    test('is one chain for two stores that write at once', async () => {
      const { store, records, openAnother } = bench
      const another = await openAnother()
      const writers = Array.from({ length: 60 }, (_, at) => (at % 2 ? store : another))
      const results = await Promise.all(writers.map((writer) => writer.commit([records.audit()])))
      expect(results.every(({ ok }) => ok)).toBe(true)
      needsChain(await another.auditEntries(0, 100), 60)
    })
  })

  describe('checkpoints', () => {
    test('are kept for entries that the chain holds, in the order of the chain', async () => {
      const { store, records, put } = bench
      await put(records.audit(), records.audit(), records.audit())
      const [first, , third] = (await store.auditEntries(0, 3)).map((entry) => records.checkpoint(entry))
      if (!first || !third) throw new Error('three entries')
      await put({ type: 'put-checkpoint', checkpoint: third })
      await put({ type: 'put-checkpoint', checkpoint: first })
      expect(await store.checkpoints()).toEqual([first, third])
      expect(await store.lastCheckpoint()).toEqual(third)
    })

    test('are refused for what the chain does not hold', async () => {
      const { store, records, put } = bench
      const put0 = records.checkpoint(await store.auditHead())
      await put(records.audit(), records.audit())
      const head = await store.auditHead()
      const [before] = await store.auditEntries(0, 1)
      if (!before) throw new Error('two entries')
      const wrong = [
        put0,
        records.checkpoint({ seq: head.seq, hash: records.bytes(32) }),
        records.checkpoint({ seq: head.seq, hash: before.hash }),
        records.checkpoint({ seq: head.seq + 1, hash: head.hash }),
      ]
      for (const checkpoint of wrong)
        expect(await store.commit([{ type: 'put-checkpoint', checkpoint }])).toEqual(
          conflict('put-checkpoint'),
        )
      expect(await store.checkpoints()).toEqual([])
      expect(await store.lastCheckpoint()).toBeUndefined()
    })
  })

  test('shipments say for each sink how far it is', async () => {
    const { store, records, put } = bench
    expect(await store.auditShipments()).toEqual([])
    const shipped = (sink: string, seq: number, ms: number) => ({
      type: 'ship-audit' as const,
      shipment: { sink, seq, at: epochMs(records.at + ms) },
    })
    await put(shipped('syslog', 3, 0), shipped('file', 7, 1))
    await put(shipped('syslog', 5, 2))
    expect(await store.auditShipments()).toEqual([
      shipped('file', 7, 1).shipment,
      shipped('syslog', 5, 2).shipment,
    ])
  })

  describe('an archived log', () => {
    /** Entries, each with a checkpoint. */
    const fill = async (count: number): Promise<readonly AuditCheckpoint[]> => {
      await bench.put(...Array.from({ length: count }, () => bench.records.audit()))
      const entries = await bench.store.auditEntries(0, count)
      const checkpoints = entries.map((entry) => bench.records.checkpoint(entry))
      await bench.put(...checkpoints.map((checkpoint): Change => ({ type: 'put-checkpoint', checkpoint })))
      return checkpoints
    }
    const archive = ({ seq, hash }: AuditHead, ms = 0) => ({
      type: 'archive-audit' as const,
      anchor: { seq, hash, at: epochMs(bench.records.at + ms) },
    })

    test('begins after its anchor, and goes on at its head', async () => {
      const { store, records, put } = bench
      const checkpoints = await fill(5)
      const entries = await store.auditEntries(0, 10)
      const [, , third, fourth] = checkpoints
      if (!third || !fourth) throw new Error('four checkpoints')
      expect(await store.auditAnchor()).toBeUndefined()
      await put(archive(third))
      expect(await store.auditAnchor()).toEqual(archive(third).anchor)
      expect(await store.auditEntries(0, 10)).toEqual(entries.slice(3))
      expect(await store.auditEntries(4, 10)).toEqual(entries.slice(4))
      expect(await store.checkpoints()).toEqual(checkpoints.slice(2))
      await put(records.audit())
      expect((await store.auditHead()).seq).toBe(6)
      await put(archive(fourth, 9))
      expect(await store.auditAnchor()).toEqual(archive(fourth, 9).anchor)
      expect((await store.auditEntries(0, 10)).map(({ seq }) => seq)).toEqual([5, 6])
    })

    test('is cut only at a checkpoint with an entry after it', async () => {
      const { store, records, put } = bench
      await put(records.audit(), records.audit(), records.audit())
      const [first, second, third] = await store.auditEntries(0, 3)
      if (!first || !second || !third) throw new Error('three entries')
      for (const entry of [second, third])
        await put({ type: 'put-checkpoint', checkpoint: records.checkpoint(entry) })
      for (const wrong of [first, { ...second, hash: first.hash }, third, { ...third, seq: 4 }])
        expect(await store.commit([archive(wrong)])).toEqual(conflict('archive-audit'))
      expect(await store.auditAnchor()).toBeUndefined()
      expect(await store.auditEntries(0, 10)).toHaveLength(3)
      await put(records.audit(), archive(third))
      expect((await store.auditEntries(0, 10)).map(({ seq }) => seq)).toEqual([4])
    })

    test('is gone however long it was, and not cut further back afterwards', async () => {
      const { store } = bench
      const checkpoints = await fill(2_300)
      const [back, cut] = [checkpoints[5], checkpoints[2_250]]
      if (!back || !cut) throw new Error('two checkpoints')
      await bench.put(archive(cut))
      expect(await store.auditEntries(0, 3_000)).toHaveLength(49)
      expect(await store.checkpoints()).toHaveLength(50)
      expect(await store.commit([archive(back)])).toEqual(conflict('archive-audit'))
      expect((await store.auditAnchor())?.seq).toBe(cut.seq)
    })
  })
}

/** SHA-256 over the hash before and the text, places from 1 without a gap: computed here once more, apart from any store. */
const needsChain = (entries: readonly StoredAuditEntry[], length: number): void => {
  let previous: Uint8Array = new Uint8Array(32)
  for (const [at, { seq, text, hash }] of entries.entries()) {
    expect(seq).toBe(at + 1)
    const expected = createHash('sha256').update(previous).update(text, 'utf8').digest('hex')
    expect(Buffer.from(hash).toString('hex')).toBe(expected)
    previous = hash
  }
  expect(entries).toHaveLength(length)
}

const headOf = (entries: readonly StoredAuditEntry[]): AuditHead | undefined => {
  const last = entries.at(-1)
  return last && { seq: last.seq, hash: last.hash }
}
