import { randomUUID } from 'node:crypto'
import { guessLimits } from '@cardkeep/core/codes/guesses'
import { testCards } from '@cardkeep/testing/canary/cards'
import { request } from 'undici'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Reply } from './support/client.ts'
import type { Merchant } from './support/hellgate.ts'
import {
  contextNotFound,
  faultsOf,
  openMerchant,
  sessionNotFound,
  success,
} from './support/hellgate-scenario.ts'
import { startScenario } from './support/scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Who comes to a session has no credential: any page in any browser, and whoever tries. What they may ask for, from where,
 * and how often.
 */

const scenario = await startScenario({ CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' })
const { vault } = scenario

let merchant: Merchant
beforeAll(async () => {
  merchant = await openMerchant(scenario)
})

const refresh = 'refresh_security_code'
const open = async (): Promise<string> =>
  merchant.openRefresh(await merchant.importCard({ number: testCards.visa }))

describe('a session that is not there', () => {
  test.each(['never opened', 'no id at all'])(
    '%s, is not found, in the words that clients know',
    async (which) => {
      const id = which === 'never opened' ? randomUUID() : 'x'
      const found = await merchant.browse('GET', `/sessions/${id}`)
      expect(found).toMatchObject({ status: 404, body: sessionNotFound })
      const answered = await merchant.complete(id, refresh, 'garbage')
      expect(answered).toMatchObject({ status: 404, body: contextNotFound })
    },
  )
})

describe('what is no answer', () => {
  const good = { action: refresh, result: { enc_payload: 'a.b.c.d.e' } }

  test.each<readonly [string, unknown, string]>([
    ['no JSON', '{"action":', '$ cannot be read'],
    ['nothing', '', '$ cannot be read'],
    ['a list', [], '$ cannot be read'],
    ['an empty object', {}, '$.action is missing'],
    ['another action', { ...good, action: '3ds_check' }, '$.action is not valid'],
    ['no result', { action: refresh }, '$.result is missing'],
    ['a result that is text', { ...good, result: 'x' }, '$.result is not valid'],
    ['no payload', { ...good, result: {} }, '$.result.enc_payload is missing'],
    ['an empty payload', { ...good, result: { enc_payload: '' } }, '$.result.enc_payload is not valid'],
    [
      'a payload that is no text',
      { ...good, result: { enc_payload: 1 } },
      '$.result.enc_payload is not valid',
    ],
    ['an unknown field', { ...good, more: 1 }, '$.more is not valid'],
    ['a clear code', { ...good, result: { security_code: '123' } }, '$.result.enc_payload is missing'],
  ])('%s, is refused as what it is, and the session waits on', async (_, body, fault) => {
    const session = await open()
    for (let turn = 0; turn < 6; turn++) {
      const reply = await merchant.browse('POST', `/sessions/${session}/complete-action`, { body })
      expect([reply.status, faultsOf(reply)]).toEqual([422, [fault]])
    }
    const { body: state } = await merchant.browse('GET', `/sessions/${session}`)
    expect(state).toMatchObject({ next_action: refresh })
  })

  test.each(['/cde-import', '/tokens/session'])('no JSON is refused at %s as well', async (path) => {
    const reply = await merchant.call('POST', path, { body: '{"account_number":' })
    expect([reply.status, faultsOf(reply)]).toEqual([422, ['$ cannot be read']])
  })
})

describe('a page of any origin', () => {
  const origin = 'https://shop.example'
  const cross = async (method: 'GET' | 'POST' | 'OPTIONS' | 'DELETE', path: string, asks?: string) => {
    const { statusCode, headers, body } = await request(vault.url + path, {
      method,
      headers: {
        origin,
        ...(asks && {
          'access-control-request-method': asks,
          'access-control-request-headers': 'content-type',
        }),
      },
    })
    await body.dump()
    const named = Object.entries(headers).filter(([name]) => name.startsWith('access-control-'))
    return { status: statusCode, access: Object.fromEntries(named) }
  }

  test('may ask in a browser for a session, whatever the answer is', async () => {
    const session = await open()
    for (const [method, path, allows] of [
      ['GET', `/sessions/${session}`, 'GET'],
      ['POST', `/sessions/${session}/complete-action`, 'POST'],
    ] as const) {
      const preflight = await cross('OPTIONS', path, method)
      expect(preflight).toMatchObject({
        status: 204,
        access: { 'access-control-allow-origin': '*', 'access-control-allow-methods': allows },
      })
      expect(preflight.access['access-control-allow-headers']).toContain('content-type')
      for (const asked of [path, path.replace(session, randomUUID())]) {
        const { access } = await cross(method, asked)
        expect(access).toMatchObject({ 'access-control-allow-origin': '*' })
        // With it a browser would send cookies and tell pages what was answered to them.
        expect(access).not.toHaveProperty('access-control-allow-credentials')
      }
    }
  })

  test('may ask for nothing else', async () => {
    const token = await merchant.importCard({ number: testCards.visa })
    for (const [method, path] of [
      ['POST', '/cde-import'],
      ['POST', '/tokens/session'],
      ['GET', '/tokens'],
      ['GET', `/tokens/${token}`],
      ['DELETE', `/tokens/${token}`],
      ['POST', `/tokens/${token}/refresh-session`],
      ['GET', `/tokens/${token}/security-code`],
      ['POST', `/tokens/${token}/consume`],
      ['GET', `/tokens/card-art/${token}`],
      ['POST', '/forward'],
      ['POST', '/tokenize'],
      ['POST', '/proxy/transaction'],
      ['GET', '/sessions'],
    ] as const) {
      const preflight = await cross('OPTIONS', path, method)
      expect([path, preflight.status >= 400, preflight.access]).toEqual([path, true, {}])
      expect([path, (await cross(method, path)).access]).toEqual([path, {}])
    }
  })
})

describe('whoever tries too often has to wait:', () => {
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })

  const expectToWait = (reply: Reply, everyMs: number): void => {
    expect(reply).toMatchObject({ status: 429, body: { code: 429, classifier: 'TOO_MANY_REQUESTS' } })
    const seconds = Number(reply.headers['retry-after'])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(Math.ceil(everyMs / 1_000))
  }

  test('an address that asks for sessions that are not there, and no other address', async () => {
    const session = await open()
    const address = '203.0.113.7'
    const replies: Reply[] = []
    // As fast as the vault answers; meanwhile some of what was counted runs out.
    while (replies.at(-1)?.status !== 429 && replies.length < 10 * guessLimits.visitor.atOnce)
      replies.push(await merchant.browse('GET', `/sessions/${randomUUID()}`, from(address)))
    expect(replies.length).toBeGreaterThan(guessLimits.visitor.atOnce)
    const wait = replies.at(-1) as Reply
    expectToWait(wait, guessLimits.visitor.everyMs)
    expect(wait.headers['access-control-allow-origin']).toBe('*')
    expect((await merchant.browse('GET', `/sessions/${randomUUID()}`, from('203.0.113.8'))).status).toBe(404)
    // Whoever shares the address and knows a session is served as before.
    const found = await merchant.browse('GET', `/sessions/${session}`, from(address))
    expect(found).toMatchObject({ status: 200, body: { next_action: refresh } })
    const payload = await merchant.seal(session, { security_code: '123' })
    const answered = await merchant.browse('POST', `/sessions/${session}/complete-action`, {
      ...from(address),
      body: { action: refresh, result: { enc_payload: payload } },
    })
    expect(answered).toMatchObject({ status: 200, body: { status: 'success' } })
  })

  test('a customer who types one code after the other for a card, and no other card', async () => {
    const token = await merchant.importCard({ number: testCards.visa })
    for (let at = 0; at < guessLimits.answer.atOnce; at++)
      expect(await merchant.refresh(token, `10${at}`)).toMatchObject({ status: 200, body: success(token) })
    const session = await merchant.openRefresh(token)
    const payload = await merchant.seal(session, { security_code: '200' })
    // It may come again as it is: a session is not ended by having to wait.
    for (let turn = 0; turn < 6; turn++)
      expectToWait(await merchant.complete(session, refresh, payload), guessLimits.answer.everyMs)
    expect((await merchant.browse('GET', `/sessions/${session}`)).body).toMatchObject({
      next_action: refresh,
    })
    const another = await merchant.importCard({ number: testCards.visa3 })
    expect(await merchant.refresh(another, '200')).toMatchObject({ status: 200, body: success(another) })
  })
})
