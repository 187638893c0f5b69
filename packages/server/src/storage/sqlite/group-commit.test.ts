import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ConstraintViolation, type Database, openDatabase } from './database.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'

describe('a group of work', () => {
  let database: Database
  let groups: GroupCommit<string>
  /** One for each transaction. */
  let beganInTurn: number[]
  let turn = 0

  const setUp = (): void => {
    database = openDatabase(join(makeWorkspace().path, 'groups.db'))
    database.exec('create table lines (text text not null primary key) strict')
    beganInTurn = []
    groups = createGroupCommit({
      database,
      patience: { attempts: 3, pauseMs: 1 },
      begun: () => {
        beganInTurn.push(turn)
      },
    })
  }
  beforeEach(setUp)
  afterEach(() => {
    database.close()
  })

  const insert = (text: string): undefined => {
    database.prepare('insert into lines values (?1)').run(text)
  }
  const written = (): readonly unknown[] =>
    database
      .prepare('select text from lines order by text')
      .all()
      .map((row) => row['text'])
  const write = (text: string) => groups.submit({ run: () => insert(text) })
  const refuseAfter = (text: string) =>
    groups.submit({
      run: () => {
        insert(text)
        return `refused ${text}`
      },
    })

  test('that is submitted in one turn is one transaction', async () => {
    await Promise.all(['a', 'b', 'c'].map(write))
    expect(beganInTurn).toHaveLength(1)
    expect(written()).toEqual(['a', 'b', 'c'])
  })

  test('that comes while nothing waits is written at once', async () => {
    await write('a')
    await write('b')
    expect(beganInTurn).toHaveLength(2)
  })

  test('is written but for what refuses or breaks', async () => {
    const results = await Promise.allSettled([
      write('a'),
      refuseAfter('b'),
      write('c'),
      groups.submit({
        run: () => {
          insert('d')
          insert('a')
          return undefined
        },
      }),
      write('e'),
    ])
    expect(results).toEqual([
      { status: 'fulfilled', value: undefined },
      { status: 'fulfilled', value: 'refused b' },
      { status: 'fulfilled', value: undefined },
      { status: 'rejected', reason: expect.any(ConstraintViolation) as unknown },
      { status: 'fulfilled', value: undefined },
    ])
    expect(written()).toEqual(['a', 'c', 'e'])
  })

  test('of one piece that refuses writes nothing, and the next finds no transaction open', async () => {
    expect(await refuseAfter('a')).toBe('refused a')
    expect(database.isInTransaction()).toBe(false)
    expect(written()).toEqual([])
    await write('b')
    expect(written()).toEqual(['b'])
  })

  test('has at most 256 pieces, and the event loop turns before the rest', async () => {
    let ticking = setImmediate(function tick() {
      turn++
      ticking = setImmediate(tick)
    })
    await Promise.all(Array.from({ length: 257 }, (_, at) => write(String(at))))
    clearImmediate(ticking)
    expect(beganInTurn).toHaveLength(2)
    expect(new Set(beganInTurn).size).toBe(2)
  })

  test('fails as a whole where the database failed under one piece', async () => {
    const outage = new UnavailableError('the disk is full')
    const results = await Promise.allSettled([
      write('a'),
      groups.submit({
        run: () => {
          throw outage
        },
      }),
      write('c'),
    ])
    for (const result of results) expect(result).toEqual({ status: 'rejected', reason: outage })
    expect(written()).toEqual([])
  })

  test('fails as a whole where the database ended its transaction', async () => {
    const results = await Promise.allSettled([
      write('a'),
      groups.submit({
        run: () => {
          database.exec('rollback')
          throw new Error('the transaction is gone')
        },
      }),
      write('c'),
    ])
    for (const result of results)
      expect(result).toEqual({ status: 'rejected', reason: expect.any(UnavailableError) as unknown })
    expect(written()).toEqual([])
    await write('d')
    expect(written()).toEqual(['d'])
  })
})
