import { join } from 'node:path'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test } from 'vitest'
import { statements } from '../sql/statements.ts'
import { openDatabase } from './database.ts'
import { toSqlite } from './prepare.ts'
import { openSqliteStore } from './store.ts'

test('no statement walks through or sorts a table that grows with the traffic', async () => {
  const file = join(makeWorkspace().path, 'cardkeep.db')
  await (await openSqliteStore({ file })).close()
  const database = openDatabase(file)
  const costly = Object.entries(statements).filter(([, sql]) => {
    const plan = database.prepare(`explain query plan ${toSqlite(sql)}`).all()
    return plan.some(({ detail }) => /^SCAN|TEMP B-TREE/.test(String(detail)))
  })
  database.close()
  expect(costly.map(([name]) => name).toSorted()).toEqual([
    // The head is the end of the chain: one step from behind.
    'auditHead',
    // All are wanted, along an index, …
    'checkpoints',
    // … and these are as many as operators have made.
    'credentials',
    'credentialsOfTenant',
    'destinations',
    'keys',
    // From behind as well.
    'lastCheckpoint',
    'tenants',
  ])
})
