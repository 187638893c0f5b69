import { randomUUID } from 'node:crypto'
import { guessLimits } from '@cardkeep/core/codes/guesses'
import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import { allowProvider, openShop, startScenario } from './support/scenario.ts'
import { chargesOf, type Shop } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo } = scenario
const provider = await startProvider()
cleanUp(() => provider.close())
beforeAll(() => allowProvider(scenario, demo, provider))
const url = chargesOf(provider)

const card = { number: testCards.visa, code: '123' }
const failures = { session: guessLimits.session.atOnce, token: guessLimits.token.atOnce }
const seconds = (ms: number): number => Math.ceil(ms / 1000)

const statusesOf = (replies: readonly Reply[]): readonly number[] => replies.map(({ status }) => status)

const chargeTimes = async (shop: Shop, times: number, charge: () => { token: string; session: string }) => {
  const replies: Reply[] = []
  for (let time = 0; time < times; time++) replies.push(await shop.charge({ ...charge(), url }))
  return replies
}

/** A refusal that says when to come again: within the pace of its limit, some of which has passed. */
const expectToWait = (reply: Reply, everyMs: number): void => {
  expect(reply).toMatchObject({ status: 429, sent: 'no', body: { success: false, data: null } })
  expect(reply.headers['cardkeep-refusal']).toBe('TooManyGuesses')
  const wait = Number(reply.headers['retry-after'])
  expect(wait).toBeGreaterThan(0)
  expect(wait).toBeLessThanOrEqual(seconds(everyMs))
  expect(wait).toBeGreaterThan(seconds(everyMs) - 30)
}

test('a session that was tried too often waits, and other sessions of its token go on', async () => {
  const { token } = await demo.tokenize(card)
  const session = randomUUID()
  const tries = await chargeTimes(demo, failures.session, () => ({ token, session }))
  expect(statusesOf(tries)).toEqual(Array(failures.session).fill(404))
  expectToWait(await demo.charge({ token, session, url }), guessLimits.session.everyMs)
  // Another session of the same token is still only unknown, and says nothing else.
  expect(await demo.charge({ token, session: randomUUID(), url })).toMatchObject({ status: 404 })
})

test('a session that was guessed at with other tokens waits for its own as well', async () => {
  const charge = await demo.tokenize(card)
  const others = await Promise.all(Array.from({ length: failures.session }, () => demo.tokenize(card)))
  for (const { token } of others)
    expect(await demo.charge({ token, session: charge.session, url })).toMatchObject({ status: 404 })
  const before = provider.requests.length
  expectToWait(await demo.charge({ ...charge, url }), guessLimits.session.everyMs)
  expect(provider.requests).toHaveLength(before)
})

test('a token that was tried with many sessions waits, and codes of other tokens go on', async () => {
  const { token, session } = await demo.tokenize(card)
  const tries = await chargeTimes(demo, failures.token, () => ({ token, session: randomUUID() }))
  expect(statusesOf(tries)).toEqual(Array(failures.token).fill(404))
  expectToWait(await demo.charge({ token, session, url }), guessLimits.token.everyMs)

  const another = await demo.tokenize(card)
  expect(await demo.charge({ ...another, url })).toMatchObject({ status: 200, sent: 'yes' })
  // What carries no code is not guessing.
  expect(await demo.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
})

test('a success takes nothing back', async () => {
  const { token } = await demo.tokenize(card)
  const session = randomUUID()
  await chargeTimes(demo, failures.session - 1, () => ({ token, session }))
  const good = await demo.tokenize(card)
  expect(await demo.charge({ ...good, url })).toMatchObject({ status: 200 })
  expect(await demo.charge({ token, session, url })).toMatchObject({ status: 404 })
  expectToWait(await demo.charge({ token, session, url }), guessLimits.session.everyMs)
})

test('an address that fails with very many tokens is slowed down and not shut, and other tenants are not', async () => {
  const shop = await openShop(scenario, 'busy')
  await allowProvider(scenario, shop, provider, 'busy')

  const fail = async (): Promise<Reply> => {
    const { token } = await shop.tokenize({ number: testCards.visa })
    return shop.charge({ token, session: randomUUID(), url })
  }
  const replies: Reply[] = []
  // As fast as the vault answers; meanwhile some of what was counted runs out.
  while (replies.at(-1)?.status !== 429 && replies.length < 10 * guessLimits.address.atOnce)
    replies.push(...(await Promise.all(Array.from({ length: 20 }, fail))).toSorted(byStatus))
  const refused = replies.filter(({ status }) => status === 429)
  expect(replies.length - refused.length).toBeGreaterThanOrEqual(guessLimits.address.atOnce)
  expect(new Set(refused.map(({ headers }) => headers['retry-after']))).toEqual(new Set(['1']))

  expect(await demo.charge({ ...(await demo.tokenize(card)), url })).toMatchObject({ status: 200 })
  const refusedBy = performance.now()
  await until('as long as the refusal said', () => performance.now() > refusedBy + 1_000)
  expect(await shop.charge({ ...(await shop.tokenize(card)), url })).toMatchObject({ status: 200 })
})

const byStatus = (a: Reply, b: Reply): number => a.status - b.status
