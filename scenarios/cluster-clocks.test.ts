import { loadCard } from '@cardkeep/testing/canary/cards'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { beforeAll, expect, test, vi } from 'vitest'
import { type Cluster, startCluster } from './support/cluster.ts'
import { importBody } from './support/hellgate.ts'
import type { Callers } from './support/mixed-callers.ts'
import { expectNothingLost, type MixedGround, openMixedGround, startMixedLoad } from './support/mixed-load.ts'
import { makeCardsInThePast } from './support/pismo-past.ts'
import { type Enabled, enableBank } from './support/pismo-scenario.ts'
import { readRows } from './support/rows.ts'
import { until } from './support/until.ts'
import { clockAhead } from './support/wrong-clock.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/*
 * Three vaults on one database: the clock of the second is five minutes ahead, that of the third five minutes behind. They
 * go by the clock of the database, so that no promise depends on theirs.
 */

const minuteMs = 60_000
const apartMs = 5 * minuteMs

/** How many minutes ago, and the answer: one of the future may be of a client whose clock is a little ahead. */
const captures: readonly (readonly [number, number])[] = [
  [14, 200],
  [16, 400],
  [-1, 200],
  [-3, 400],
]

describeOnBoth('three vaults with clocks five minutes apart', (postgres, redis) => {
  let cluster: Cluster
  let ground: MixedGround
  let enabled: Enabled
  let callers: readonly Callers[]
  beforeAll(async () => {
    const first = await startCluster({ postgres, redis, nodes: 1 })
    const wrong = await Promise.all([apartMs, -apartMs].map((ms) => first.addNode(clockAhead(ms))))
    cluster = { ...first, nodes: [...first.nodes, ...wrong] }
    enabled = await enableBank(cluster, 'bank')
    ground = await openMixedGround(cluster)
    callers = cluster.nodes.map(ground.callersAt)
  })

  const at = <T>(all: readonly T[], index: number): T => {
    const found = all[index % all.length]
    if (found === undefined) throw new Error('a cluster without nodes')
    return found
  }

  test('write what time it is, each of them', async () => {
    const before = Date.now()
    const made = await Promise.all(callers.map(({ shop }) => shop.tokenize({ number: loadCard(1) })))
    const after = Date.now()
    const newest = 'select created_at as at from tokens order by created_at desc limit 3'
    expect(made).toHaveLength(3)
    // Processes of one machine disagree by what a question takes at most.
    for (const { at } of readRows(cluster, newest)) {
      expect(Number(at)).toBeGreaterThan(before - 1_000)
      expect(Number(at)).toBeLessThan(after + 1_000)
    }
  })

  test('lose nothing of a mixed load, and tell each change once', async () => {
    let turn = 0
    const load = startMixedLoad(ground, { callers: 9, choose: () => at(cluster.nodes, turn++) })
    await until('a load', () => load.total() >= 300, 40_000)
    await load.end()
    expect(load.failures).toEqual({})
    await expectNothingLost(ground, load)
    const told = [...ground.tokens.received, ...ground.rotations.received].map(({ id }) => id)
    expect(new Set(told).size).toBe(told.length)
  })

  test('hold a code for its time: until then it is taken at another, and once; afterwards it is nowhere', async () => {
    const pairs = callers.map((one, index) => [one, at(callers, index + 1)] as const)
    for (const [index, [{ shop }, other]] of pairs.entries()) {
      const held = await shop.tokenize({ number: loadCard(10 + index), code: '123' })
      const url = ground.taker.urlOf(-1)
      expect(await other.shop.charge({ ...held, url })).toMatchObject({ status: 200, sent: 'yes' })
      expect(await shop.charge({ ...held, url })).toMatchObject({ status: 404, sent: 'no' })
    }
    const tokens = await Promise.all(
      callers.map(async ({ merchant }) => {
        const body = importBody({ number: loadCard(2), code: '234' })
        const headers = { 'cardkeep-code-policy': 'ttl=1' }
        return String((await merchant.call('POST', '/cde-import', { body, headers })).body['id'])
      }),
    )
    await until('their end', async () => {
      const held = await Promise.all(
        tokens.map((token, index) => at(callers, index + 1).merchant.isCodeHeld(token)),
      )
      return !held.includes(true)
    })
  })

  test('take what was captured up to fifteen minutes ago, and nothing that was captured later than now', async () => {
    const number = loadCard(3)
    const put = (minutesAgo: number, { site }: Callers) =>
      site.put({ number, code: '123', at: new Date(Date.now() - minutesAgo * minuteMs) })
    for (const [minutesAgo, status] of captures) {
      const replies = await Promise.all(callers.map((one) => put(minutesAgo, one)))
      expect([minutesAgo, ...replies.map((reply) => reply.status)]).toEqual([
        minutesAgo,
        ...callers.map(() => status),
      ])
    }
  })

  test('rotate what is due once, and nothing before it is due', async () => {
    const dueSoon = { cards: 20, hoursAgo: 1 - 3 / 60, intervalHours: 1 }
    const soon = await makeCardsInThePast(cluster, enabled, dueSoon)
    const due = await makeCardsInThePast(cluster, enabled, { cards: 150, hoursAgo: 3, intervalHours: 1 })
    const serialsOf = (cards: readonly number[]) =>
      readRows(cluster, `select serial from cvv_rotations where card_id in (${cards.join(',')})`).map(
        ({ serial }) => Number(serial),
      )
    await until('their rotations', () => serialsOf(due).every((serial) => serial > 0), 30_000)
    expect(new Set(serialsOf(due))).toEqual(new Set([1]))
    expect(new Set(serialsOf(soon))).toEqual(new Set([0]))
  })

  test('each keep a chain and their duties for no longer than they say, and their logs hold together', async () => {
    const chains = readRows(cluster, 'select holder, held_until as until from audit_chains where chain > 0')
    const duties = readRows(cluster, 'select held_until as until from duties')
    expect(new Set(chains.map(({ holder }) => holder)).size).toBe(callers.length)
    for (const { until: end } of [...chains, ...duties])
      expect(Math.abs(Number(end) - Date.now())).toBeLessThan(2 * minuteMs)
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })
})
