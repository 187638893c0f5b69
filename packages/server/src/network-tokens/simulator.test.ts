import { createHmac } from 'node:crypto'
import { passesLuhn } from '@cardkeep/core/cards/luhn'
import { schemeOf } from '@cardkeep/core/cards/scheme'
import type { NetworkTokenId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { NetworkTokenSettings } from '@cardkeep/core/network-tokens/network-token'
import { testCards } from '@cardkeep/testing/canary/cards'
import { createCountingIds } from '@cardkeep/testing/clock'
import { cardOf } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createNetworkTokenProviders } from './providers.ts'
import { createSimulator } from './simulator.ts'

const hashUnder = (key: string) => (text: string) =>
  createHmac('sha256', key).update(text).digest().subarray(0, 16)

const simulator = createSimulator(hashUnder('a key'))
const ids = createCountingIds()
const drawId = () => ids.uuid() as NetworkTokenId
const both: NetworkTokenSettings = { networkToken: true, accountReference: true, requestor: 'merchant' }

const issue = async (id: NetworkTokenId, card = cardOf(testCards.visa), by = simulator) => {
  const issued = await by.issue({ id, card, settings: both })
  return { ...issued, number: issued.number && openSecret(issued.number, 'check') }
}

test('says that it is none of the schemes', () => {
  expect(simulator.name).toBe('simulator')
})

describe('a number', () => {
  test.each(Object.values(testCards))('for %s has 16 digits and is of no scheme', async (number) => {
    for (let time = 0; time < 50; time++) {
      const { number: issued = '' } = await issue(drawId(), cardOf(number))
      expect(issued).toMatch(/^9999\d{12}$/)
      expect(passesLuhn(issued)).toBe(true)
      expect(schemeOf(cardOf(issued).pan)).toBe('unknown')
      expect(issued).not.toBe(number)
    }
  })

  test('is never that of its card', async () => {
    const id = drawId()
    const { number: issued = '' } = await issue(id)
    const { number: other } = await issue(id, cardOf(issued))
    expect(other).toMatch(/^9999\d{12}$/)
    expect(other).not.toBe(issued)
  })

  test('is another for every network token', async () => {
    const issued = await Promise.all(Array.from({ length: 200 }, () => issue(drawId())))
    expect(new Set(issued.map(({ number }) => number)).size).toBe(200)
  })

  test.each([
    [2030, 2033],
    [2096, 2099],
    [2098, 2099],
  ])('of a card that is good until %i is good until %i, which any reader takes', async (year, until) => {
    const card = cardOf(testCards.visa)
    const expiry = { month: 4, year, yearDigits: 2 } as const
    expect((await issue(drawId(), { ...card, expiry })).expiry).toEqual({
      month: 4,
      year: until,
      yearDigits: 4,
    })
  })
})

describe('an account reference', () => {
  test('has the form of one, and says whose it is not', async () => {
    const { accountReference } = await issue(drawId())
    expect(accountReference).toMatch(/^SIM0[0-9A-Z]{25}$/)
  })

  test('is the same for each network token of a number, and another for another number', async () => {
    const [first, second] = [await issue(drawId()), await issue(drawId())]
    const reissued = { ...cardOf(testCards.visa), expiry: { month: 1, year: 2031, yearDigits: 4 } as const }
    expect(second.accountReference).toBe(first.accountReference)
    expect((await issue(drawId(), reissued)).accountReference).toBe(first.accountReference)
    expect((await issue(drawId(), cardOf(testCards.visa2))).accountReference).not.toBe(first.accountReference)
  })

  test('is found by nobody who lacks the key', async () => {
    const [here, elsewhere] = [
      await issue(drawId()),
      await issue(drawId(), cardOf(testCards.visa), createSimulator(hashUnder('another key'))),
    ]
    expect(elsewhere.accountReference).not.toBe(here.accountReference)
  })
})

test.each([
  [{ networkToken: true, accountReference: false }, [true, true, false]],
  [{ networkToken: false, accountReference: true }, [false, false, true]],
])('gives out what was asked for and nothing else: %o', async (asked, given) => {
  const card = cardOf(testCards.visa)
  const settings = { ...asked, requestor: 'vault' } as const
  const { number, expiry, accountReference } = await simulator.issue({ id: drawId(), card, settings })
  expect([number, expiry, accountReference].map((part) => part !== undefined)).toEqual(given)
})

test('remembers nothing: each step may come twice, in any order, at another node and after a start', async () => {
  const id = drawId()
  const first = await issue(id)
  const another = createSimulator(hashUnder('a key'))
  for (const step of ['suspend', 'suspend', 'resume', 'resume', 'end', 'end'] as const)
    await another[step](id)
  expect(await issue(id, cardOf(testCards.visa), another)).toEqual(first)
})

test('is for test tenants, and nobody is for live ones', () => {
  const providers = createNetworkTokenProviders(hashUnder('a key'))
  expect(providers('test')?.name).toBe('simulator')
  expect(providers('live')).toBeUndefined()
})
