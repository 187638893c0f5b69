import { testCards } from '@cardkeep/testing/canary/cards'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { expect, test, vi } from 'vitest'
import { startCluster } from './support/cluster.ts'
import { allowElsewhere, findLost } from './support/find-lost.ts'
import { startReceiver } from './support/receiver.ts'
import { changeRows, readRows } from './support/rows.ts'
import type { Shop } from './support/shop.ts'
import { startSteadyLoad } from './support/steady-load.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const callers = 12

describeOnBoth('of three vaults', (postgres, redis) => {
  test('two that are killed under load take nothing along, and the third and new ones go on', async () => {
    const cluster = await startCluster({ postgres, redis })
    await allowElsewhere(cluster)
    const { received, forged } = await startReceiver(cluster, { events: 'token.created' })
    const living: (Shop | undefined)[] = [...cluster.shops]
    const [survivor] = cluster.shops
    if (!survivor) throw new Error('a cluster without nodes')
    const load = startSteadyLoad(callers, (caller) => living[caller % living.length] ?? survivor)
    const more = (count: number) => {
      const enough = load.acknowledged.length + count
      return until('more tokens', () => load.acknowledged.length >= enough, 30_000)
    }

    await more(100)
    for (const at of [1, 2]) {
      await cluster.nodes[at]?.kill()
      living[at] = undefined
      await more(100)
      living[at] = cluster.shopAt(await cluster.addNode(), cluster.demoKeys)
      await more(100)
    }
    await load.end()

    // What a vault has that is killed under way is lost for its callers, and for nobody else.
    expect(Object.keys(load.failures)).toEqual(['lost'])
    expect(load.failures['lost']).toBeLessThanOrEqual(callers)
    expect(new Set(load.acknowledged).size).toBe(load.acknowledged.length)
    expect(await findLost(survivor, load.acknowledged)).toEqual([])

    const waiting = () => readRows(cluster, 'select count(*) as count from deliveries')[0]?.['count']
    await until('an empty outbox', () => waiting() === 0, 60_000, 200)
    expect(forged).toEqual([])
    expect(readRows(cluster, 'select no from dead_deliveries')).toEqual([])
    const created = readRows(
      cluster,
      `select count(*) as count from audit_entries where text like '%,"token.created",%'`,
    )[0]?.['count']
    const told = new Set(received.map(({ data }) => data['token']))
    expect(told.size).toBe(created)
    expect(readRows(cluster, 'select count(*) as count from tokens')).toEqual([{ count: created }])
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })

  test('one that is killed leaves its chain of the log to the next one that starts', async () => {
    const cluster = await startCluster({ postgres, redis, nodes: 2 })
    const chains = () => readRows(cluster, 'select count(*) as count from audit_chains where chain > 0')
    for (const shop of cluster.shops) await shop.tokenize({ number: testCards.visa })
    for (const node of cluster.nodes) await node.kill()
    expect(chains()).toEqual([{ count: 2 }])
    // As if the time had passed for which they hold their chains.
    await changeRows(cluster, 'update audit_chains set held_until = 0')
    const next = cluster.shopAt(await cluster.addNode(), cluster.demoKeys)
    await next.tokenize({ number: testCards.visa })
    expect(chains()).toEqual([{ count: 2 }])
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })
})
