import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargeBody, chargesOf, type Shop } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo: shop } = scenario
const provider = await startProvider()
cleanUp(() => provider.close())
const url = chargesOf(provider)

beforeAll(() => allowProvider(scenario, shop, provider))

const sessionGone = { success: false, message: 'CVC session expired or not found', data: null }

test('a provider that echoes the card in body, headers and errors is masked before the caller sees it', async () => {
  for (const path of ['/echo/body', '/echo/error', '/echo/header', '/echo/base64', '/echo/gzip']) {
    const { token, session } = await shop.tokenize({ number: testCards.mastercard, code: '987' })
    const reply = await shop.charge({ token, session, url: provider.origin + path })
    expect(reply).toMatchObject({ status: 200, sent: 'yes' })
    const encoded = Buffer.from(testCards.mastercard).toString('base64').slice(0, 16)
    expect(reply.text).not.toContain(testCards.mastercard)
    expect(reply.text).not.toContain(encoded)
  }
  expect(provider.requests.at(-1)?.card).toEqual({ mask: '555555******4444', codeLength: 3 })
})

test('a decline spends the code as an approval does', async () => {
  const { token, session } = await shop.tokenize({ number: testCards.visa, code: '123' })
  const declined = await shop.charge({ token, session, url, amount: 1051 })
  expect(declined).toMatchObject({ status: 200, sent: 'yes' })
  expect(declined.body).toMatchObject({
    success: true,
    proxy_response: { status_code: 402, body: { decline_code: 'insufficient_funds' } },
  })
  expect(await shop.charge({ token, session, url })).toMatchObject({
    status: 404,
    sent: 'no',
    body: sessionGone,
  })
})

test('a charge that never left gives its code back', async () => {
  const gone = await startProvider()
  await allowProvider(scenario, shop, gone)
  await gone.close()
  const { token, session } = await shop.tokenize({ number: testCards.visa, code: '123' })
  const failed = await shop.charge({ token, session, url: chargesOf(gone) })
  expect(failed).toMatchObject({ status: 502, sent: 'no', body: { message: 'Failed to proxy request' } })
  expect(await shop.charge({ token, session, url })).toMatchObject({ status: 200, sent: 'yes' })
})

const path = '/proxy/delete-cvc-session'
type Deletion = (shop: Shop, session: string) => ReturnType<Shop['call']>
const deletions: Readonly<Record<string, Deletion>> = {
  'in the path': ({ call }, id) => call('DELETE', `${path}/${id}`),
  'in the path with a final slash': ({ call }, id) => call('DELETE', `${path}/${id}/`),
  'in the query': ({ call }, id) => call('DELETE', `${path}?cvc_session_id=${id}`),
  'in the query after a final slash': ({ call }, id) => call('DELETE', `${path}/?cvc_session_id=${id}`),
  'in the body': ({ call }, id) => call('DELETE', path, { body: { cvc_session_id: id } }),
  'in the body after a final slash': ({ call }, id) =>
    call('DELETE', `${path}/`, { body: { cvc_session_id: id } }),
  'in capitals': ({ call }, id) => call('DELETE', `${path}/${id.toUpperCase()}`),
}

describe('a session is deleted by its id', () => {
  test.each(Object.entries(deletions))('%s', async (_where, remove) => {
    const { token, session } = await shop.tokenize({ number: testCards.visa, code: '123' })
    const removed = await remove(shop, session)
    expect(removed.status).toBe(200)
    expect(removed.body).toEqual({ success: true, message: 'CVC session deleted!' })
    expect(await remove(shop, session)).toMatchObject({ status: 404, body: sessionGone })
    const charge = await shop.charge({ token, session, url })
    expect(charge).toMatchObject({ status: 404, sent: 'no', body: sessionGone })
  })
})

test('the token is one in all its spellings', async () => {
  const { token } = await shop.tokenize({ number: testCards.visa })
  const bare = token.slice('tok_'.length)
  const charge = chargeBody({ token, url })
  for (const spelling of [bare, uuidOf(bare), uuidOf(bare).toUpperCase()])
    expect(
      await shop.call('POST', '/proxy/transaction', { body: { ...charge, token: spelling } }),
    ).toMatchObject({
      status: 200,
    })
})

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** The id behind 26 characters of base32. */
const uuidOf = (bare: string): string => {
  const bits = Array.from(bare, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const hex = bits
    .slice(0, 128)
    .match(/.{4}/g)
    ?.map((four) => Number.parseInt(four, 2).toString(16))
    .join('')
  return (hex ?? '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
