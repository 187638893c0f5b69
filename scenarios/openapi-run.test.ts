import { devNull } from 'node:os'
import { join } from 'node:path'
import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { type Drawn, drawRequests, spell } from '@cardkeep/testing/fuzz/drawn-requests'
import { createJudge, listOperations, type Operation } from '@cardkeep/testing/fuzz/openapi'
import { wishes } from '@cardkeep/testing/fuzz/wishes'
import { sealPayload } from '@cardkeep/testing/keys/seal-payload'
import { startProvider } from '@cardkeep/testing/provider/provider'
import fc from 'fast-check'
import { Agent } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { createClient } from './support/client.ts'
import type { Cards } from './support/pismo.ts'
import { type OpenedBank, openBank } from './support/pismo-scenario.ts'
import { readLog } from './support/rows.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { type OpenedSite, openSite } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Whatever is sent to any operation, the reply is one that the document describes, and it comes.
 */

const scenario = await startScenario()
const { vault, demo, folder } = scenario
const provider = await startProvider()
cleanUp(() => provider.close())

const patienceMs = 10_000
const dispatcher = new Agent({ headersTimeout: patienceMs, bodyTimeout: patienceMs })
cleanUp(() => dispatcher.close())
const client = { url: vault.url, headers: {}, dispatcher }
const call = createClient({ ...client, record: join(folder, 'replies.txt') })
/** Clear card data is what it answers, and nothing that is kept may hold any. */
const callUnrecorded = createClient({ ...client, record: devNull })

const document = (await call('GET', '/openapi.json')).body
const operations = listOperations(document)
const judge = createJudge(document)

/** Names that stand for what only this run knows, so that a failure can be read and said again. */
const known: Record<string, string> = {
  '@charges': chargesOf(provider),
  '@provider': provider.origin,
}

let hellgateKey = ''
let site: OpenedSite
/** A tenant has room for twenty capture keys, and two paths make them. */
let otherSite: OpenedSite
let bank: OpenedBank
let account: Cards

beforeAll(async () => {
  const words = ['--tenant', 'demo', '--dialect', 'ozura', '--permit', 'detokenize']
  const { api_key = '', pub_key = '' } = await scenario.command<Record<string, string>>(
    'credential',
    'create',
    ...words,
  )
  known['@credential'] = api_key
  known['@public key'] = pub_key
  const ofHellgate = ['credential', 'create', '--tenant', 'demo', '--dialect', 'hellgate']
  hellgateKey = (await scenario.command<Record<string, string>>(...ofHellgate))['api_key'] ?? ''
  site = await openSite(scenario)
  await scenario.command('tenant', 'create', 'other')
  otherSite = await openSite(scenario, 'other')
  known['@alias'] = site.key.alias
  known['@scope'] = site.scope
  await allowProvider(scenario, demo, provider)
  bank = await openBank(scenario)
  account = await bank.account(1)
  known['@org'] = bank.orgId
  const ofPismo = ['credential', 'create', '--tenant', 'bank', '--dialect', 'pismo']
  // Whoever fails with it is locked out, and the account's token is another's.
  const client = await scenario.command<OpenedBank['keys']>(...ofPismo)
  known['@client'] = client.client_id
  known['@secret'] = client.client_secret
})

// The operation before may have deleted them.
beforeEach(async () => {
  for (const index of [0, 1]) {
    const { token, session } = await demo.testToken({ number: testCards.visa2, code: '123' })
    known[`@token ${index}`] = token
    known[`@session ${index}`] = session
  }
  const opened = await call('POST', '/tokens/session', { headers: { 'x-api-key': hellgateKey } })
  known['@capture'] = String(opened.body['session_id'])
  known['@payload'] = await sealCard(known['@capture'])
  for (const index of [0, 1]) known[`@issued ${index}`] = String(await account.create({ hours: 24 }))
  known['@sealed'] = await site.encrypt({ number: loadCard(9), month: 4, year: 2033, code: '123' })
})

/** A card as a browser seals it for a session. */
const sealCard = async (session: string): Promise<string> => {
  const { body } = await call('GET', `/sessions/${session}`)
  const { jwk } = body['data'] as { readonly jwk: { readonly n: string; readonly e: string } }
  const card = { account_number: loadCard(8), expiry_month: 4, expiry_year: 2033, security_code: '123' }
  return sealPayload({ id: '', modulus: jwk.n, exponent: jwk.e }, JSON.stringify(card))
}

const isOf = (dialect: string, { security }: Pick<Operation, 'security'>): boolean =>
  security.some((way) => way.includes(`${dialect}Credential`))

const keysFor = (operation: Operation): Readonly<Record<string, string>> => {
  if (isOf('hellgate', operation)) return { ...known, '@credential': hellgateKey }
  if (isOf('pismo', operation)) return { ...known, '@bearer': account.token }
  if (!isOf('verifone', operation)) return known
  const { keys } = operation.path === '/oidc/api/v2/capture-keys' ? otherSite : site
  return { ...known, '@user': keys.user_id, '@credential': keys.api_key }
}

const tellsCards: ReadonlySet<string> = new Set(['/detokenize', '/pcicards/v2/pcicards/info/{cardId}'])

/** Which statuses were answered, by operation. */
const answered = new Map<string, Set<number>>()

const tryOut = async (operation: Operation, drawn: Drawn): Promise<readonly string[]> => {
  const { path, headers, body } = spell(operation, drawn, keysFor(operation))
  const send = tellsCards.has(operation.path) ? callUnrecorded : call
  const reply = await send(operation.method, path, { headers, ...(body !== undefined && { body }) })
  const statuses = answered.get(operation.id) ?? new Set()
  answered.set(operation.id, statuses.add(reply.status))
  const problems = judge(operation, reply)
  // A bug has its place in the document, and must not happen.
  return reply.status === 500 ? ['it is a bug', ...problems] : problems
}

/** More where more can be said. */
const runsOf = ({ security, body }: Operation): number =>
  security.length === 0 ? 30 : 200 + 100 * Object.keys(body?.content ?? {}).length

describe.each(operations)('$id', (operation) => {
  test('answers as the document says', async () => {
    await fc.assert(
      fc.asyncProperty(drawRequests(operation, wishes), async (drawn) => {
        expect(await tryOut(operation, drawn)).toEqual([])
      }),
      { seed: 20_261_122, numRuns: runsOf(operation), endOnFailure: false },
    )
  })
})

afterAll(() => {
  expect(readLog({ folder }, 'request.bug')).toEqual([])
  // A run in which nothing succeeds, or nothing is refused, has seen half of what it should.
  for (const { id, security, body } of operations) {
    const statuses = [...(answered.get(id) ?? [])]
    const invalid = id.startsWith('hellgate') ? 422 : 400
    const wanted = [...(security.length > 0 ? [401] : []), ...(body ? [invalid] : [])]
    expect({ id, statuses }).toEqual({ id, statuses: expect.arrayContaining(wanted) })
    expect({ id, succeeds: statuses.some((status) => status < 300) }).toEqual({ id, succeeds: true })
  }
})
