import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import type { VaultProcess } from '@cardkeep/testing/vault-process'
import { beforeAll, expect, test, vi } from 'vitest'
import { startBalancer } from './support/balancer.ts'
import { type Cluster, startCluster } from './support/cluster.ts'
import { releaseDeliveries } from './support/mixed-checks.ts'
import {
  expectNothingLost,
  type MixedGround,
  type MixedLoad,
  openMixedGround,
  startMixedLoad,
} from './support/mixed-load.ts'
import { makeCardsInThePast } from './support/pismo-past.ts'
import { changeRows, readRows } from './support/rows.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

/*
 * Three vaults, and customers of all dialects who do each next step at another of them. Whoever takes a vault away puts a
 * new one in its place.
 */

const kills = 2
const callers = 12
/** So many codes, at least, are on their way through a vault that is killed. */
const codesLost = 3
/** Enough for somebody to be everywhere at any time. */
const perSecond = 120
/** Cards whose rotation is due when a vault is killed. */
const past = { cards: 200, hoursAgo: 3, intervalHours: 1 }

describeOnBoth('of three vaults under a load of all dialects', (postgres, redis) => {
  let cluster: Cluster
  let ground: MixedGround
  let living: readonly VaultProcess[] = []
  beforeAll(async () => {
    cluster = await startCluster({ postgres, redis, settings: { CARDKEEP_DRAIN_SECONDS: '2' } })
    living = cluster.nodes
    ground = await openMixedGround(cluster)
  })

  const more = (load: MixedLoad, count = 100): Promise<true> => {
    const enough = load.total() + count
    return until('more work', () => load.total() >= enough, 60_000)
  }

  /** Each of these cards, and each rotation told. Whoever died may have taken some of them on. */
  const expectRotatedOnce = async (cards: readonly number[]): Promise<void> => {
    await changeRows(cluster, 'update cvv_rotations set claimed_until = 0 where claimed_until > 0')
    const own = new Set(cards)
    const serials = () =>
      readRows(cluster, 'select card_id, serial from cvv_rotations')
        .filter(({ card_id: id }) => own.has(Number(id)))
        .map(({ serial }) => serial)
    await until('rotations', () => !serials().includes(0), 60_000, 100)
    expect(serials()).toEqual(cards.map(() => 1))
    await until('their events', () => cards.every((id) => ground.rotations.of(id).length > 0), 60_000, 100)
    expect(cards.filter((id) => ground.rotations.of(id).length > 1)).toEqual([])
  }

  test('two that are killed take nothing along, and the others and new ones go on', async () => {
    let turn = 0
    const load = startMixedLoad(ground, {
      callers,
      perSecond,
      choose: () => living[turn++ % living.length] ?? needsVault(),
    })
    await more(load)
    const due: number[] = []
    for (let killed = 0; killed < kills; killed++) {
      due.push(...(await makeCardsInThePast(cluster, ground.issuer, past)))
      const goOn = ground.taker.pause()
      const doomed = await until(
        'codes under way',
        () => living.find((vault) => ground.taker.codesUnderWay(vault) >= codesLost),
        60_000,
      )
      const killing = doomed.kill()
      // Nobody is sent to it any more, but whoever is there is lost.
      living = living.filter((vault) => vault !== doomed)
      await killing
      goOn()
      await more(load)
      living = [...living, await cluster.addNode()]
      await more(load)
    }
    await load.end()
    await releaseDeliveries(cluster)
    await expectRotatedOnce(due)

    // What a vault has that is killed under way is lost for its callers, and for nobody else.
    const failures = Object.entries(load.failures)
    expect(failures.filter(([kind]) => !kind.endsWith(' lost'))).toEqual([])
    const lost = failures.reduce((sum, [, count]) => sum + count, 0)
    expect(lost).toBeLessThanOrEqual(kills * callers)
    // Each of these codes was asked for again by a caller who had no answer.
    const { CodeNotHeld: bySession = 0, CodeRequired: byToken = 0 } = load.refusals
    expect(bySession + byToken).toBeGreaterThanOrEqual(kills * codesLost)
    await expectNothingLost(ground, load)
  })

  test('two are drained and replaced behind a balancer, and no request fails', async () => {
    const balancer = startBalancer(living)
    const load = startMixedLoad(ground, { callers, perSecond, choose: balancer.choose })
    for (const vault of living.slice(0, 2)) {
      await more(load)
      expect(await vault.stop()).toBe(0)
      expect(balancer.isUsed(vault)).toBe(false)
      const next = await cluster.addNode()
      living = [...living.filter((one) => one !== vault), next]
      balancer.add(next)
      await until('the new vault in use', () => balancer.isUsed(next))
    }
    await more(load)
    await load.end()

    expect(load.failures).toEqual({})
    await expectNothingLost(ground, load)
  })
})

const needsVault = (): never => {
  throw new Error('no vault lives')
}
