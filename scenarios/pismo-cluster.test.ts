import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { beforeAll, expect, test, vi } from 'vitest'
import { type Cluster, startCluster } from './support/cluster.ts'
import { type Cards, otherThan, verdictOf } from './support/pismo.ts'
import { makeCardsInThePast } from './support/pismo-past.ts'
import {
  bankAt,
  type Enabled,
  enableBank,
  listenForRotations,
  type RotationReceiver,
} from './support/pismo-scenario.ts'
import { readRows } from './support/rows.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

/*
 * Two vaults on one database: a caller speaks to either, and their rotators share what is due.
 */

describeOnBoth('two vaults', (postgres, redis) => {
  let cluster: Cluster
  let enabled: Enabled
  let receiver: RotationReceiver
  let accounts: readonly Cards[]
  let authorisers: readonly Cards[]
  beforeAll(async () => {
    cluster = await startCluster({ postgres, redis, nodes: 2 })
    enabled = await enableBank(cluster, 'bank')
    receiver = await listenForRotations(cluster, 'bank')
    const { folder, nodes } = cluster
    const banks = nodes.map((vault) => bankAt({ folder, vault }, enabled.keys))
    await until('an issuer everywhere', async () => {
      const replies = await Promise.all(banks.map((bank) => bank.exchange()))
      return replies.every(({ status }) => status === 200)
    })
    accounts = await Promise.all(banks.map((bank) => bank.account(1)))
    authorisers = await Promise.all(banks.map((bank) => bank.authoriser()))
  })

  const at = (cards: readonly Cards[], node: number): Cards => {
    const found = cards[node % cards.length]
    if (!found) throw new Error('a cluster without nodes')
    return found
  }
  const judge = async (id: number, cvv: string, node: number) =>
    verdictOf(await at(authorisers, node).verify(id, cvv))

  test('a token of one is good at the other, and what one rotates the other tells', async () => {
    const id = await at(accounts, 0).create()
    const before = await at(accounts, 1).info(id)
    await at(accounts, 0).force(id)
    const after = await at(accounts, 1).info(id)
    expect(after.cvv === before.cvv).toBe(false)
    expect(await judge(id, before.cvv, 1)).toBe('wrong')
    expect(await judge(id, after.cvv, 0)).toBe('right')
    const elsewhere = at(accounts, 0).token
    const { folder, nodes } = cluster
    const [, vault] = nodes
    if (!vault) throw new Error('a cluster of one')
    expect(await bankAt({ folder, vault }, enabled.keys).withToken(elsewhere).get(id)).toMatchObject({
      status: 200,
    })
  })

  test('four hundred guesses at both at once get five answers at most', async () => {
    const id = await at(accounts, 0).create()
    const { cvv } = await at(accounts, 0).info(id)
    const verdicts = await Promise.all(
      Array.from({ length: 400 }, (_, by) => judge(id, otherThan(cvv, by + 1), by)),
    )
    const wrong = verdicts.filter((verdict) => verdict === 'wrong').length
    expect(verdicts.filter((verdict) => verdict === 'right')).toEqual([])
    expect(wrong).toBeLessThanOrEqual(5)
    const more = []
    for (let by = 500; by < 506; by++) more.push(await judge(id, otherThan(cvv, by), by))
    expect(wrong + more.filter((verdict) => verdict === 'wrong').length).toBe(5)
    for (const node of [0, 1]) expect(await judge(id, cvv, node)).toBe('locked')
  })

  test('forced rotations of one card at both at once each happen, and are told in order', async () => {
    const id = await at(accounts, 0).create({ hours: 24 })
    const forced = 32
    const replies = await Promise.all(
      Array.from({ length: forced }, (_, node) => at(accounts, node).force(id)),
    )
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: forced }, () => 200))
    const events = await until('events', () => {
      const all = receiver.of(id)
      return all.length >= forced && all
    })
    expect(events).toHaveLength(forced)
    expect(readRows(cluster, `select serial from cvv_rotations where card_id = ${id}`)).toEqual([
      { serial: forced },
    ])
    expect(await judge(id, (await at(accounts, 1).info(id)).cvv, 0)).toBe('right')

    // One after the other, by either: none overtakes another on its way.
    const more = 12
    for (let node = 0; node < more; node++) await at(accounts, node).force(id)
    const all = await until('their events', () => {
      const told = receiver.of(id)
      return told.length >= forced + more && told
    })
    expect(new Set(all.slice(0, forced).map((event) => event.event_id))).toEqual(
      new Set(events.map((event) => event.event_id)),
    )
    const times = all.slice(forced).map(({ timestamp }) => timestamp)
    expect(times).toEqual(times.toSorted())
    expect(new Set(times).size).toBeGreaterThan(1)
  })

  test('a thousand cards that are due rotate once each, by whichever', async () => {
    const cards = await makeCardsInThePast(cluster, enabled, { cards: 1_000, hoursAgo: 3, intervalHours: 1 })
    await until('their rotations', () => countOnce(cards) === cards.length, 60_000, 100)
    await until('their events', () => cards.every((id) => receiver.of(id).length > 0), 60_000, 500)
    expect(cards.filter((id) => receiver.of(id).length > 1)).toEqual([])
  })

  /** How many of them have rotated, and once only. */
  const countOnce = (cards: readonly number[]): number => {
    const rotated = readRows(cluster, 'select card_id, serial, version from cvv_rotations where serial > 0')
    const known = new Set(cards)
    const own = rotated.filter(({ card_id: id }) => known.has(Number(id)))
    expect(own.filter(({ serial, version }) => serial !== 1 || version !== 2)).toEqual([])
    return own.length
  }

  test('their logs hold together', async () => {
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })
})
