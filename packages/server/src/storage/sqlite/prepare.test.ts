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
    // One for each place that gets the log.
    'auditShipments',
    // These are as many as operators have made.
    'credentials',
    'credentialsOfTenant',
    // From behind, as many as are asked for.
    'deadDeliveries',
    'destinations',
    // One step into an index for each webhook, however much waits.
    'dueWebhooks',
    'keys',
    // Counts along an index; the oldest is one step.
    'outboxState',
    // Tables of BINs are as many as were ever imported.
    'removeReplacedBins',
    'replaceBinSets',
    'tenants',
    // An operator looks for a token, in a process of its own.
    'tokensEndingIn',
    'tokensOfTenantEndingIn',
    'webhooks',
    'webhooksOfTenant',
  ])
})
