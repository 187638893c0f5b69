import { createHash } from 'node:crypto'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import { writeEntry } from '@cardkeep/core/audit/entry'
import type { AuditCheckpoint, Change } from '@cardkeep/core/changes'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { AuditHead, StoredAuditEntry } from '@cardkeep/core/ports'
import { describe, expect, test } from 'vitest'
import type { AuditStore } from '../doubles/audit-log.ts'
import { type AuditBench, conflict } from './bench.ts'

export const auditConformance = (bench: AuditBench): void => {
  /** Entries of the chain that the store under test writes. */
  const entriesAfter = (seq: number, limit: number, store = bench.store) =>
    store.auditEntries(seq, limit, bench.chain)
  const headNow = (store = bench.store) => store.auditHead(bench.chain)
  /** One that nobody has begun. */
  const unknownChain = (): AuditChain => bench.chain + 1_000

  describe('the audit chain', () => {
    test('begins at 0 with the number of the chain', async () => {
      expect(await headNow()).toEqual({ chain: bench.chain, seq: 0, hash: numberAsHash(bench.chain) })
      expect(await entriesAfter(0, 10)).toEqual([])
    })

    test('is told beside the main one, which is the first and meant where none is named', async () => {
      const { store, records, put } = bench
      await put(records.audit())
      const chains = await store.auditChains()
      expect(chains[0]).toBe(mainChain)
      expect(chains).toContain(bench.chain)
      expect(new Set(chains).size).toBe(chains.length)
      expect(await store.auditHead()).toEqual(await store.auditHead(mainChain))
      expect(await store.auditEntries(0, 10)).toEqual(await store.auditEntries(0, 10, mainChain))
    })

    test('holds each entry as it is written, hashed with the one before', async () => {
      const { records, put } = bench
      const changes = [1, 2, 3].map(() => records.audit())
      const [first, second, third] = changes
      if (!first || !second || !third) throw new Error('three entries')
      await put(first, second)
      await put(third)
      const entries = await entriesAfter(0, 10)
      expect(entries.map(({ text }) => text)).toEqual(
        changes.map(({ entry }, at) => writeEntry(at + 1, entry)),
      )
      expect(entries).toHaveLength(3)
      needsChain(bench.chain, entries)
      expect(await headNow()).toEqual(headOf(bench.chain, entries))
    })

    test('is read in order after a place, and no more than asked for', async () => {
      const { records, put } = bench
      await put(...Array.from({ length: 5 }, () => records.audit()))
      expect((await entriesAfter(1, 3)).map(({ seq }) => seq)).toEqual([2, 3, 4])
      expect((await entriesAfter(4, 3)).map(({ seq }) => seq)).toEqual([5])
      expect(await entriesAfter(5, 3)).toEqual([])
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
      const entries = await entriesAfter(0, 100)
      expect(entries).toHaveLength(40)
      needsChain(bench.chain, entries)
      expect(await headNow()).toEqual(headOf(bench.chain, entries))
    })

    test('is whole where two stores write by turns', async () => {
      const { store, records, openAnother } = bench
      const another = await openAnother()
      for (let turn = 0; turn < 6; turn++)
        for (const writer of turn % 2 ? [store, another] : [another, store])
          expect((await writer.commit([records.audit(), records.audit()])).ok).toBe(true)
      expect(await countAll(store)).toBe(24)
      for (const chain of await store.auditChains())
        expect(await store.auditHead(chain)).toEqual(await another.auditHead(chain))
    })

    test('is whole where two stores write at once', async () => {
      const { store, records, openAnother } = bench
      const another = await openAnother()
      const writers = Array.from({ length: 60 }, (_, at) => (at % 2 ? store : another))
      const results = await Promise.all(writers.map((writer) => writer.commit([records.audit()])))
      expect(results.every(({ ok }) => ok)).toBe(true)
      expect(await countAll(another)).toBe(60)
    })

    test('has nothing of what another chain has', async () => {
      const { store, records, put, chain } = bench
      await put(records.audit(), records.audit())
      const [first] = await entriesAfter(0, 1)
      if (!first) throw new Error('an entry')
      await put({ type: 'put-checkpoint', checkpoint: records.checkpoint({ ...first, chain }) })
      for (const other of [unknownChain(), ...(chain === mainChain ? [] : [mainChain])]) {
        const moved = { ...first, chain: other }
        const checkpoint = records.checkpoint(moved)
        expect(await store.commit([{ type: 'put-checkpoint', checkpoint }])).toEqual(
          conflict('put-checkpoint'),
        )
        const anchor = { chain: other, seq: first.seq, hash: first.hash, at: records.at }
        expect(await store.commit([{ type: 'archive-audit', anchor }])).toEqual(conflict('archive-audit'))
        expect(await store.checkpoints(other)).toEqual([])
        expect(await store.lastCheckpoint(other)).toBeUndefined()
        expect(await store.auditAnchor(other)).toBeUndefined()
        expect((await store.auditEntries(0, 10, other)).map(({ text }) => text)).not.toContain(first.text)
      }
      const nowhere = unknownChain()
      expect(await store.auditHead(nowhere)).toEqual({
        chain: nowhere,
        seq: 0,
        hash: numberAsHash(nowhere),
      })
    })
  })

  describe('checkpoints', () => {
    test('are kept for entries that the chain holds, in the order of the chain', async () => {
      const { store, records, put, chain } = bench
      await put(records.audit(), records.audit(), records.audit())
      const [first, , third] = (await entriesAfter(0, 3)).map((entry) =>
        records.checkpoint({ ...entry, chain }),
      )
      if (!first || !third) throw new Error('three entries')
      await put({ type: 'put-checkpoint', checkpoint: third })
      await put({ type: 'put-checkpoint', checkpoint: first })
      expect(await store.checkpoints(chain)).toEqual([first, third])
      expect(await store.lastCheckpoint(chain)).toEqual(third)
    })

    test('are refused for what the chain does not hold', async () => {
      const { store, records, put, chain } = bench
      const put0 = records.checkpoint(await headNow())
      await put(records.audit(), records.audit())
      const head = await headNow()
      const [before] = await entriesAfter(0, 1)
      if (!before) throw new Error('two entries')
      const wrong = [
        put0,
        records.checkpoint({ ...head, hash: records.bytes(32) }),
        records.checkpoint({ ...head, hash: before.hash }),
        records.checkpoint({ ...head, seq: head.seq + 1 }),
      ]
      for (const checkpoint of wrong)
        expect(await store.commit([{ type: 'put-checkpoint', checkpoint }])).toEqual(
          conflict('put-checkpoint'),
        )
      expect(await store.checkpoints(chain)).toEqual([])
      expect(await store.lastCheckpoint(chain)).toBeUndefined()
    })
  })

  test('shipments say for each sink and chain how far it is', async () => {
    const { store, records, put, chain } = bench
    expect(await store.auditShipments()).toEqual([])
    const shipped = (sink: string, seq: number, ms: number, of = chain) => ({
      type: 'ship-audit' as const,
      shipment: { sink, chain: of, seq, at: epochMs(records.at + ms) },
    })
    await put(shipped('syslog', 3, 0), shipped('file', 7, 1))
    await put(shipped('syslog', 9, 3, unknownChain()))
    await put(shipped('syslog', 5, 2))
    expect(await store.auditShipments()).toEqual([
      shipped('file', 7, 1).shipment,
      shipped('syslog', 5, 2).shipment,
      shipped('syslog', 9, 3, unknownChain()).shipment,
    ])
  })

  describe('an archived log', () => {
    /** Entries, each with a checkpoint. */
    const fill = async (count: number): Promise<readonly AuditCheckpoint[]> => {
      await bench.put(...Array.from({ length: count }, () => bench.records.audit()))
      const entries = await entriesAfter(0, count)
      const checkpoints = entries.map((entry) => bench.records.checkpoint({ ...entry, chain: bench.chain }))
      await bench.put(...checkpoints.map((checkpoint): Change => ({ type: 'put-checkpoint', checkpoint })))
      return checkpoints
    }
    const archive = ({ seq, hash }: Pick<AuditHead, 'seq' | 'hash'>, ms = 0) => ({
      type: 'archive-audit' as const,
      anchor: { chain: bench.chain, seq, hash, at: epochMs(bench.records.at + ms) },
    })

    test('begins after its anchor, and goes on at its head', async () => {
      const { store, records, put } = bench
      const checkpoints = await fill(5)
      const entries = await entriesAfter(0, 10)
      const [, , third, fourth] = checkpoints
      if (!third || !fourth) throw new Error('four checkpoints')
      expect(await store.auditAnchor(bench.chain)).toBeUndefined()
      await put(archive(third))
      expect(await store.auditAnchor(bench.chain)).toEqual(archive(third).anchor)
      expect(await entriesAfter(0, 10)).toEqual(entries.slice(3))
      expect(await entriesAfter(4, 10)).toEqual(entries.slice(4))
      expect(await store.checkpoints(bench.chain)).toEqual(checkpoints.slice(2))
      await put(records.audit())
      expect((await headNow()).seq).toBe(6)
      await put(archive(fourth, 9))
      expect(await store.auditAnchor(bench.chain)).toEqual(archive(fourth, 9).anchor)
      expect((await entriesAfter(0, 10)).map(({ seq }) => seq)).toEqual([5, 6])
    })

    test('is cut only at a checkpoint with an entry after it', async () => {
      const { store, records, put } = bench
      await put(records.audit(), records.audit(), records.audit())
      const [first, second, third] = await entriesAfter(0, 3)
      if (!first || !second || !third) throw new Error('three entries')
      for (const entry of [second, third])
        await put({
          type: 'put-checkpoint',
          checkpoint: records.checkpoint({ ...entry, chain: bench.chain }),
        })
      for (const wrong of [first, { ...second, hash: first.hash }, third, { ...third, seq: 4 }])
        expect(await store.commit([archive(wrong)])).toEqual(conflict('archive-audit'))
      expect(await store.auditAnchor(bench.chain)).toBeUndefined()
      expect(await entriesAfter(0, 10)).toHaveLength(3)
      await put(records.audit(), archive(third))
      expect((await entriesAfter(0, 10)).map(({ seq }) => seq)).toEqual([4])
    })

    test('is gone however long it was, and not cut further back afterwards', async () => {
      const { store } = bench
      const checkpoints = await fill(2_300)
      const [back, cut] = [checkpoints[5], checkpoints[2_250]]
      if (!back || !cut) throw new Error('two checkpoints')
      await bench.put(archive(cut))
      expect(await entriesAfter(0, 3_000)).toHaveLength(49)
      expect(await store.checkpoints(bench.chain)).toHaveLength(50)
      expect(await store.commit([archive(back)])).toEqual(conflict('archive-audit'))
      expect((await store.auditAnchor(bench.chain))?.seq).toBe(cut.seq)
    })
  })
}

/** How many entries the tests wrote to all chains together; each chain must hold. */
const countAll = async (store: AuditStore): Promise<number> => {
  let count = 0
  for (const chain of await store.auditChains()) {
    const entries = await store.auditEntries(0, 1_000, chain)
    needsChain(chain, entries)
    // Where each store has a chain of its own, the main one names them.
    count += entries.filter(({ text }) => !text.includes('"audit.chain-begun"')).length
  }
  return count
}

/** SHA-256 over the hash before and the text, places from 1 without a gap: computed here once more, apart from any store. */
const needsChain = (chain: AuditChain, entries: readonly StoredAuditEntry[]): void => {
  let previous = numberAsHash(chain)
  for (const [at, { seq, text, hash }] of entries.entries()) {
    expect(seq).toBe(at + 1)
    const expected = createHash('sha256').update(previous).update(text, 'utf8').digest('hex')
    expect(Buffer.from(hash).toString('hex')).toBe(expected)
    previous = hash
  }
}

/** 32 bytes in big-endian order. */
const numberAsHash = (chain: AuditChain): Uint8Array => {
  const hash = new Uint8Array(32)
  new DataView(hash.buffer).setBigUint64(24, BigInt(chain))
  return hash
}

const headOf = (chain: AuditChain, entries: readonly StoredAuditEntry[]): AuditHead | undefined => {
  const last = entries.at(-1)
  return last && { chain, seq: last.seq, hash: last.hash }
}
