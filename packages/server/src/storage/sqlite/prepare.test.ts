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
    // Pairs that sign are few for each issuer, retired ones go after an hour.
    'accessKeys',
    'accessKeysOfTenant',
    // Of BINs there are as many as operators have added.
    'addIssuerBin',
    // The head is the end of the chain: one step from behind.
    'auditHead',
    // One for each place that gets the log.
    'auditShipments',
    // Twenty of a tenant that are in use, and those that were a quarter of an hour ago.
    'captureKeys',
    'captureKeysOfTenant',
    // The first ones of each scope that the tenant may use, by an index; see the next test.
    'cardTokensNewestFirst',
    'cardTokensOldestFirst',
    'countCardTokens',
    // Counts along an index, for each issuer.
    'countDueRotations',
    // These are as many as operators have made.
    'credentials',
    'credentialsOfTenant',
    // One of each custodian.
    'cvkComponents',
    // From behind, as many as are asked for.
    'deadDeliveries',
    'destinations',
    // One step into an index for each issuer, past what others have claimed.
    'dueIssuers',
    // As many as are asked for, found in the order of an index.
    'dueRotations',
    // One step into an index for each webhook, however much waits.
    'dueWebhooks',
    // The places of one user are five.
    'enableCredential',
    // Of credentials, which are as many as operators have made.
    'freePlacesBeside',
    'freeUserPlaces',
    // As many as operators have made.
    'issuerBins',
    'issuerBinsOfTenant',
    'issuers',
    'keys',
    // Those of one token, found by an index.
    'networkToken',
    // One step into an index.
    'noCvkComponents',
    // Those of one number, found by an index, in a scope where more than one token of it is an exception.
    'oldestToken',
    'origins',
    'originsOfTenant',
    // Counts along an index; the oldest is one step.
    'outboxState',
    // As many pairs as the issuers have.
    'purgeAccessKeys',
    // As many capture keys as the tenants have.
    'purgeCaptureKeys',
    // The twenty places of a tenant.
    'putCaptureKey',
    // The five places of a user.
    'putUserCredential',
    // Those of one token, as above.
    'removePastNetworkToken',
    // Tables of BINs are as many as were ever imported.
    'removeReplacedBins',
    'replaceBinSets',
    // An operator asks for a calendar, in a process of its own.
    'rotationsAhead',
    'rotationsAheadOfTenant',
    // As many as there are migrations.
    'schema',
    'tenants',
    // An operator looks for a token, in a process of its own.
    'tokensEndingIn',
    'tokensOfTenantEndingIn',
    // As many as operators have made.
    'trustedIssuers',
    // Along an index that has nothing but these, as many as are asked for.
    'unsettledNetworkTokens',
    'webhooks',
    'webhooksOfTenant',
  ])
})

test.each(['cardTokensNewestFirst', 'cardTokensOldestFirst', 'countCardTokens'] as const)(
  '%s walks through nothing but the scopes of a tenant, and finds tokens in the order of an index',
  async (name) => {
    const file = join(makeWorkspace().path, 'cardkeep.db')
    await (await openSqliteStore({ file })).close()
    const database = openDatabase(file)
    const plan = database.prepare(`explain query plan ${toSqlite(statements[name])}`).all()
    database.close()
    const steps = plan.map(({ detail }) => String(detail))
    expect(steps).toContain(
      'SEARCH tokens USING INDEX tokens_by_creation (scope_id=? AND created_at>? AND created_at<?)',
    )
    const walked = steps.flatMap((step) => /^SCAN (\w+)/.exec(step)?.[1] ?? [])
    expect(walked.filter((table) => !['CONSTANT', 'scope_links', 'scopes', 'page'].includes(table))).toEqual(
      [],
    )
    // Only what the scopes gave is put in order, never what is looked through for it.
    expect(steps.filter((step) => step.includes('TEMP B-TREE'))).toHaveLength(
      name === 'countCardTokens' ? 0 : 1,
    )
  },
)
