import { parseToken } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { idLiteral } from './support/backends.ts'
import type { Json } from './support/client.ts'
import type { Merchant } from './support/hellgate.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { changeRows } from './support/rows.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import { type CaptureKeyAnswer, keyOf, type Site } from './support/verifone.ts'
import {
  chargeByProxy,
  namedIn,
  type OpenedSite,
  openScope,
  openSite,
  siteAt,
  startTill,
} from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * A browser or an app encrypts a card, a merchant's server sends it and gets a token, and lives with that token until it
 * deletes it: from the first call to the last as published clients make them.
 */

const scenario = await startScenario()
const { command, demo } = scenario
const till = await startTill()
const { url } = till

let site: OpenedSite
let merchant: Merchant
/** A scope of the same tenant that knows its cards again. */
let knowing = ''
beforeAll(async () => {
  await allowProvider(scenario, demo, till.provider)
  merchant = await openMerchant(scenario)
  site = await openSite(scenario)
  knowing = await openScope(scenario, site)
})

const card = { number: testCards.visa2, code: '123', month: 4, year: 2033, name: 'Jane Holder' }
const date = expect.stringMatching(/^\d{4}-\d\d-\d\d$/)
const reuseToken = /^[a-z2-7]{26}$/

const binDetails = {
  bin: expect.stringMatching(/^424242/),
  brand: 'VISA',
  issuer_country: 'ZZZ',
  last_four: '4242',
}

/** What is told of the card by every answer. */
const told = {
  bin: expect.stringMatching(/^424242/),
  expiry_month: 4,
  expiry_year: 2033,
  last_four: '4242',
  card_holder_name: 'Jane Holder',
  bin_details: binDetails,
  created_at: date,
  updated_at: date,
  // The end of the month after the thirteenth that follows.
  token_expiry_date: '2034-05-31',
  token_status: 'ACTIVE',
  issuer_country: 'ZZZ',
}

describe('a card that was captured', () => {
  test('is told as the schema says, and then again by its token', async () => {
    const days = [today()]
    const put = await site.put(card)
    days.push(today())
    expect(put.status).toBe(200)
    expect(put.body).toEqual({
      ...told,
      reuse_token: expect.stringMatching(reuseToken),
      reuse_token_type: 'INTERNAL',
      token_scope: site.scope,
    })
    expect(days).toContain(put.body['created_at'])
    expect(days).toContain(put.body['updated_at'])
    const got = await site.get(String(put.body['reuse_token']))
    expect(got).toMatchObject({ status: 200, body: { ...put.body, brand: 'VISA' } })
  })

  test.each(['browser', 'android', 'ios'] as const)(
    'is taken as the client for %s writes it',
    async (writtenBy) => {
      const { body } = await site.put({ ...card, writtenBy })
      expect(body).toMatchObject({ ...told, reuse_token: expect.stringMatching(reuseToken) })
      expect(await chargeByHellgate(String(body['reuse_token']))).toMatchObject({ status: 200 })
      expect(till.card()).toEqual({ number: card.number, exp_month: 4, exp_year: 2033, cvc: '123' })
    },
  )

  test('is taken under the prefix of the platform too', async () => {
    const put = await site.call('PUT', '/oidc/api/v2/card', { body: await site.putBody(card) })
    const path = `/oidc/api/v2/card/${String(put.body['reuse_token'])}`
    expect((await site.call('GET', path)).body).toMatchObject(told)
    expect((await site.call('PATCH', path, { body: { expiry_month: 5 } })).body).toMatchObject({
      expiry_month: 5,
    })
    for (const [end, method] of [
      ['/suspend', 'PATCH'],
      ['/activate', 'PATCH'],
      ['', 'DELETE'],
    ] as const)
      expect(await site.call(method, path + end)).toMatchObject({ status: 204 })
    expect((await site.call('GET', '/oidc/api/v2/capture-keys')).status).toBe(200)
  })

  test('without a code and without a name is a token all the same', async () => {
    const { body } = await site.put({ number: card.number, month: 4, year: 2033 })
    const { card_holder_name: _, ...rest } = told
    expect(body).toMatchObject(rest)
    expect(body).not.toHaveProperty('card_holder_name')
  })

  test('has the end that is asked for, and no other when its own changes', async () => {
    const token = await site.bring(card, { token_expiry_date: '2031-03-04' })
    expect((await site.get(token)).body).toMatchObject({ token_expiry_date: '2031-03-04' })
    const patched = await site.patch(token, { expiry_year: 2035 })
    expect(patched.body).toMatchObject({ expiry_year: 2035, token_expiry_date: '2031-03-04' })
  })
})

describe('of what a card is known by', () => {
  const same = (one: Json, other: Json, name: string) => expect(one[name]).toBe(other[name])

  test('a reuse token, an analytics token or both are given, as asked', async () => {
    const put = async (token_type: string): Promise<Json> =>
      (await site.put(card, { token_scope: knowing, token_type })).body
    const [reuse, analytics, both] = [
      await put('REUSE'),
      await put('ANALYTICS'),
      await put('REUSE_AND_ANALYTICS'),
    ]
    expect(reuse).not.toHaveProperty('analytics_token')
    expect(analytics).not.toHaveProperty('reuse_token')
    expect(analytics).toMatchObject({ analytics_token: expect.any(String), last_four: '4242' })
    same(reuse, both, 'reuse_token')
    same(analytics, both, 'analytics_token')
    expect(both['analytics_token']).not.toBe(both['reuse_token'])
  })

  test('an analytics token stands for nothing: it is no id, and no code is held for it', async () => {
    const { body } = await site.put(
      { ...card, number: testCards.visa3 },
      { token_scope: knowing, token_type: 'ANALYTICS' },
    )
    const analytics = String(body['analytics_token'])
    for (const reply of [
      await site.get(analytics),
      await site.patch(analytics, {}),
      await site.suspend(analytics),
      await site.remove(analytics),
    ])
      expect([reply.status, namedIn(reply)]).toEqual([404, ['params.id']])
    expect(await chargeByHellgate(analytics)).toMatchObject({ status: 404, sent: 'no' })
    expect(await chargeByOzura(analytics)).toMatchObject({ status: 404, sent: 'no' })
  })

  test('an analytics token is the same for every expiry, and another in another scope', async () => {
    const analyse = async (token_scope: string, year: number): Promise<unknown> =>
      (await site.put({ ...card, year }, { token_scope, token_type: 'ANALYTICS' })).body['analytics_token']
    const first = await analyse(knowing, 2033)
    expect(await analyse(knowing, 2034)).toBe(first)
    expect(await analyse(site.scope, 2033)).not.toBe(first)
    expect(await analyse(site.scope, 2033)).toBe(await analyse(site.scope, 2032))
  })
})

describe('a token that is updated', () => {
  test('tells its new name, expiry and email, and its end moves along', async () => {
    const token = await site.bring(card)
    const { status, body } = await site.patch(token, {
      card_holder_name: 'Jane Newname',
      card_holder_email: 'jane@shop.example',
      expiry_month: 1,
      expiry_year: 2034,
    })
    expect(status).toBe(200)
    expect(body).toEqual({
      ...told,
      card_holder_name: 'Jane Newname',
      card_holder_email: 'jane@shop.example',
      expiry_month: 1,
      expiry_year: 2034,
      token_expiry_date: '2035-02-28',
    })
    expect((await site.get(token)).body).toMatchObject({
      card_holder_name: 'Jane Newname',
      expiry_month: 1,
      expiry_year: 2034,
      token_expiry_date: '2035-02-28',
    })
    await chargeByHellgate(token)
    expect(till.card()).toMatchObject({ number: card.number, exp_month: 1, exp_year: 2034 })
  })

  test('with nothing is as it was', async () => {
    const token = await site.bring(card)
    expect(await site.patch(token, {})).toMatchObject({ status: 200, body: told })
  })

  test('takes a new end', async () => {
    const token = await site.bring(card)
    const { body } = await site.patch(token, { token_expiry_date: '2029-02-28' })
    expect(body).toMatchObject({ token_expiry_date: '2029-02-28', expiry_year: 2033 })
  })

  test('takes what was captured, and of both the body counts', async () => {
    const token = await site.bring(card)
    const { body } = await site.patchCard(
      token,
      { month: 6, year: 2036, name: 'Captured Name', code: '321' },
      { card_holder_name: 'Body Name', expiry_month: 7, cvv: '654' },
    )
    expect(body).toMatchObject({
      card_holder_name: 'Body Name',
      expiry_month: 7,
      expiry_year: 2036,
      last_four: '4242',
    })
    await chargeByHellgate(token)
    expect(till.card()).toEqual({ number: card.number, exp_month: 7, exp_year: 2036, cvc: '654' })
  })

  test('with another number stands for that number, under the id that it had', async () => {
    const token = await site.bring(card)
    const { status, body } = await site.patchCard(token, {
      ...{ number: testCards.mastercard, month: 8, year: 2035, code: '987', name: 'Jane Holder' },
    })
    expect([status, body]).toEqual([
      200,
      {
        ...told,
        ...{ bin: expect.stringMatching(/^555555/), last_four: '4444' },
        ...{ expiry_month: 8, expiry_year: 2035, token_expiry_date: '2036-09-30' },
        bin_details: {
          ...binDetails,
          ...{ bin: expect.stringMatching(/^555555/), last_four: '4444', brand: 'MASTERCARD' },
        },
      },
    ])
    expect((await site.get(token)).body).toMatchObject({ reuse_token: token, last_four: '4444' })
    expect(await chargeByOzura(token)).toMatchObject({ status: 200, sent: 'yes' })
    expect(till.card()).toEqual({
      number: testCards.mastercard,
      exp_month: '08',
      exp_year: '2035',
      cvc: '987',
    })
  })

  test('with another number and no expiry is asked for one, and nothing has changed', async () => {
    const token = await site.bring(card)
    const reply = await site.patchCard(token, { number: testCards.mastercard, code: '987' })
    expect([reply.status, namedIn(reply)]).toEqual([400, ['body.encrypted_card.expiryMonth']])
    expect((await site.get(token)).body).toMatchObject({ last_four: '4242' })
  })
})

describe('a number that its scope knows', () => {
  const put = (more: Json = {}, number: string = testCards.amex) =>
    site.put({ ...card, number, code: '1234', ...more }, { token_scope: knowing })

  test('has the token that it had, with the expiry and the name that come now', async () => {
    const first = await put({ name: 'First Name' })
    const second = await put({ month: 9, year: 2034, name: 'Second Name' })
    expect(second.body).toMatchObject({
      reuse_token: first.body['reuse_token'],
      expiry_month: 9,
      expiry_year: 2034,
      card_holder_name: 'Second Name',
      token_expiry_date: '2035-10-31',
    })
    const third = await site.put(
      { number: testCards.amex, month: 9, year: 2034 },
      { token_scope: knowing, token_expiry_date: '2030-01-02' },
    )
    expect(third.body).toMatchObject({
      reuse_token: first.body['reuse_token'],
      card_holder_name: 'Second Name',
      token_expiry_date: '2030-01-02',
    })
    // An end that was chosen stays until another is.
    expect((await put({ year: 2035 })).body).toMatchObject({ token_expiry_date: '2030-01-02' })
  })

  test('stays suspended where it was, and gets another token where it was deleted', async () => {
    const number = testCards.amex2
    const token = String((await put({}, number)).body['reuse_token'])
    await site.suspend(token)
    const again = await put({ year: 2036 }, number)
    expect(again.body).toMatchObject({ reuse_token: token, token_status: 'SUSPENDED', expiry_year: 2036 })
    await site.remove(token)
    const after = await put({}, number)
    expect(after.body).toMatchObject({ token_status: 'ACTIVE' })
    expect(after.body['reuse_token']).not.toBe(token)
  })

  test('is known by the token that was relinked to it, and the number it left gets a new one', async () => {
    const [from, to] = [testCards.discover, testCards.discover2]
    const code = { code: '123' }
    const token = String((await put(code, from)).body['reuse_token'])
    expect(await site.patchCard(token, { number: to, month: 1, year: 2034 })).toMatchObject({
      status: 200,
      body: { last_four: to.slice(-4) },
    })
    expect((await put(code, to)).body['reuse_token']).toBe(token)
    expect((await put(code, from)).body['reuse_token']).not.toBe(token)
  })

  test('and that another token is relinked to keeps both, and is known by the older of them', async () => {
    const [one, other] = [testCards.jcb, testCards.unionpay]
    const code = { code: '123' }
    const older = String((await put(code, one)).body['reuse_token'])
    const younger = String((await put(code, other)).body['reuse_token'])
    expect(await site.patchCard(younger, { number: one, month: 1, year: 2034 })).toMatchObject({
      status: 200,
    })
    expect((await put(code, one)).body['reuse_token']).toBe(older)
    for (const token of [older, younger])
      expect((await site.get(token)).body).toMatchObject({ token_status: 'ACTIVE', last_four: '0000' })
    await site.remove(older)
    expect((await put(code, one)).body['reuse_token']).toBe(younger)
  })
})

describe('a token that is suspended', () => {
  test('is charged nowhere until it is activated, and to repeat either changes nothing', async () => {
    const token = await site.bring({ ...card, name: 'Jane Holder' })
    for (const _ of ['once', 'twice']) {
      expect(await site.suspend(token)).toMatchObject({ status: 204 })
      expect((await site.get(token)).body).toMatchObject({ ...told, token_status: 'SUSPENDED' })
    }
    expect(await chargeByHellgate(token, false)).toMatchObject({ status: 404, sent: 'no' })
    expect(await chargeByOzura(token, false)).toMatchObject({ status: 404, sent: 'no' })
    for (const _ of ['once', 'twice']) expect(await site.activate(token)).toMatchObject({ status: 204 })
    expect((await site.get(token)).body).toMatchObject(told)
    expect(await chargeByHellgate(token, false)).toMatchObject({ status: 200, sent: 'yes' })
    expect(await chargeByOzura(token, false)).toMatchObject({ status: 200, sent: 'yes' })
  })

  test('is updated, and stays suspended', async () => {
    const token = await site.bring(card)
    await site.suspend(token)
    const patched = await site.patch(token, { expiry_year: 2036 })
    expect(patched).toMatchObject({ status: 200, body: { expiry_year: 2036, token_status: 'SUSPENDED' } })
  })
})

describe('the code', () => {
  test.each([
    ['PUT brought goes to a provider through the proxy, once', 'PUT', 'ozura'],
    ['PUT brought goes to a provider by a forward, once', 'PUT', 'hellgate'],
    ['PATCH brought goes to a provider through the proxy, once', 'PATCH', 'ozura'],
    ['PATCH brought goes to a provider by a forward, once', 'PATCH', 'hellgate'],
  ] as const)('that %s', async (_, method, api) => {
    const token = await site.bring(method === 'PUT' ? { ...card, code: '741' } : { number: card.number })
    if (method === 'PATCH') await site.patch(token, { cvv: '741' })
    const charge = () => (api === 'ozura' ? chargeByOzura(token) : chargeByHellgate(token))
    expect(await charge()).toMatchObject({ status: 200, sent: 'yes' })
    expect(till.card()).toMatchObject({ number: card.number, cvc: '741' })
    const again = await charge()
    expect([again.status, again.sent]).toEqual([api === 'ozura' ? 400 : 422, 'no'])
  })
})

test('a token that is deleted says so, tells bin and last four, and can do nothing more', async () => {
  const token = await site.bring(card)
  expect(await site.remove(token)).toMatchObject({ status: 204 })
  const { status, body } = await site.get(token)
  expect([status, body]).toEqual([
    200,
    expect.objectContaining({ token_status: 'DELETED', last_four: '4242', reuse_token: token }),
  ])
  expect(String(body['bin'])).toMatch(/^424242/)
  for (const reply of [
    await site.patch(token, {}),
    await site.patchCard(token, card),
    await site.suspend(token),
    await site.activate(token),
    await site.remove(token),
  ])
    expect([reply.status, namedIn(reply)]).toEqual([404, ['params.id']])
  expect(await chargeByHellgate(token)).toMatchObject({ status: 404, sent: 'no' })
  expect(await chargeByOzura(token)).toMatchObject({ status: 404, sent: 'no' })
})

describe('capture keys', () => {
  const list = async (): Promise<readonly CaptureKeyAnswer[]> =>
    (await site.call('GET', '/api/v2/capture-keys')).body['public_keys'] as readonly CaptureKeyAnswer[]

  const withKey = (answer: CaptureKeyAnswer): Site =>
    siteAt(scenario, site.keys, { key: keyOf(answer), scope: site.scope })

  test('made by the API or by a command are listed and take cards, several at a time', async () => {
    const before = await list()
    const byApi = (await site.call('POST', '/api/v2/capture-keys')).body as unknown as CaptureKeyAnswer
    const byCommand = await command<CaptureKeyAnswer>('capture-key', 'create', '--tenant', 'demo')
    expect(keyOf(byApi).armored).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----/)
    await until('a key', async () => (await list()).length === before.length + 2)
    const listed = await list()
    expect(listed.slice(0, before.length)).toEqual(before)
    for (const key of [byApi, byCommand]) {
      const { public_key, public_key_alias } = key
      expect(listed).toContainEqual(expect.objectContaining({ public_key, public_key_alias }))
      expect(await withKey(key).put(card)).toMatchObject({ status: 200, body: told })
    }
    expect(await site.put(card)).toMatchObject({ status: 200 })
  })

  test('that are retired are listed no more; what was captured before is taken, what is captured after is not', async () => {
    const made = await command<CaptureKeyAnswer>('capture-key', 'create', '--tenant', 'demo')
    const old = withKey(made)
    await until('a key', async () => (await old.put(card)).status === 200)
    const body = await old.putBody(card)
    await command('capture-key', 'retire', made.public_key_alias)
    const isListed = async () =>
      (await list()).some(({ public_key_alias }) => public_key_alias === made.public_key_alias)
    await until('its end', async () => !(await isListed()))
    expect(await old.call('PUT', '/api/v2/card', { body })).toMatchObject({ status: 200 })
    // Some minutes later, what is captured now is for nobody, and what was captured before still is.
    const named = async (at: Date): Promise<readonly string[]> => namedIn(await old.put({ ...card, at }))
    const refused = ['body.public_key_alias']
    const before = new Date(Date.now() - 4 * 60_000)
    await retiredAgo(made.public_key_alias, 3)
    await until('its end', async () => (await named(new Date())).length > 0)
    expect([await named(new Date()), await named(before)]).toEqual([refused, []])
    await retiredAgo(made.public_key_alias, 18)
    await until('its end', async () => (await named(before)).length > 0)
    expect(await named(before)).toEqual(refused)
  })
})

/** Moves the end of a capture key back. */
const retiredAgo = async (alias: string, minutes: number): Promise<void> => {
  const at = Date.now() - minutes * 60_000
  const id = idLiteral(String(parseToken(alias)))
  await changeRows(scenario, `update capture_keys set retired_at = ${at} where id = ${id}`)
}

const today = (): string => new Date().toISOString().slice(0, 10)

const chargeByHellgate = (token: string, withCode = true) => merchant.charge({ token, url, withCode })

const chargeByOzura = (token: string, withCode = true) => chargeByProxy(demo, { token, url, withCode })
