import { join } from 'node:path'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test } from 'vitest'
import { copyDatabase, openDatabase } from './database.ts'

/** More than is copied at a time. */
const bytes = 20_000_000

test('a copy is of the moment at which it began, and comes to an end however much is written meanwhile', async () => {
  const { path: folder } = makeWorkspace()
  const from = join(folder, 'from.db')
  const writer = openDatabase(from)
  writer.exec(`create table things (no integer primary key, thing blob);
    insert into things (thing) values (randomblob(${bytes}))`)
  let pieces = 0
  await copyDatabase(from, join(folder, 'to.db'), () => {
    pieces++
    writer.exec('insert into things (thing) values (randomblob(10))')
  })
  expect(pieces).toBeGreaterThan(2)
  const count = 'select count(*) as things, sum(length(thing)) as bytes from things'
  const copy = openDatabase(join(folder, 'to.db'))
  expect(copy.prepare(count).get()).toEqual({ things: 1, bytes })
  expect(writer.prepare(count).get()).toEqual({ things: 1 + pieces, bytes: bytes + 10 * pieces })
  copy.close()
  writer.close()
})
