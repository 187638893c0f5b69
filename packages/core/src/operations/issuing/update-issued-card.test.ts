import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import {
  account,
  callerForAccount,
  type IssuingBench,
  issueCard,
  noUpdate,
  openIssuingBench,
} from '@cardkeep/testing/doubles/issued-card'
import { afterEach, describe, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import { endOfCard } from '../../issuing/issued-card.ts'
import { refuse } from '../../kernel/result.ts'
import { dayMs, minuteMs } from '../../kernel/time.ts'
import { type UpdateIssuedCard, updateIssuedCard } from './update-issued-card.ts'

const opened: IssuingBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const open = async (parts: Parameters<typeof issueCard>[1] = {}) => {
  const bench = await openIssuingBench()
  opened.push(bench)
  const made = await issueCard(bench, parts)
  bench.commits.splice(0)
  bench.vault.clock.advance(minuteMs)
  return { ...bench, made, cardId: made.card.id }
}

type Bench = Awaited<ReturnType<typeof open>>

const update = ({ vault, caller, cardId }: Bench, parts: Partial<UpdateIssuedCard>) =>
  updateIssuedCard(vault, caller, { ...noUpdate, cardId, ...parts })

const detailsOf = ({ commits }: Bench) =>
  commits.flat().flatMap((change) => (change.type === 'audit' ? [change.entry.details] : []))

test.each<Partial<UpdateIssuedCard>>([
  { name: 'home' },
  { printedName: 'JOHN HOLDER' },
  { status: 'BLOCKED' },
  { contactless: false },
  { accountUpdater: true },
  { transactionLimit: 100 },
  { metadata: '{"b":2}' },
  { name: 'home', contactless: false, transactionLimit: 5 },
])('%o is changed, and nothing else', async (parts) => {
  const bench = await open()
  const updated = await update(bench, parts)
  if (!updated.ok) throw new Error(updated.error.type)
  const { card, rotation } = updated.value
  expect(card).toEqual({ ...bench.made.card, ...parts, updatedAt: bench.vault.clock.now(), version: 2 })
  expect(structuredClone(rotation)).toEqual(structuredClone(bench.made.rotation))
  expect(structuredClone(await bench.vault.store.issuedCard(card.id))).toEqual(structuredClone(updated.value))
  expect(bench.commits.map(nameChanges)).toEqual([
    ['replace-issued-card', 'audit issued-card.updated success'],
  ])
  expect(detailsOf(bench)).toEqual([{ changed: Object.keys(parts).join(' '), status: card.status }])
  expect(bench.entries()).toEqual([['issued-card.updated', String(card.id)]])
})

test('a limit can be taken away', async () => {
  const bench = await open({ transactionLimit: 100 })
  expect(await update(bench, { transactionLimit: null })).toMatchObject({
    value: { card: { transactionLimit: undefined } },
  })
})

test('what is as it was already is not written, nor written down', async () => {
  const bench = await open()
  const { printedName, name, status } = bench.made.card
  expect(await update(bench, { printedName, name, status, transactionLimit: null })).toMatchObject({
    value: { card: { version: 1 } },
  })
  expect(bench.commits).toEqual([])
})

test('a blocked card can be good again, and rotates all the while', async () => {
  const bench = await open()
  await update(bench, { status: 'BLOCKED' })
  expect(await update(bench, { status: 'NORMAL' })).toMatchObject({
    value: { card: { status: 'NORMAL', version: 3 }, rotation: { version: 1 } },
  })
})

describe('a card that is cancelled', () => {
  test.each([24, undefined])('is so for good, and rotates no more: %s hours', async (rotationHours) => {
    const bench = await open({ rotationHours })
    const cancelled = await update(bench, { status: 'CANCELED' })
    expect(cancelled).toMatchObject({
      value: {
        card: { status: 'CANCELED' },
        rotation: { dueAt: undefined, previous: undefined, version: 2, schedule: { nextAt: undefined } },
      },
    })
    expect((await bench.vault.store.issuedCard(bench.cardId))?.rotation).toMatchObject({
      ...{ dueAt: undefined, version: 2 },
    })
    expect(await update(bench, { status: 'NORMAL' })).toEqual(refuse({ type: 'IssuedCardNotFound' }))
    expect(await update(bench, { name: 'home' })).toEqual(refuse({ type: 'IssuedCardNotFound' }))
  })
})

describe('a name', () => {
  const taken = refuse({
    ...{ type: 'InvalidField', field: 'name', why: 'is the name of another card of this customer' },
  })

  test('is that of one card of a customer', async () => {
    const bench = await open()
    await issueCard(bench, { name: 'home' })
    await issueCard(bench, { name: 'away', customerId: 6 })
    expect(await update(bench, { name: 'home' })).toEqual(taken)
    expect(await update(bench, { name: 'away' })).toMatchObject({ ok: true })
  })

  test('of a card that has expired is free, and that card is cancelled', async () => {
    const bench = await open()
    const expired = bench.made.card
    bench.vault.clock.advance(endOfCard(expired) - bench.vault.clock.now())
    const { card } = await issueCard(bench, { name: 'home' })
    const renamed = await update({ ...bench, cardId: card.id }, { name: expired.name })
    expect(renamed).toMatchObject({ ok: true, value: { card: { id: card.id, name: expired.name } } })
    const stored = await bench.vault.store.issuedCard(expired.id)
    expect(stored?.card).toMatchObject({ status: 'CANCELED', name: expired.name })
    expect(bench.entries().slice(-2)).toEqual([
      ['issued-card.updated', String(expired.id)],
      ['issued-card.updated', String(card.id)],
    ])
  })

  test('that two cards want at once goes to one', async () => {
    const bench = await open()
    const other = await issueCard(bench, { name: 'home' })
    const both = await Promise.all([
      update(bench, { name: 'shared' }),
      update({ ...bench, cardId: other.card.id }, { name: 'shared' }),
    ])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(both).toContainEqual(taken)
  })
})

test('of changes at once none is lost', async () => {
  const bench = await open()
  const all: Partial<UpdateIssuedCard>[] = [
    { name: 'home' },
    { printedName: 'JOHN HOLDER' },
    { status: 'BLOCKED' },
    { contactless: false },
  ]
  await Promise.all(all.map((parts) => update(bench, parts)))
  expect((await bench.vault.store.issuedCard(bench.cardId))?.card).toMatchObject({
    ...{ name: 'home', printedName: 'JOHN HOLDER', status: 'BLOCKED', contactless: false, version: 5 },
  })
})

test('nothing is changed for another account, for none, or of a card that has expired', async () => {
  const bench = await open()
  const absent = refuse({ type: 'IssuedCardNotFound' })
  const parts = { name: 'home' }
  expect(await update({ ...bench, caller: callerForAccount(bench.caller, account + 1) }, parts)).toEqual(
    absent,
  )
  expect(await update({ ...bench, caller: bench.issuerCaller }, parts)).toEqual(
    refuse({ type: 'NotPermitted' }),
  )
  bench.vault.clock.advance(7 * 365 * dayMs)
  expect(await update(bench, parts)).toEqual(absent)
  expect(bench.commits).toEqual([])
})

test('it is given up where others are first at every attempt', async () => {
  const bench = await open()
  const store = interceptCommits(bench.vault.store, async () =>
    refuse({ type: 'Conflict', change: 'replace-issued-card' }),
  )
  await expect(update({ ...bench, vault: { ...bench.vault, store } }, { name: 'home' })).rejects.toThrow(
    UnavailableError,
  )
})
