import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import {
  account,
  callerForAccount,
  cardWish,
  type IssuingBench,
  issueCard,
  noUpdate,
  openIssuingBench,
} from '@cardkeep/testing/doubles/issued-card'
import { addIssuer } from '@cardkeep/testing/doubles/issuer'
import { addTenant, callerOf } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import { passesLuhn } from '../../cards/luhn.ts'
import { UnavailableError } from '../../errors.ts'
import { endOfCard, idsPerMs } from '../../issuing/issued-card.ts'
import type { IssuerSettings } from '../../issuing/issuer.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret } from '../../kernel/secret.ts'
import { hourMs } from '../../kernel/time.ts'
import type { IssuedCardCipher } from '../../ports.ts'
import { createIssuedCard } from './create-issued-card.ts'
import { updateIssuedCard } from './update-issued-card.ts'

const opened: IssuingBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const open = async (settings: Partial<IssuerSettings> = {}): Promise<IssuingBench> => {
  const bench = await openIssuingBench(settings)
  opened.push(bench)
  return bench
}

const numberOf = async ({ vault }: IssuingBench, { card }: Awaited<ReturnType<typeof issueCard>>) =>
  openSecret(await vault.issuedCards.openNumber(card, card.sealedNumber), 'check')

test('a card has a number of the issuer’s BIN, an expiry in 72 months, and a place in the schedule', async () => {
  const bench = await open()
  const { vault, caller, issuer } = bench
  const made = await createIssuedCard(vault, caller, {
    ...cardWish,
    transactionLimit: 12.5,
    metadata: '{"a":1}',
  })
  if (!made.ok) throw new Error(made.error.type)
  const { card, rotation } = made.value
  const now = vault.clock.now()
  expect(card).toMatchObject({
    ...{ tenantId: issuer.tenantId, accountId: account, customerId: 5, status: 'NORMAL', version: 1 },
    ...{ name: 'travel', printedName: 'JANE HOLDER', contactless: true, accountUpdater: false },
    ...{ transactionLimit: 12.5, metadata: '{"a":1}', createdAt: now, updatedAt: now },
    ...{ expiryMonth: 1, expiryYear: 2032 },
  })
  const number = await numberOf(bench, made.value)
  expect(number).toMatch(/^400000\d{10}$/)
  expect(passesLuhn(number)).toBe(true)
  expect(card.last4).toBe(number.slice(-4))
  expect(rotation).toMatchObject({
    ...{ cardId: card.id, tenantId: issuer.tenantId, serial: 0, version: 1 },
    ...{ dueAt: now + 24 * hourMs, previous: undefined },
    schedule: {
      intervalMs: 24 * hourMs,
      nextAt: now + 24 * hourMs,
      lastScheduledAt: now,
      lastRotatedAt: now,
    },
  })
  expect(structuredClone(await vault.store.issuedCard(card.id))).toEqual(structuredClone(made.value))
})

test('without an interval it rotates only when it is forced', async () => {
  const { rotation } = await issueCard(await open(), { rotationHours: undefined })
  expect(rotation).toMatchObject({
    dueAt: undefined,
    schedule: { intervalMs: undefined, nextAt: undefined, lastScheduledAt: undefined },
  })
})

test('where the issuer chose a jitter it is due within it', async () => {
  const bench = await open({ jitterMs: 60_000 })
  const made = await Promise.all(['a', 'b', 'c', 'd'].map((name) => issueCard(bench, { name })))
  const delays = made.map(({ rotation: { dueAt, schedule } }) => (dueAt ?? 0) - (schedule.nextAt ?? 0))
  for (const delay of delays) expect(delay).toBeGreaterThanOrEqual(0)
  for (const delay of delays) expect(delay).toBeLessThan(60_000)
  expect(new Set(delays).size).toBeGreaterThan(1)
})

test('that it was made is written down in its commit, with what was wanted alongside', async () => {
  const { vault, caller, commits, entries } = await open()
  const told: unknown[] = []
  const made = await createIssuedCard(vault, caller, cardWish, (value) => {
    told.push(value)
    return [{ type: 'purge-idempotency', before: vault.clock.now() }]
  })
  if (!made.ok) throw new Error(made.error.type)
  expect(commits.map(nameChanges)).toEqual([
    ['put-issued-card', 'audit issued-card.created success', 'purge-idempotency'],
  ])
  expect(entries()).toEqual([['issued-card.created', String(made.value.card.id)]])
  expect(told).toEqual([made.value])
})

test('neither its entry nor what callers are told in the place of a hash says anything of its number', async () => {
  const bench = await open()
  const made = await issueCard(bench)
  const number = await numberOf(bench, made)
  const written = JSON.stringify(bench.commits, (key, value: unknown) =>
    key.startsWith('sealed') ? undefined : value,
  )
  expect(written).not.toContain(number)
  expect(written).not.toContain(number.slice(0, 12))
  expect((await issueCard(bench, { name: 'other' })).card.hash).not.toBe(made.card.hash)
})

describe('a name', () => {
  const taken = refuse({
    ...{ type: 'InvalidField', field: 'name', why: 'is the name of another card of this customer' },
  })

  test('is that of one card of a customer', async () => {
    const bench = await open()
    await issueCard(bench)
    expect(await createIssuedCard(bench.vault, bench.caller, cardWish)).toEqual(taken)
    await issueCard(bench, { customerId: 6 })
    await issueCard(bench, { name: 'Travel' })
  })

  test('is free for another account’s card of a customer of the same number', async () => {
    const bench = await open()
    const { card } = await issueCard(bench)
    const stranger = callerForAccount(bench.caller, account + 1)
    expect((await issueCard({ ...bench, caller: stranger })).card).toMatchObject({
      ...{ accountId: account + 1, customerId: card.customerId, name: card.name },
    })
  })

  test('is free again once its card has expired, which is cancelled in the same commit', async () => {
    const bench = await open()
    const { card } = await issueCard(bench)
    bench.vault.clock.advance(endOfCard(card) - 1 - bench.vault.clock.now())
    expect(await createIssuedCard(bench.vault, bench.caller, cardWish)).toEqual(taken)
    bench.vault.clock.advance(1)
    bench.commits.splice(0)
    expect((await issueCard(bench)).card.name).toBe(card.name)
    const before = await bench.vault.store.issuedCard(card.id)
    expect(before?.card).toEqual({ ...card, status: 'CANCELED', updatedAt: endOfCard(card), version: 2 })
    expect(bench.commits.map(nameChanges)).toEqual([
      [
        ...['replace-issued-card', 'audit issued-card.updated success'],
        ...['put-issued-card', 'audit issued-card.created success'],
      ],
    ])
  })

  test('of a card that expired, which two others want at once, goes to one', async () => {
    const bench = await open()
    const { card } = await issueCard(bench)
    bench.vault.clock.advance(endOfCard(card) - bench.vault.clock.now())
    const both = await Promise.all([0, 1].map(() => createIssuedCard(bench.vault, bench.caller, cardWish)))
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(both).toContainEqual(taken)
  })

  test('is free again once its card is cancelled', async () => {
    const bench = await open()
    const { card } = await issueCard(bench)
    await updateIssuedCard(bench.vault, bench.caller, { ...noUpdate, cardId: card.id, status: 'CANCELED' })
    expect((await issueCard(bench)).card.name).toBe(card.name)
  })

  test('of two cards that want it at once one gets it', async () => {
    const { vault, caller } = await open()
    const both = await Promise.all([0, 1].map(() => createIssuedCard(vault, caller, cardWish)))
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(both).toContainEqual(taken)
  })
})

describe('a number', () => {
  /** A cipher that makes the same hash of the first so many numbers that it is asked for. */
  const sameHash = ({ vault }: IssuingBench, count: number): IssuedCardCipher => {
    let left = count
    return {
      ...vault.issuedCards,
      numberHashes: (tenantId, pan) =>
        left-- > 0
          ? Promise.resolve([new Uint8Array(32).fill(7)])
          : vault.issuedCards.numberHashes(tenantId, pan),
    }
  }

  test('that a card has already is drawn again', async () => {
    const bench = await open()
    const issuedCards = sameHash(bench, 5)
    const vault = { ...bench.vault, issuedCards }
    await issueCard({ ...bench, vault })
    const { card } = await issueCard({ ...bench, vault }, { name: 'other' })
    expect(card.numberHash).not.toEqual(new Uint8Array(32).fill(7))
  })

  test('is looked for only for a while where nearly all are given out', async () => {
    const bench = await open()
    const vault = { ...bench.vault, issuedCards: sameHash(bench, Number.POSITIVE_INFINITY) }
    await issueCard({ ...bench, vault })
    expect(await createIssuedCard(vault, bench.caller, { ...cardWish, name: 'other' })).toEqual(
      refuse({ type: 'IssuerNotReady', reason: 'no number left' }),
    )
  })

  test('that two cards draw at once goes to one, and the other draws anew', async () => {
    const bench = await open()
    const vault = { ...bench.vault, issuedCards: sameHash(bench, 2) }
    const made = await Promise.all(['a', 'b'].map((name) => issueCard({ ...bench, vault }, { name })))
    expect(new Set(made.map(({ card }) => String(card.numberHash))).size).toBe(2)
  })

  test('comes evenly from all BINs of the issuer', async () => {
    const bench = await open()
    const { vault, issuer } = bench
    const bin = { tenantId: issuer.tenantId, bin: '400001', createdAt: vault.clock.now() }
    await vault.store.commit([{ type: 'add-issuer-bin', bin }])
    const made = await Promise.all(
      Array.from({ length: 60 }, (_, each) => issueCard(bench, { name: `card ${each}` })),
    )
    const numbers = await Promise.all(made.map((card) => numberOf(bench, card)))
    const ofSecond = numbers.filter((number) => number.startsWith('400001')).length
    expect(numbers.every((number) => number.startsWith('40000'))).toBe(true)
    expect(ofSecond).toBeGreaterThan(15)
    expect(ofSecond).toBeLessThan(45)
  })
})

test('ids that are drawn twice are drawn again', async () => {
  const bench = await open()
  let draws = 0
  const vault = {
    ...bench.vault,
    draws: { below: (end: number) => (end === idsPerMs && draws++ < 2 ? 5 : bench.vault.draws.below(end)) },
  }
  const first = await issueCard({ ...bench, vault })
  const second = await issueCard({ ...bench, vault }, { name: 'other' })
  expect(second.card.id).not.toBe(first.card.id)
})

test('it is given up where others are first at every attempt', async () => {
  const { vault, caller } = await open()
  const store = interceptCommits(vault.store, async () =>
    refuse({ type: 'Conflict', change: 'put-issued-card' }),
  )
  await expect(createIssuedCard({ ...vault, store }, caller, cardWish)).rejects.toThrow(UnavailableError)
})

describe('no card is issued', () => {
  test('for no account', async () => {
    const { vault, issuerCaller } = await open()
    expect(await createIssuedCard(vault, issuerCaller, cardWish)).toEqual(refuse({ type: 'NotPermitted' }))
  })

  test('by a tenant that is no issuer', async () => {
    const { vault } = await open()
    const caller = callerForAccount(callerOf(await addTenant(vault, 'shop')), account)
    expect(await createIssuedCard(vault, caller, cardWish)).toEqual(
      refuse({ type: 'IssuerNotReady', reason: 'not enabled' }),
    )
  })

  test('by an issuer without a BIN', async () => {
    const { vault } = await open()
    const { tenantId } = await addIssuer(vault, 'fresh')
    const tenant = await vault.store.tenant(tenantId)
    if (!tenant) throw new Error('no tenant')
    expect(await createIssuedCard(vault, callerForAccount(callerOf(tenant), account), cardWish)).toEqual(
      refuse({ type: 'IssuerNotReady', reason: 'no BIN' }),
    )
  })

  test('by an issuer whose keys are not complete', async () => {
    const { vault, caller, issuer } = await open()
    const store = { ...vault.store, issuer: async () => ({ ...issuer, cvk: undefined }) }
    expect(await createIssuedCard({ ...vault, store }, caller, cardWish)).toEqual(
      refuse({ type: 'IssuerNotReady', reason: 'no CVK' }),
    )
  })
})
