import { parseToken } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, expect, test, vi } from 'vitest'
import { readCommitted } from './support/audit-log.ts'
import { idLiteral } from './support/backends.ts'
import type { Merchant } from './support/hellgate.ts'
import { notFound, openMerchant } from './support/hellgate-scenario.ts'
import { changeRows } from './support/rows.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import { chargeByProxy, type OpenedSite, openSite, startTill } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * One token, whichever API speaks of it: what one of them does is true for all others at once.
 */

const scenario = await startScenario()
const { demo, command } = scenario
const till = await startTill()
const { url } = till

let site: OpenedSite
let merchant: Merchant
beforeAll(async () => {
  await allowProvider(scenario, demo, till.provider)
  merchant = await openMerchant(scenario)
  site = await openSite(scenario)
})

const number = testCards.visa2
const idOf = (token: string): string => String(parseToken(token))
const base32Of = (token: string): string => token.replace('tok_', '')
const refusedByProxy = { status: 404, sent: 'no', body: { message: 'Token not found' } }

test('a card walks through all of them', async () => {
  // It comes in by Ozura's.
  const { token, session } = await demo.tokenize({ number, code: '111', month: '04', year: '2033' })
  const id = idOf(token)

  // Verifone's knows it by each spelling, and spells it as its own.
  for (const spelling of [token, base32Of(token), id]) {
    const { status, body } = await site.get(spelling)
    expect([spelling, status, body]).toEqual([
      spelling,
      200,
      expect.objectContaining({
        reuse_token: base32Of(token),
        token_scope: site.scope,
        token_status: 'ACTIVE',
        last_four: '4242',
        expiry_month: 4,
        expiry_year: 2033,
        // Nobody gave it an end.
        token_expiry_date: '9999-12-31',
      }),
    ])
  }
  const patched = await site.patch(id, { card_holder_name: 'Jane Holder', expiry_month: 5, cvv: '222' })
  expect(patched).toMatchObject({
    status: 200,
    body: { card_holder_name: 'Jane Holder', expiry_month: 5, token_expiry_date: '9999-12-31' },
  })
  expect((await merchant.call('GET', `/tokens/${id}`)).body).toMatchObject({
    cardholder_name: 'Jane Holder',
    expiry_month: 5,
    status: 'active',
  })

  // Suspended there, it is refused by all.
  expect(await site.suspend(token)).toMatchObject({ status: 204 })
  expect((await merchant.call('GET', `/tokens/${id}`)).body).toMatchObject({ status: 'invalid' })
  expect(await merchant.charge({ token, url })).toMatchObject({ status: 404, sent: 'no', body: notFound })
  expect(await demo.charge({ token, url })).toMatchObject(refusedByProxy)
  expect(await demo.charge({ token, session, url })).toMatchObject({ status: 404, sent: 'no' })

  // Active again, it has no code until one comes.
  expect(await site.activate(base32Of(token))).toMatchObject({ status: 204 })
  expect(await merchant.isCodeHeld(token)).toBe(false)
  expect(await merchant.charge({ token, url })).toMatchObject({ status: 422, sent: 'no' })
  expect(await site.patch(token, { cvv: '333' })).toMatchObject({ status: 200 })
  expect(await merchant.isCodeHeld(token)).toBe(true)
  expect(await merchant.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
  expect(till.card()).toEqual({ number, exp_month: 5, exp_year: 2033, cvc: '333' })
  expect(await merchant.isCodeHeld(token)).toBe(false)

  // Brought by Verifone's too, each time with a code: one goes by each proxy, and once.
  const again = { number, month: 5, year: 2033 }
  const [one, two] = [
    await site.bring({ ...again, code: '444' }),
    await site.bring({ ...again, code: '555' }),
  ]
  expect(await chargeByProxy(demo, { token: one, url })).toMatchObject({ status: 200, sent: 'yes' })
  expect(till.card()).toEqual({ number, exp_month: '05', exp_year: '2033', cvc: '444' })
  expect(await chargeByProxy(demo, { token: one, url })).toMatchObject({ sent: 'no' })
  expect(await merchant.charge({ token: two, url })).toMatchObject({ status: 200, sent: 'yes' })
  expect(till.card()).toEqual({ number, exp_month: 5, exp_year: 2033, cvc: '555' })
  expect(await merchant.isCodeHeld(two)).toBe(false)

  // Deleted by Hellgate's, it is gone by all, and Verifone's can say so.
  expect(await merchant.call('DELETE', `/tokens/${id}`)).toMatchObject({ status: 204 })
  expect(await site.get(token)).toMatchObject({ status: 200, body: { token_status: 'DELETED' } })
  expect(await site.patch(token, {})).toMatchObject({ status: 404 })
  expect(await demo.charge({ token, url })).toMatchObject(refusedByProxy)
  const said = readCommitted(scenario, id).map(({ action }) => action)
  expect(said).toEqual(
    expect.arrayContaining([
      'token.created',
      'token.updated',
      'token.suspended',
      'token.activated',
      'token.deleted',
    ]),
  )
})

test('what Hellgate took is read and updated here, and a code that its customer types goes by every API', async () => {
  const id = await merchant.importCard({ number, code: '444', month: 4, year: 2033, name: 'Jane Holder' })
  const { body } = await site.get(id)
  expect(body).toMatchObject({
    ...{ token_status: 'ACTIVE', card_holder_name: 'Jane Holder', expiry_month: 4, last_four: '4242' },
    token_expiry_date: '9999-12-31',
  })
  const token = String(body['reuse_token'])
  expect(idOf(token)).toBe(id)
  expect(await site.patch(token, { token_expiry_date: '2031-01-31' })).toMatchObject({
    body: { token_expiry_date: '2031-01-31' },
  })
  expect((await merchant.call('GET', `/tokens/${id}`)).body).toMatchObject({
    expires_at: expect.stringMatching(/^2031-02-01T00:00:00/),
  })
  expect(await merchant.refresh(id, '555')).toMatchObject({ status: 200 })
  expect(await chargeByProxy(demo, { token, url })).toMatchObject({ status: 200, sent: 'yes' })
  expect(till.card()).toMatchObject({ number, cvc: '555' })
  expect(await site.remove(token)).toMatchObject({ status: 204 })
  expect(await merchant.call('GET', `/tokens/${id}`)).toMatchObject({ status: 404, body: notFound })
})

test.each([
  ['as it is spelled here', (token: string) => token],
  ['as Ozura spells it', (token: string) => `tok_${token}`],
  ['as Hellgate spells it', idOf],
] as const)('what came in here is charged through the proxy, %s', async (_, spell) => {
  const token = await site.bring({ number, code: '666', month: 4, year: 2033 })
  expect(await chargeByProxy(demo, { token: spell(token), url })).toMatchObject({ status: 200, sent: 'yes' })
  expect(till.card()).toEqual({ number, exp_month: '04', exp_year: '2033', cvc: '666' })
})

test('what an operator invalidated is suspended here, until it has a card that is good', async () => {
  const token = await site.bring({ number, code: '777', month: 4, year: 2033 })
  await command('token', 'invalidate', token)
  expect((await site.get(token)).body).toMatchObject({ token_status: 'SUSPENDED' })
  expect(await merchant.charge({ token, url, withCode: false })).toMatchObject({ status: 404, sent: 'no' })
  const relinked = await site.patchCard(token, { number: testCards.visa3, month: 5, year: 2034, code: '888' })
  expect(relinked).toMatchObject({ status: 200, body: { token_status: 'ACTIVE', last_four: '1881' } })
  await until('its use', async () => (await merchant.charge({ token, url, withCode: false })).status === 200)
  expect(till.card()).toMatchObject({ number: testCards.visa3 })
})

test('what an operator suspended is suspended here, and active once it is activated here', async () => {
  const token = await site.bring({ number, code: '777', month: 4, year: 2033 })
  await command('token', 'suspend', token)
  expect((await site.get(token)).body).toMatchObject({ token_status: 'SUSPENDED' })
  expect(await site.activate(token)).toMatchObject({ status: 204 })
  expect((await merchant.call('GET', `/tokens/${idOf(token)}`)).body).toMatchObject({ status: 'active' })
})

test('a token past the end that it was given is absent by every API', async () => {
  const token = await site.bring(
    { number, code: '777', month: 4, year: 2033 },
    { token_expiry_date: '2031-01-31' },
  )
  expect(await merchant.isCodeHeld(token)).toBe(true)
  const yesterday = Date.now() - 1_000
  await changeRows(
    scenario,
    `update tokens set expires_at = ${yesterday} where id = ${idLiteral(idOf(token))}`,
  )
  await until('its end', async () => (await site.get(token)).status === 404)
  for (const reply of [await site.patch(token, {}), await site.suspend(token), await site.remove(token)])
    expect(reply).toMatchObject({ status: 404 })
  expect(await merchant.charge({ token, url })).toMatchObject({ status: 404, sent: 'no', body: notFound })
  expect(await demo.charge({ token, url })).toMatchObject(refusedByProxy)
})
