import { testCards } from '@cardkeep/testing/canary/cards'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import { importBody, type Merchant } from './support/hellgate.ts'
import { faultsOf, openMerchant } from './support/hellgate-scenario.ts'
import { runToEnd } from './support/refused-command.ts'
import { allowProvider, codeRequired, openShop, probe, startScenario } from './support/scenario.ts'
import { chargesOf, type Shop, testTokenBody, tokenizeBody } from './support/shop.ts'
import { until } from './support/until.ts'
import { namedIn, openSite } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo, command } = scenario
const [provider, other] = await Promise.all([startProvider(), startProvider()])
cleanUp(() => Promise.all([provider.close(), other.close()]))
const url = chargesOf(provider)
const otherUrl = chargesOf(other)

const card = { number: testCards.visa, code: '123' }
const notHeld = 'CVC session expired or not found'
const notUnderstood = 'Invalid value for Cardkeep-Code-Policy'

const tokenize = (shop: Shop, policy: string): Promise<Reply> =>
  shop.call('POST', '/tokenize', {
    body: tokenizeBody(card),
    headers: { 'cardkeep-code-policy': policy },
  })

/** Tokenizes with a narrower policy and answers what a charge names. */
const hold = async (shop: Shop, policy: string): Promise<{ token: string; session: string }> => {
  const { status, body } = await tokenize(shop, policy)
  expect(status).toBe(201)
  return { token: String(body['token']), session: String(body['cvc_session_id']) }
}

const setPolicy = async (tenant: string, ...words: readonly string[]) =>
  command('tenant', 'policy', 'set', tenant, ...words)

/** A tenant whose own policy the running vault knows by the time that this answers. */
const openShopWith = async (
  name: string,
  words: readonly string[],
  providers: readonly Provider[],
): Promise<Shop> => {
  const shop = await openShop(scenario, name)
  await setPolicy(name, ...words)
  // What is allowed last is followed last: by then the policy is known too.
  for (const allowed of providers) await allowProvider(scenario, shop, allowed, name)
  return shop
}

let twice: Shop
beforeAll(async () => {
  await allowProvider(scenario, demo, provider)
  await allowProvider(scenario, demo, other)
  twice = await openShopWith('twice', ['--hold', 'on', '--ttl', '60', '--uses', '2'], [provider])
})

describe('a tenant whose codes may be used twice', () => {
  test('charges twice with one code, as 3-D Secure needs it, and not a third time', async () => {
    const charge = await twice.tokenize(card)
    const replies = [await twice.charge({ ...charge, url }), await twice.charge({ ...charge, url })]
    expect(replies.map(({ status, sent }) => [status, sent])).toEqual([
      [200, 'yes'],
      [200, 'yes'],
    ])
    expect(await twice.charge({ ...charge, url })).toMatchObject({ status: 404, sent: 'no' })
  })

  test('may ask for one use', async () => {
    const charge = await hold(twice, 'uses=1')
    expect(await twice.charge({ ...charge, url })).toMatchObject({ status: 200 })
    expect(await twice.charge({ ...charge, url })).toMatchObject({ status: 404, body: { message: notHeld } })
  })

  test('may ask for less time, and the code is gone after it', async () => {
    const charge = await hold(twice, 'ttl=1, uses=2')
    const heldBy = performance.now()
    await until('a second', () => performance.now() > heldBy + 1_000)
    expect(await twice.charge({ ...charge, url })).toMatchObject({ status: 404, body: { message: notHeld } })
  })
})

describe('a wish that is wider is refused, and no card is stored:', () => {
  test.each(['uses=3', 'ttl=61', 'uses=0', 'ttl=60, uses=2, cvv=1', 'ttl=60, ttl=1', 'nonsense', 'ttl=1.0'])(
    '%s',
    async (policy) => {
      const reply = await tokenize(twice, policy)
      expect(reply).toMatchObject({
        status: 400,
        body: { success: false, message: notUnderstood, data: null },
      })
      expect(reply.headers['cardkeep-refusal']).toBe('InvalidField')
      expect(reply.text).not.toContain('tok_')
    },
  )

  test('than the default of the dialect, where the tenant has no policy', async () => {
    for (const policy of ['uses=2', 'ttl=91'])
      expect(await tokenize(demo, policy)).toMatchObject({ status: 400, body: { message: notUnderstood } })
    expect((await tokenize(demo, 'ttl=90, uses=1')).status).toBe(201)
  })
})

test('a test session that may be used as often as wanted can be narrowed to a number', async () => {
  const reply = await demo.call('POST', '/test-tokens', {
    body: testTokenBody(card),
    headers: { 'cardkeep-code-policy': 'uses=2' },
  })
  const charge = { token: String(reply.body['token']), session: String(reply.body['cvc_session_id']), url }
  const statuses = []
  for (let use = 0; use < 3; use++) statuses.push((await demo.charge(charge)).status)
  expect(statuses).toEqual([200, 200, 404])
})

describe('by the API of Hellgate', () => {
  const bring = (merchant: Merchant, policy: string) =>
    merchant.call('POST', '/cde-import', {
      body: importBody(card),
      headers: { 'cardkeep-code-policy': policy },
    })

  test('a code that is imported may be narrowed, and no wider wish is taken', async () => {
    const merchant = await openMerchant(scenario)
    const forgotten = await bring(merchant, 'hold=off')
    expect(await merchant.isCodeHeld(String(forgotten.body['id']))).toBe(false)
    const bound = String((await bring(merchant, `destinations="${provider.origin}"`)).body['id'])
    expect(await merchant.charge({ token: bound, url: otherUrl })).toMatchObject({ status: 422, sent: 'no' })
    expect(await merchant.charge({ token: bound, url })).toMatchObject({ status: 200, sent: 'yes' })
    for (const wider of ['uses=2', 'ttl=901', 'nonsense']) {
      const refused = await bring(merchant, wider)
      expect([refused.status, faultsOf(refused)]).toEqual([422, ["$['Cardkeep-Code-Policy'] is not valid"]])
    }
  })

  test("a code that a customer types is held as the tenant's policy says", async () => {
    const merchant = await openMerchant(scenario, 'twice')
    const token = await merchant.importCard({ number: card.number })
    await merchant.refresh(token, '321')
    const statuses = []
    for (let use = 0; use < 3; use++) statuses.push((await merchant.charge({ token, url })).status)
    expect(statuses).toEqual([200, 200, 422])
  })
})

describe('by the API of Verifone', () => {
  const header = 'cardkeep-code-policy'

  test('a code that is captured or sent may be narrowed, and no wider wish is taken', async () => {
    const merchant = await openMerchant(scenario)
    const site = await openSite(scenario)
    const put = async (policy: string) =>
      site.call('PUT', '/api/v2/card', { body: await site.putBody(card), headers: { [header]: policy } })
    const patch = (token: string, policy: string) =>
      site.call('PATCH', `/api/v2/card/${token}`, { body: { cvv: '321' }, headers: { [header]: policy } })
    const forgotten = String((await put('hold=off')).body['reuse_token'])
    expect(await merchant.isCodeHeld(forgotten)).toBe(false)
    expect((await patch(forgotten, 'hold=off')).status).toBe(200)
    expect(await merchant.isCodeHeld(forgotten)).toBe(false)
    const bound = String((await put(`destinations="${provider.origin}"`)).body['reuse_token'])
    expect(await merchant.charge({ token: bound, url: otherUrl })).toMatchObject({ status: 422, sent: 'no' })
    expect(await merchant.charge({ token: bound, url })).toMatchObject({ status: 200, sent: 'yes' })
    for (const wider of ['uses=2', 'ttl=901', 'nonsense'])
      for (const refused of [await put(wider), await patch(bound, wider)])
        expect([refused.status, namedIn(refused)]).toEqual([400, ['headers.Cardkeep-Code-Policy']])
  })
})

describe('where a code is not held', () => {
  const expectForgotten = async (shop: Shop, reply: Reply): Promise<void> => {
    expect(reply.status).toBe(201)
    expect(reply.body).not.toHaveProperty('cvc_session_id')
    const token = String(reply.body['token'])
    expect(await probe(shop, token, url)).toBe(codeRequired)
    // The card is kept, and goes out without a code.
    const before = provider.requests.length
    expect(await shop.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
    expect(provider.requests.slice(before).map((request) => request.card?.codeLength ?? 0)).toEqual([0])
  }

  test('because the caller says so, the card is kept and the code forgotten', async () => {
    await expectForgotten(demo, await tokenize(demo, 'hold=off'))
  })

  test('because the tenant has it so, a caller cannot have it held', async () => {
    const shop = await openShopWith('forgetful', ['--hold', 'off', '--ttl', '60', '--uses', '1'], [provider])
    expect(await tokenize(shop, 'hold=on')).toMatchObject({ status: 400, body: { message: notUnderstood } })
    const reply = await shop.call('POST', '/tokenize', { body: tokenizeBody(card) })
    await expectForgotten(shop, reply)
  })
})

describe('a code that may go to one provider', () => {
  test('does not go to another that the tenant may send to, and is still there for the right one', async () => {
    const charge = await hold(demo, `destinations="${provider.origin}"`)
    const before = other.requests.length
    expect(await demo.charge({ ...charge, url: otherUrl })).toMatchObject({
      status: 404,
      sent: 'no',
      body: { message: notHeld },
    })
    expect(other.requests).toHaveLength(before)
    expect(await demo.charge({ ...charge, url })).toMatchObject({ status: 200, sent: 'yes' })
  })

  test('goes to each that is named', async () => {
    const origins = `destinations="${other.origin} ${provider.origin}"`
    expect(await demo.charge({ ...(await hold(demo, origins)), url: otherUrl })).toMatchObject({
      status: 200,
    })
    expect(await demo.charge({ ...(await hold(demo, origins)), url })).toMatchObject({ status: 200 })
  })

  test('because the tenant has it so, goes to no other that a caller names', async () => {
    const words = ['--hold', 'on', '--ttl', '60', '--uses', '1', '--destinations', provider.origin]
    const shop = await openShopWith('bound', words, [other, provider])
    const charge = await shop.tokenize(card)
    expect(await shop.charge({ ...charge, url: otherUrl })).toMatchObject({ status: 404, sent: 'no' })
    expect(await shop.charge({ ...charge, url })).toMatchObject({ status: 200 })
    const wider = `destinations="${provider.origin} ${other.origin}"`
    expect(await tokenize(shop, wider)).toMatchObject({ status: 400, body: { message: notUnderstood } })
  })
})

describe('an operator', () => {
  const plain = ['--hold', 'on', '--ttl', '60', '--uses', '1']
  const policiesOf = (policy: object) =>
    ['ozura', 'hellgate', 'verifone'].map((dialect) => ({ dialect, ...policy }))

  test('sets a policy, sees it, and goes back to the default, which the running vault follows', async () => {
    const shop = await openShop(scenario, 'changing')
    const byDefault = [
      { dialect: 'ozura', hold: 'on', ttl: 90, uses: 1 },
      { dialect: 'hellgate', hold: 'on', ttl: 900, uses: 1 },
      { dialect: 'verifone', hold: 'on', ttl: 900, uses: 1 },
    ]
    const show = () => command('tenant', 'policy', 'show', 'changing')
    expect(await show()).toEqual({
      tenant_id: expect.any(String),
      code_policy: 'default',
      policies: byDefault,
    })

    const origins = 'https://a.example,https://b.example:8443'
    const words = ['--hold', 'on', '--ttl', '3600', '--uses', '10', '--destinations', origins]
    const policy = { hold: 'on', ttl: 3600, uses: 10, destinations: origins.split(',') }
    expect(await setPolicy('changing', ...words)).toEqual({ tenant_id: expect.any(String), ...policy })
    expect(await show()).toMatchObject({ code_policy: 'own', policies: policiesOf(policy) })
    await until('the policy', async () => (await tokenize(shop, 'uses=10')).status === 201)

    expect(await command('tenant', 'policy', 'reset', 'changing')).toMatchObject({ code_policy: 'default' })
    expect(await show()).toMatchObject({ code_policy: 'default', policies: byDefault })
    await until('the default', async () => (await tokenize(shop, 'uses=2')).status === 400)
  })

  test.each<readonly [string, readonly string[]]>([
    ['more time than an hour', ['--hold', 'on', '--ttl', '3601', '--uses', '1']],
    ['eleven uses', ['--hold', 'on', '--ttl', '60', '--uses', '11']],
    ['as many uses as wanted', ['--hold', 'on', '--ttl', '60', '--uses', '0']],
    ['a destination with a path', [...plain, '--destinations', 'https://a.example/x']],
  ])('is refused %s in a line', async (_, words) => {
    const end = await runToEnd(scenario, ['tenant', 'policy', 'set', 'demo', ...words])
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})
