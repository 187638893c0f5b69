import { beforeAll, describe, expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { type Cards, otherThan, verdictOf } from './support/pismo.ts'
import { bankAt, type OpenedBank, openBank } from './support/pismo-scenario.ts'
import { startScenario } from './support/scenario.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

/*
 * Whoever may ask whether a CVV is right has a thousand possible answers, and gets five of them, or ten in a day.
 */

const scenario = await startScenario()
let bank: OpenedBank
let account: Cards
let authoriser: Cards
beforeAll(async () => {
  bank = await openBank(scenario)
  account = await bank.account(1)
  authoriser = await bank.authoriser()
})

const judge = async (id: number, cvv: string) => verdictOf(await authoriser.verify(id, cvv))

/** Wrong tries, one after the other, each of another CVV. */
const guess = async (id: number, cvv: string, times: number) => {
  const verdicts = []
  for (let by = 1; by <= times; by++) verdicts.push(await judge(id, otherThan(cvv, by)))
  return verdicts
}

const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value)

const all = Array.from({ length: 1_000 }, (_, value) => String(value).padStart(3, '0'))

/** Every CVV there is at once, the right one in this place. */
const guessAll = async (id: number, cvv: string, place: number) => {
  const others = all.filter((one) => one !== cvv)
  const order = [...others.slice(0, place), cvv, ...others.slice(place)]
  const verdicts = await Promise.all(order.map((one) => judge(id, one)))
  const count = (verdict: string) => verdicts.filter((one) => one === verdict).length
  return { right: count('right'), wrong: count('wrong'), locked: count('locked'), later: count('later') }
}

describe('a thousand guesses at once', () => {
  test.each([0, 3, 500, 999])('get five answers at most, with the right one in place %i', async (place) => {
    const id = await account.create()
    const { cvv } = await account.info(id)
    const counts = await guessAll(id, cvv, place)
    expect(counts.wrong).toBeLessThanOrEqual(5)
    expect(counts.right).toBeLessThanOrEqual(1)
    expect(counts.right + counts.wrong).toBeGreaterThan(0)
    expect(counts.right + counts.wrong + counts.locked + counts.later).toBe(1_000)
    if (place === 0) expect(counts.wrong + counts.right).toBeGreaterThanOrEqual(5)
    // What is left of the five can be had later, and not one more.
    const more = await guess(id, cvv, 6)
    expect(counts.wrong + more.filter((one) => one === 'wrong').length).toBe(5)
    expect(await judge(id, cvv)).toBe('locked')
  })

  test('get ten in a day, however often the CVV rotates', async () => {
    const id = await account.create()
    let wrong = 0
    for (let round = 0; round < 4; round++) {
      const { cvv } = await account.info(id)
      wrong += (await guessAll(id, cvv, 999)).wrong
      await account.force(id)
    }
    expect(wrong).toBeLessThanOrEqual(10)
    expect(await judge(id, (await account.info(id)).cvv)).toBe('locked')
  })

  test('of one card take nothing from another', async () => {
    const id = await account.create()
    const neighbour = await account.create()
    const { cvv } = await account.info(neighbour)
    const [, verdict] = await Promise.all([
      guessAll(id, (await account.info(id)).cvv, 999),
      judge(neighbour, cvv),
    ])
    expect(verdict).toBe('right')
    expect(await judge(neighbour, cvv)).toBe('right')
  })
})

describe('a CVV', () => {
  test('is locked after five wrong tries, and the next one is not', async () => {
    const id = await account.create()
    const { cvv } = await account.info(id)
    expect(await guess(id, cvv, 7)).toEqual([...times(5, 'wrong'), 'locked', 'locked'])
    expect(await judge(id, cvv)).toBe('locked')
    await account.force(id)
    expect(await judge(id, (await account.info(id)).cvv)).toBe('right')
    expect(await judge(id, cvv)).toBe('wrong')
  })

  test('that is right takes no wrong try back', async () => {
    const id = await account.create()
    const { cvv } = await account.info(id)
    expect(await guess(id, cvv, 4)).toEqual(times(4, 'wrong'))
    expect(await judge(id, cvv)).toBe('right')
    expect(await guess(id, cvv, 2)).toEqual(['wrong', 'locked'])
  })

  test('is tried with a wrong expiry, which counts too', async () => {
    const id = await account.create()
    const { cvv } = await account.info(id)
    for (let time = 0; time < 5; time++)
      expect(verdictOf(await authoriser.verify(id, cvv, '01/27'))).toBe('wrong')
    expect(await judge(id, cvv)).toBe('locked')
  })

  test.each(['12', '1234', 'abc', '１２３', ''])(
    'that is none, as "%s", is refused and counts for nothing',
    async (cvv) => {
      const id = await account.create()
      for (let time = 0; time < 11; time++)
        expect(await authoriser.verify(id, cvv)).toMatchObject({ status: 400 })
      expect(await judge(id, (await account.info(id)).cvv)).toBe('right')
    },
  )
})

describe('ten wrong tries in a day', () => {
  test('lock the card across rotations, until its counters are reset', async () => {
    const id = await account.create()
    for (let round = 0; round < 2; round++) {
      const { cvv } = await account.info(id)
      expect(await guess(id, cvv, 6)).toEqual([...times(5, 'wrong'), 'locked'])
      await account.force(id)
    }
    const { cvv } = await account.info(id)
    expect(await judge(id, cvv)).toBe('locked')
    await account.force(id)
    expect(await judge(id, (await account.info(id)).cvv)).toBe('locked')
    expect(await account.resetTries(id, bank.orgId)).toMatchObject({ status: 200, body: { success: true } })
    const fresh = await account.info(id)
    expect(await judge(id, fresh.cvv)).toBe('right')
    expect(await guess(id, fresh.cvv, 6)).toEqual([...times(5, 'wrong'), 'locked'])
  })

  test('are in the audit log where they lock, and a reset too', async () => {
    const id = await account.create()
    await guess(id, (await account.info(id)).cvv, 6)
    await account.resetTries(id, bank.orgId)
    const { entries } = await exportAudit(scenario)
    const own = entries.filter(({ subject }) => subject?.[1] === String(id)).map(({ action }) => action)
    expect(own.filter((action) => /cvv\.(?:locked|tries-reset)/.test(action))).toEqual([
      'cvv.locked',
      'cvv.tries-reset',
    ])
  })
})

test('what was counted outlives the vault', async () => {
  const mortal = await startScenario()
  const own = await openBank(mortal)
  const cards = await own.account(1)
  const before = await own.authoriser()
  const locked = await cards.create()
  const half = await cards.create()
  const cvvs = { locked: (await cards.info(locked)).cvv, half: (await cards.info(half)).cvv }
  const verdicts = []
  for (let by = 1; by <= 5; by++)
    verdicts.push(verdictOf(await before.verify(locked, otherThan(cvvs.locked, by))))
  for (let by = 1; by <= 3; by++)
    verdicts.push(verdictOf(await before.verify(half, otherThan(cvvs.half, by))))
  expect(verdicts).toEqual(times(8, 'wrong'))

  await mortal.vault.kill()
  const vault = await mortal.start()
  const after = await bankAt({ ...mortal, vault }, own.keys).authoriser()
  expect(verdictOf(await after.verify(locked, cvvs.locked))).toBe('locked')
  const rest = []
  for (let by = 4; by <= 6; by++) rest.push(verdictOf(await after.verify(half, otherThan(cvvs.half, by))))
  expect(rest).toEqual(['wrong', 'wrong', 'locked'])
})
