import type { TokenId } from '@cardkeep/core/kernel/ids'
import { suspendToken } from '@cardkeep/core/operations/tokens/suspend-token'
import { parseToken } from '@cardkeep/core/tokens/spelling'
import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { openBeside } from './support/beside.ts'
import type { Json, Reply } from './support/client.ts'
import type { Merchant } from './support/hellgate.ts'
import { openMerchant } from './support/hellgate-scenario.ts'
import { readRows } from './support/rows.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import { type OpenedSite, openScope, openSite, startTill } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const till = await startTill()
const { url } = till

/** Another process, which does things to tokens as a command of the operator would, and sooner. */
const { ports } = await openBeside(scenario)
const operator = { name: 'operator' }

let site: OpenedSite
let merchant: Merchant
let token_scope = ''
beforeAll(async () => {
  await allowProvider(scenario, scenario.demo, till.provider)
  merchant = await openMerchant(scenario)
  site = await openSite(scenario)
  token_scope = await openScope(scenario, site)
})

const rounds = 15
let next = 200_000
/** A number that this vault has not seen. */
const freshNumber = (): string => loadCard(next++)

const put = (number: string, more: Json = {}): Promise<Reply> =>
  site.put({ number, code: '123', ...more }, { token_scope })
const tokenOf = ({ body }: Reply): string => String(body['reuse_token'])

const countTokens = (): number =>
  Number(readRows(scenario, `select count(*) as tokens from tokens where status <> 'deleted'`)[0]?.['tokens'])

const statusOf = async (token: string): Promise<unknown> => (await site.get(token)).body['token_status']

/** So many at once; answers in their order. */
const atOnce = <T>(count: number, work: (at: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)))

describe('PUTs at once', () => {
  test.each([2, 10])('of one new card make one token: %i of them', async (callers) => {
    const before = countTokens()
    for (let round = 0; round < rounds; round++) {
      const number = freshNumber()
      const replies = await atOnce(callers, (at) => put(number, { year: 2030 + (at % 3) }))
      expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
      const tokens = new Set(replies.map(tokenOf))
      expect(tokens.size).toBe(1)
      expect(await statusOf([...tokens][0] ?? '')).toBe('ACTIVE')
    }
    expect(countTokens()).toBe(before + rounds)
  })

  test('of several new cards make one token for each', async () => {
    const numbers = Array.from({ length: 8 }, freshNumber)
    const before = countTokens()
    const replies = await atOnce(32, (at) => put(numbers[at % 8] ?? ''))
    expect(new Set(replies.map(tokenOf)).size).toBe(8)
    expect(countTokens()).toBe(before + 8)
  })

  test('for reuse, for analytics and for both make one token and one id', async () => {
    for (let round = 0; round < 5; round++) {
      const number = freshNumber()
      const replies = await atOnce(9, (at) =>
        site.put(
          { number },
          { token_scope, token_type: ['REUSE', 'ANALYTICS', 'REUSE_AND_ANALYTICS'][at % 3] },
        ),
      )
      const named = (field: string) =>
        new Set(replies.map(({ body }) => body[field]).filter((value) => value !== undefined))
      expect([named('reuse_token').size, named('analytics_token').size]).toEqual([1, 1])
    }
  })

  test.each(['a scope that knows its cards', 'one that does not'])(
    'of one ciphertext make one token with one code, in %s',
    async (name) => {
      const scope = name.startsWith('a scope') ? { token_scope } : {}
      for (let round = 0; round < 5; round++) {
        const body = await site.putBody({ number: freshNumber(), code: '123' }, scope)
        const before = countTokens()
        const replies = await atOnce(10, () => site.call('PUT', '/api/v2/card', { body }))
        expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200))
        const [token = '', ...others] = new Set(replies.map(tokenOf))
        expect(others).toEqual([])
        expect(countTokens()).toBe(before + 1)
        const charges = await atOnce(5, () => merchant.charge({ token, url }))
        expect(charges.filter(({ status }) => status === 200)).toHaveLength(1)
        expect(await merchant.charge({ token, url })).toMatchObject({ status: 422, sent: 'no' })
      }
    },
  )
})

test(`PUT racing DELETE: the card has the old token that is gone, or a new one that is not, ${rounds} times`, async () => {
  for (let round = 0; round < rounds; round++) {
    const number = freshNumber()
    const old = tokenOf(await put(number))
    const [replies, removed] = await Promise.all([
      atOnce(3, (at) => put(number, { year: 2030 + at })),
      site.remove(old),
    ])
    expect(removed.status).toBe(204)
    expect(await statusOf(old)).toBe('DELETED')
    expect(await merchant.charge({ token: old, url })).toMatchObject({ status: 404, sent: 'no' })
    const fresh = new Set(replies.map(tokenOf).filter((token) => token !== old))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    // All that came after it are of one token.
    expect(fresh.size).toBeLessThanOrEqual(1)
    const after = tokenOf(await put(number))
    expect(after).not.toBe(old)
    for (const token of fresh) expect(after).toBe(token)
  }
})

test(`PATCH that relinks racing PUT of its number: one of both is what the number is known by, ${rounds} times`, async () => {
  for (let round = 0; round < rounds; round++) {
    const [from, to] = [freshNumber(), freshNumber()]
    const relinked = tokenOf(await put(from))
    const [patched, ...replies] = await Promise.all([
      site.patchCard(relinked, { number: to, month: 12, year: 2031 }),
      put(to),
      put(to),
    ])
    expect([patched, ...replies].map(({ status }) => status)).toEqual([200, 200, 200])
    // Of the two the older stands for the number from then on.
    expect(tokenOf(await put(to))).toBe(relinked)
    for (const token of new Set([relinked, ...replies.map(tokenOf)]))
      expect((await site.get(token)).body).toMatchObject({ token_status: 'ACTIVE', last_four: to.slice(-4) })
    expect(tokenOf(await put(from))).not.toBe(relinked)
  }
})

test(`two tokens relinked to one number at once both stand for it, and it is known by the older, ${rounds} times`, async () => {
  for (let round = 0; round < rounds; round++) {
    const [one, other, to] = [freshNumber(), freshNumber(), freshNumber()]
    const older = tokenOf(await put(one))
    const younger = tokenOf(await put(other))
    const relink = (token: string) => site.patchCard(token, { number: to, month: 12, year: 2031 })
    const replies = await Promise.all([relink(younger), relink(older)])
    expect(replies.map(({ status }) => status)).toEqual([200, 200])
    expect(tokenOf(await put(to))).toBe(older)
  }
})

test(`PATCHes at once of different fields are all there, ${rounds} times`, async () => {
  for (let round = 0; round < rounds; round++) {
    const token = tokenOf(await put(freshNumber()))
    const replies = await Promise.all([
      site.patch(token, { card_holder_name: `Name ${round}` }),
      site.patch(token, { expiry_month: 1 + (round % 12) }),
      site.patch(token, { card_holder_email: `${round}@shop.example` }),
    ])
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await site.patch(token, {})).body).toMatchObject({
      card_holder_name: `Name ${round}`,
      expiry_month: 1 + (round % 12),
      card_holder_email: `${round}@shop.example`,
    })
  }
})

describe('a token that is suspended', () => {
  const card = { number: testCards.visa2, code: '741' }

  test(`while it is charged sends its code before, or not at all, ${rounds} times`, async () => {
    const tokens = await atOnce(rounds, () => site.bring(card))
    for (const [at, token] of tokens.entries()) {
      const before = till.bodies.length
      const charging = merchant.charge({ token, url })
      // Some before the request is out, some after it.
      for (let wait = 0; wait < at % 4; wait++) await site.get(token)
      const suspended = await site.suspend(token)
      const charged = await charging
      expect(suspended.status).toBe(204)
      // 422: it was active still when it was looked at, and its code went before it could be taken.
      expect([200, 404, 422]).toContain(charged.status)
      expect(till.bodies.length - before).toBe(charged.status === 200 ? 1 : 0)
      expect(await merchant.charge({ token, url })).toMatchObject({ status: 404, sent: 'no' })
      await site.activate(token)
      expect(await merchant.isCodeHeld(token)).toBe(false)
    }
  })

  test(`by another process while codes come for it holds none when it is active again, ${rounds} times`, async () => {
    const tokens = await atOnce(rounds, () => site.bring({ number: card.number }))
    await atOnce(rounds, async (at) => {
      const token = tokens[at] ?? ''
      const bringing = site.patch(token, { cvv: '741' })
      for (let wait = 0; wait < at % 4; wait++) await site.get(token)
      const id = parseToken(token) as TokenId
      expect(await suspendToken(ports, operator, id)).toMatchObject({ ok: true })
      expect(await bringing).toMatchObject({ status: 200 })
    })
    for (const token of tokens) {
      await until('its end', async () => (await statusOf(token)) === 'SUSPENDED')
      await site.activate(token)
      expect(await merchant.isCodeHeld(token)).toBe(false)
    }
  })
})

test('the log of all this holds together', async () => {
  expect(await scenario.command('audit', 'verify')).toMatchObject({ ok: true })
})
