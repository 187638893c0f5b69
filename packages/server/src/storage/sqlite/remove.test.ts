import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test, vi } from 'vitest'
import { openDatabase } from './database.ts'
import { prepareStatements } from './prepare.ts'
import { removeLeftovers } from './remove.ts'
import { openSqliteStore } from './store.ts'

describe('what a change leaves to be removed', () => {
  const records = createRecords()

  /** A log of four entries, cut after the second, where an outage kept the first two from being removed. */
  const cutShort = async () => {
    const file = join(makeWorkspace().path, 'cardkeep.db')
    const store = await openSqliteStore({ file })
    await store.commit([1, 2, 3, 4].map(() => records.audit()))
    const entries = await store.auditEntries(0, 4)
    const [first, second] = entries.map((entry) => records.checkpoint(entry))
    if (!first || !second) throw new Error('two entries')
    for (const checkpoint of [first, second]) await store.commit([{ type: 'put-checkpoint', checkpoint }])
    const database = openDatabase(file)
    database.prepare('insert into audit_anchors values (0, ?1, ?2, 1)').run(second.seq, second.hash)
    return { store, database, entries, second }
  }

  test('is gone for every reader at once', async () => {
    const { store, database, entries, second } = await cutShort()
    expect(await store.auditEntries(0, 10)).toEqual(entries.slice(2))
    expect(await store.auditEntries(3, 10)).toEqual(entries.slice(3))
    expect(await store.checkpoints()).toEqual([second])
    database.close()
    await store.close()
  })

  test('goes with the next such change', async () => {
    const { store, database, entries } = await cutShort()
    const third = entries[2]
    if (!third) throw new Error('three entries')
    await store.commit([{ type: 'put-checkpoint', checkpoint: records.checkpoint(third) }])
    await store.commit([
      { type: 'archive-audit', anchor: { chain: 0, seq: third.seq, hash: third.hash, at: records.at } },
    ])
    expect(database.prepare('select count(*) as entries from audit_entries').get()).toEqual({ entries: 1 })
    expect(database.prepare('select count(*) as signed from audit_checkpoints').get()).toEqual({ signed: 1 })
    database.close()
    await store.close()
  })

  test('stays where an outage comes in between, and what was committed stands', async () => {
    const { store, database } = await cutShort()
    const prepared = prepareStatements(database)
    const changes = [{ type: 'purge-idempotency' as const, before: records.at }]
    const submit = vi.fn(async () => {
      throw new UnavailableError('the disk is full')
    })
    await removeLeftovers(prepared, { submit, drain: async () => {} }, changes)
    expect(submit).toHaveBeenCalledTimes(1)
    const broken = async (): Promise<undefined> => {
      throw new Error('a bug')
    }
    await expect(
      removeLeftovers(prepared, { submit: broken, drain: async () => {} }, changes),
    ).rejects.toThrow('a bug')
    database.close()
    await store.close()
  })
})
