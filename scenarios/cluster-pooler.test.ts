import { join } from 'node:path'
import { startPgbouncer } from '@cardkeep/testing/servers/pgbouncer'
import type { PostgresAccess } from '@cardkeep/testing/servers/postgres-access'
import { describeOnBoth, describeOnPgbouncer } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { startCluster } from './support/cluster.ts'
import { expectNothingLost, openMixedGround, startMixedLoad } from './support/mixed-load.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

const callers = 8
const nodeConnections = 4

/*
 * Everything goes through the pooler: the schema is made, tenants are, and nodes serve, are stopped and started.
 */

const modes = {
  /** Each client has one to itself as long as it is there: two nodes, the one that is started beside them, and commands. */
  session: { connections: 3 * (nodeConnections + 3) + 9, settings: {} },
  /** Far fewer than nodes have to the pooler. */
  transaction: { connections: 6, settings: { CARDKEEP_DATABASE_POOLER: 'transaction' } },
} as const

describeOnPgbouncer('vaults behind a pooler', () => {
  describeOnBoth('with a mixed load', (postgres, redis) => {
    const modeNames = ['session', 'transaction'] as const
    test.each(modeNames)('in %s mode are replaced, lose nothing, and no request fails', async (mode) => {
      const { connections, settings } = modes[mode]
      const folder = join(makeWorkspace().path, 'pgbouncer')
      const pooler = await startPgbouncer({ folder, before: postgres, mode, connections })
      cleanUp(() => pooler.stop())
      const cluster = await startCluster({
        postgres: { ...postgres, createDatabaseSync: () => pooler.url(postgres.createDatabaseSync()) },
        redis,
        nodes: 2,
        settings: {
          ...settings,
          CARDKEEP_DATABASE_CONNECTIONS: String(nodeConnections),
          CARDKEEP_DRAIN_SECONDS: '1',
        },
      })
      const ground = await openMixedGround(cluster)
      let chosen: readonly { readonly url: string }[] = cluster.nodes
      const choose = (caller: number) => chosen[caller % chosen.length] ?? { url: '' }
      const load = startMixedLoad(ground, { callers, choose })
      const more = (count: number) => {
        const enough = load.total() + count
        return until('more of the load', () => load.total() >= enough, 60_000)
      }

      await more(200)
      const [leaving, staying] = cluster.nodes
      if (!leaving || !staying) throw new Error('a cluster of two')
      chosen = [staying]
      expect(await leaving.stop()).toBe(0)
      await more(100)
      chosen = [staying, await cluster.addNode()]
      await more(200)
      await load.end()

      expect(load.failures).toEqual({})
      await expectNothingLost(ground, load)
      expect(await countServerConnections(postgres, cluster.options.settings)).toBeLessThanOrEqual(
        connections,
      )
    })
  })
})

const countServerConnections = async (
  postgres: PostgresAccess,
  settings: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const database = new URL(settings['CARDKEEP_DATABASE_URL'] ?? '').pathname.slice(1)
  const sql = `select count(*) as count from pg_stat_activity where datname = '${database}'`
  const [row] = await postgres.query(postgres.url(), sql)
  return Number(row?.['count'])
}
