import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { answer, type Behaviour } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { databaseFiles } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { runToEnd } from './support/refused-command.ts'
import { allowOrigin, startScenario } from './support/scenario.ts'
import { chargeBody, chargesOf } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** As an operator has it from the provider; nothing else of this run contains it. */
const secret = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'
const account = 'acct_1032D82eZvKYlo2C'

const repeat: Behaviour = ({ headers }, response) => {
  response.setHeader('x-echo', headers.authorization ?? '')
  answer(
    response,
    200,
    'application/json',
    JSON.stringify({ headers, bare: headers.authorization?.slice(7) }),
  )
}

const scenario = await startScenario({ CARDKEEP_LOG: 'debug' })
const { demo: shop, command, folder, options } = scenario
const provider = await startProvider({ answers: { '/repeat': repeat } })
cleanUp(() => provider.close())
const url = chargesOf(provider)
const ca = join(folder, 'ca.pem')

/** Behind the folder that is searched: whoever keeps such a file removes it. */
const keyFile = join(folder, 'key.txt')

beforeAll(async () => {
  writeFileSync(ca, provider.caPem)
  writeFileSync(keyFile, `Bearer ${secret}\n`)
  const words = ['--tenant', 'demo', '--ca', ca, '--private']
  const headers = ['--header', `Authorization: @${keyFile}`, '--header', `Stripe-Account: ${account}`]
  await allowOrigin(scenario, shop, url, [...words, ...headers])
  writeFileSync(keyFile, '')
})

const send = async (path: string, httpHeaders: Record<string, string> = {}, query = '') => {
  const { token, session } = await shop.tokenize({ number: testCards.visa, code: '947' })
  const body = { ...chargeBody({ token, session, url: provider.origin + path }), http_headers: httpHeaders }
  return shop.call('POST', `/proxy/transaction${query}`, { body })
}

test("the provider gets the vault's headers beside the caller's", async () => {
  expect(await send('/v1/charges', { 'X-Trace': '7' })).toMatchObject({ status: 200, sent: 'yes' })
  expect(provider.requests.at(-1)?.headers).toMatchObject({
    authorization: `Bearer ${secret}`,
    'stripe-account': account,
    'x-trace': '7',
  })
})

test.each(['Authorization', 'authorization', 'AUTHORIZATION', 'stripe-account', 'Stripe_Account'])(
  'whoever stole an API key cannot send cards to an account of their own with %s',
  async (name) => {
    const before = provider.requests.length
    const reply = await send('/v1/charges', { [name]: 'Bearer of the thief' })
    expect(reply).toMatchObject({
      status: 400,
      sent: 'no',
      body: { message: 'Invalid value for http_headers' },
    })
    expect(provider.requests).toHaveLength(before)
  },
)

test('whoever stole an API key does not learn them from a provider that repeats what it gets', async () => {
  const reply = await send('/repeat')
  expect(reply).toMatchObject({ status: 200, sent: 'yes' })
  expect(provider.requests.at(-1)?.headers.authorization).toBe(`Bearer ${secret}`)
  expect(reply.body).toMatchObject({
    proxy_response: {
      headers: { 'x-echo': '[concealed]' },
      body: {
        headers: { authorization: '[concealed]', 'stripe-account': '[concealed]' },
        bare: '[concealed]',
      },
    },
  })
})

test('a dry run names them and no more', async () => {
  const reply = await send('/v1/charges', {}, '?dry_run=true')
  expect(reply.body).toMatchObject({
    dry_run: {
      request: {
        headers: { authorization: '[added by the vault]', 'stripe-account': '[added by the vault]' },
      },
    },
  })
})

test('the list of destinations names them and no more', async () => {
  const { destinations } = await command<{ destinations: object[] }>(
    'destination',
    'list',
    '--tenant',
    'demo',
  )
  expect(destinations).toContainEqual(
    expect.objectContaining({ origin: provider.origin, headers: ['authorization', 'stripe-account'] }),
  )
})

describe('a header is not taken', () => {
  const allow = (...headers: readonly string[]) =>
    runToEnd(scenario, [
      ...['destination', 'allow', '--tenant', 'demo', '--origin', 'https://psp.example'],
      ...headers.flatMap((header) => ['--header', header]),
    ])

  test.each([
    ['that belongs to the connection', 'Host: secret-value.example'],
    ['that speaks of the body', 'Accept-Encoding: secret-value'],
    ['of two lines', 'X-Key: secret-value\r\nHost: evil.example'],
    ['without a value', 'X-Key: '],
    ['without a name', ': secret-value'],
    ['whose file is not there', 'X-Key: @/nowhere/secret-value'],
  ])('%s, and its value is not repeated', async (_, header) => {
    const { code, stdout, stderr } = await allow(header)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^cardkeep: --header.*\n$/)
    expect(stdout + stderr).not.toContain('secret-value')
  })

  test('twice', async () => {
    const { code, stderr } = await allow('X-Key: secret-value', 'x-key: secret-value-too')
    expect([code, stderr]).toEqual([1, 'cardkeep: --header x-key came twice\n'])
  })
})

test('they are found in no file: database, log, replies, audit export', async () => {
  await send('/v1/charges')
  await send('/repeat')
  await send('/v1/charges', { authorization: 'Bearer of the thief' })
  await send('/v1/charges', {}, '?dry_run=true')
  await exportAudit(scenario)
  const database = databaseFiles({ folder, settings: options.settings })
  const files = filesIn(folder)
  expect(files.map((file) => file.slice(folder.length + 1))).toEqual(
    expect.arrayContaining(['audit.jsonl', 'replies.txt', 'vault.log', ...database]),
  )
  for (const text of [secret, account, Buffer.from(secret).toString('base64').slice(0, 40)])
    expect(files.filter((file) => readFileSync(file, 'latin1').includes(text))).toEqual([])
  expect(readFileSync(join(folder, 'audit.jsonl'), 'utf8')).toContain('authorization stripe-account')
})

const filesIn = (path: string): readonly string[] =>
  readdirSync(path).flatMap((name) => {
    const inner = join(path, name)
    return statSync(inner).isDirectory() ? filesIn(inner) : [inner]
  })
