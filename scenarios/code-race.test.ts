import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import { allowProvider, openShop, startScenario } from './support/scenario.ts'
import { chargesOf, type Shop } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo, command } = scenario
const provider = await startProvider()
cleanUp(() => provider.close())
beforeAll(() => allowProvider(scenario, demo, provider))
const url = chargesOf(provider)

const callers = 200

/** Charges with one code, all at once. */
const race = (shop: Shop, charge: { token: string; session: string }): Promise<readonly Reply[]> =>
  Promise.all(Array.from({ length: callers }, () => shop.charge({ ...charge, url })))

/** Of those that come late the first are told that the code is gone, the others that they ask too often: refused are both. */
const outcomeOf = ({ status, sent }: Reply): string =>
  `${status === 404 || status === 429 ? 'refused' : status} ${sent}`

const tally = (replies: readonly Reply[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const outcome of replies.map(outcomeOf)) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}

test('of two hundred callers with one code one charges, and the provider sees the code once', async () => {
  const charge = await demo.tokenize({ number: testCards.visa, code: '123' })
  const before = provider.requests.length
  const replies = await race(demo, charge)
  expect(tally(replies)).toEqual({ '200 yes': 1, 'refused no': callers - 1 })
  const seen = provider.requests.slice(before)
  expect(seen).toHaveLength(1)
  expect(seen[0]?.card?.codeLength).toBe(3)
})

test('a policy of three uses lets three of them through', async () => {
  const shop = await openShop(scenario, 'three')
  await command('tenant', 'policy', 'set', 'three', '--hold', 'on', '--ttl', '60', '--uses', '3')
  // Who is allowed last is followed last: by then the policy is known too.
  await allowProvider(scenario, shop, provider, 'three')
  const before = provider.requests.length
  const charge = await shop.tokenize({ number: testCards.visa, code: '123' })
  expect(tally(await race(shop, charge))).toEqual({ '200 yes': 3, 'refused no': callers - 3 })
  expect(provider.requests).toHaveLength(before + 3)
})

test('a session that is deleted while others race for it is charged at most once and answers one deletion', async () => {
  for (let round = 0; round < 10; round++) {
    const charge = await demo.testToken({ number: testCards.visa, code: '123' })
    const path = `/proxy/delete-cvc-session/${charge.session}`
    const [deleted, again] = await Promise.all([demo.call('DELETE', path), demo.call('DELETE', path)])
    expect([deleted.status, again.status].toSorted((a, b) => a - b)).toEqual([200, 404])
    expect(await demo.charge({ ...charge, url })).toMatchObject({ status: 404, sent: 'no' })
  }
})

test('of a charge and a deletion at once, a deletion that came first is not undone by the charge', async () => {
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const charge = await demo.tokenize({ number: testCards.visa, code: '123' })
      const [charged, deleted] = await Promise.all([
        demo.charge({ ...charge, url }),
        demo.call('DELETE', `/proxy/delete-cvc-session/${charge.session}`),
      ])
      const after = await demo.charge({ ...charge, url })
      return { charged: charged.status, deleted: deleted.status, after: after.status }
    }),
  )
  for (const { charged, deleted, after } of outcomes) {
    expect([charged, deleted].toSorted((a, b) => a - b)).toEqual([200, 404])
    expect(after).toBe(404)
  }
})
