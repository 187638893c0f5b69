import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { idLiteral } from './support/backends.ts'
import { readRows } from './support/rows.ts'
import { codeRequired, type OpenedShop, openShop, probe, startScenario } from './support/scenario.ts'
import type { Tokenized } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
let shop: OpenedShop
beforeAll(async () => {
  shop = await openShop(scenario, 'dedupe', ['--dedupe'])
})

let next = 1
/** A number that this vault has not seen. */
const freshNumber = (): string => loadCard(next++)

const countOf = (token: Tokenized): unknown =>
  readRows(
    scenario,
    `select count(*) as tokens from tokens join fingerprints on fingerprint_no = no
     where fingerprints.id = ${idLiteral(String(token.body['fingerprint']))}`,
  )[0]?.['tokens']

describe('first tokenisations of one card at once give one token in a scope that de-duplicates', () => {
  test.each([2, 50])('%i of them', async (callers) => {
    for (let round = 0; round < 10; round++) {
      const number = freshNumber()
      const made = await Promise.all(
        Array.from({ length: callers }, () => shop.tokenize({ number, code: '123' })),
      )
      const [first] = made
      if (!first) throw new Error('nobody was answered')
      expect(new Set(made.map(({ token }) => token)).size).toBe(1)
      expect(new Set(made.map(({ body }) => body['fingerprint'])).size).toBe(1)
      expect(made.filter(({ body }) => body['deduplicated'] === false)).toHaveLength(1)
      // Each came with a code of its own, which is held for it alone.
      expect(new Set(made.map(({ session }) => session)).size).toBe(callers)
      expect(countOf(first)).toBe(1)
    }
  })

  test('fifty with as many expiries', async () => {
    const number = freshNumber()
    const wishes = Array.from({ length: 50 }, (_, at) => ({
      number,
      year: String(2030 + (at >> 1)),
      month: at % 2 === 0 ? '06' : '12',
    }))
    const made = await Promise.all(wishes.map((wish) => shop.tokenize(wish)))
    expect(new Set(made.map(({ token }) => token)).size).toBe(1)
  })
})

test('without de-duplication each gets a token of its own, and the number is hashed once', async () => {
  const { demo } = scenario
  const made = await Promise.all(Array.from({ length: 50 }, () => demo.tokenize({ number: testCards.jcb })))
  expect(new Set(made.map(({ token }) => token)).size).toBe(50)
  expect(made.every(({ body }) => !('fingerprint' in body) && body['deduplicated'] === false)).toBe(true)
  expect(await probe(demo, made[49]?.token ?? '', 'https://provider.invalid')).not.toBe(codeRequired)
})
