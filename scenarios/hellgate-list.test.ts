import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Json } from './support/client.ts'
import { cardAnswer, type Merchant } from './support/hellgate.ts'
import { faultsOf, openMerchant } from './support/hellgate-scenario.ts'
import { openShop, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const count = 8

let merchant: Merchant
/** All that may be listed, the first that was made first. */
let made: readonly Json[]
let suspended: unknown

beforeAll(async () => {
  const shop = await openShop(scenario, 'lister')
  merchant = await openMerchant(scenario, 'lister')
  await addWhatIsNotListed()
  const ids: string[] = []
  for (let at = 0; at < count - 1; at++) ids.push(await merchant.importCard({ number: loadCard(at) }))
  // By whichever API a card came in, it is one.
  const { token } = await shop.tokenize({ number: testCards.amex })
  ids.push(String((await merchant.call('GET', `/tokens/${token}`)).body['id']))
  suspended = ids[1]
  await scenario.command('token', 'suspend', String(suspended))
  made = await Promise.all(ids.map(async (id) => (await merchant.call('GET', `/tokens/${id}`)).body))
  await shop.call('POST', '/tokenize', { body: bankBody })
})

const addWhatIsNotListed = async (): Promise<void> => {
  // Another tenant's.
  await scenario.demo.tokenize({ number: loadCard(100) })
  const deleted = await merchant.importCard({ number: loadCard(101) })
  await merchant.call('DELETE', `/tokens/${deleted}`)
  const session = await merchant.openTokenize({ expiration_time: 1 })
  const payload = await merchant.seal(session, cardAnswer({ number: loadCard(102) }))
  const { body } = await merchant.complete(session, 'tokenize_card', payload)
  const expiring = String((body['data'] as Json)['token_id'])
  await until('its end', async () => (await merchant.call('GET', `/tokens/${expiring}`)).status === 404)
}

const bankBody = {
  type: 'bank',
  data: {
    accountNumber: '000123456789',
    routingNumber: '110000000',
    accountType: 'checking',
    firstName: 'Ada',
    lastName: 'Lovelace',
  },
}

const list = async (query = '') => {
  const { status, body } = await merchant.call('GET', `/tokens${query}`)
  expect(status).toBe(200)
  const data = body['data'] as readonly Json[]
  return { data, ids: data.map(({ id }) => id), pagination: body['pagination'] }
}

const idsOf = (tokens: readonly Json[]) => tokens.map(({ id }) => id)
const timeOf = ({ created_at: at }: Json): number => Date.parse(String(at))

test('the newest stand first, as they are told one by one, and nothing that is gone or of others', async () => {
  const { data, pagination } = await list()
  expect(data).toEqual(made.toReversed())
  expect(pagination).toEqual({ current_page: 1, page_size: 50, total_items: count, total_pages: 1 })
  expect(data.find(({ id }) => id === suspended)).toMatchObject({ status: 'invalid' })
})

test.each(['created_at+asc', 'created_at%2Basc', 'created_at%20asc'])(
  '%s: the oldest first',
  async (sort) => {
    expect((await list(`?sort=${sort}`)).ids).toEqual(idsOf(made))
  },
)

test('created_at+desc: the newest first', async () => {
  expect((await list('?sort=created_at+desc')).ids).toEqual(idsOf(made.toReversed()))
})

describe('page by page', () => {
  test('each comes once, in order, and a page after the last is empty', async () => {
    const seen: unknown[] = []
    for (let page = 1; page <= 4; page++) {
      const { ids, pagination } = await list(`?sort=created_at+asc&limit=3&page=${page}`)
      expect(pagination).toEqual({ current_page: page, page_size: 3, total_items: count, total_pages: 3 })
      expect(ids).toHaveLength(page === 4 ? 0 : Math.min(3, count - seen.length))
      seen.push(...ids)
    }
    expect(seen).toEqual(idsOf(made))
  })

  test('up to five hundred on one', async () => {
    const { ids, pagination } = await list('?limit=500')
    expect([ids.length, pagination]).toMatchObject([count, { page_size: 500, total_pages: 1 }])
  })
})

describe('of a time', () => {
  const day = (shiftDays: number): string => {
    const at = timeOf(made[0] ?? {}) + shiftDays * 86_400_000
    return new Date(at).toISOString().slice(0, 10)
  }

  test('from one moment to another, both included', async () => {
    const [from, to] = [made[2], made[5]].map((token) => String(token?.['created_at']))
    const wanted = made.filter(
      (token) => timeOf(token) >= Date.parse(from ?? '') && timeOf(token) <= Date.parse(to ?? ''),
    )
    const { ids, pagination } = await list(`?sort=created_at+asc&from=${from}&to=${to}`)
    expect(ids).toEqual(idsOf(wanted))
    expect(pagination).toMatchObject({ total_items: wanted.length })
  })

  test('from one day to another, both included', async () => {
    expect((await list(`?from=${day(0)}&to=${day(1)}`)).ids).toHaveLength(count)
    expect((await list(`?from=${day(2)}`)).ids).toEqual([])
    expect((await list(`?to=${day(-1)}`)).ids).toEqual([])
    expect((await list(`?from=${day(1)}&to=${day(0)}`)).ids).toEqual([])
  })
})

test.each([
  ['not_available', count],
  ['active,not_available', count],
  ['active', 0],
  ['active,inactive,pending,failed,deleted', 0],
])('with a network token that is %s', async (status, wanted) => {
  const { ids, pagination } = await list(`?network_token_status=${status}`)
  expect([ids.length, pagination]).toMatchObject([wanted, { total_items: wanted }])
})

test.each([
  ['limit=0', '$.limit is not valid'],
  ['limit=501', '$.limit is not valid'],
  ['limit=1e2', '$.limit is not valid'],
  ['page=0', '$.page is not valid'],
  ['page=-1', '$.page is not valid'],
  ['from=yesterday', '$.from is not valid'],
  ['to=2026-02-30', '$.to is not valid'],
  ['sort=id', '$.sort is not valid'],
  ['network_token_status=unheard', '$.network_token_status is not valid'],
  ['cursor=x', '$.cursor is not valid'],
])('%s is refused', async (query, fault) => {
  const refused = await merchant.call('GET', `/tokens?${query}`)
  expect([refused.status, faultsOf(refused)]).toEqual([422, [fault]])
})
