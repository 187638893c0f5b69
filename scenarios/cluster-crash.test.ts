import { testCards } from '@cardkeep/testing/canary/cards'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { expect, test, vi } from 'vitest'
import { startCluster } from './support/cluster.ts'
import { changeRows, readRows } from './support/rows.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

describeOnBoth('of two vaults', (postgres, redis) => {
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
