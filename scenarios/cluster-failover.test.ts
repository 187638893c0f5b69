import { join } from 'node:path'
import type { PostgresServer } from '@cardkeep/testing/servers/postgres'
import { startPostgres } from '@cardkeep/testing/servers/postgres'
import { demote, type PostgresStandby, startStandby } from '@cardkeep/testing/servers/postgres-standby'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { startTcpProxy, type TcpProxy } from '@cardkeep/testing/servers/tcp-proxy'
import type { VaultProcess } from '@cardkeep/testing/vault-process'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { request } from 'undici'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { type Cluster, startCluster } from './support/cluster.ts'
import {
  expectNothingLost,
  type MixedGround,
  type MixedLoad,
  openMixedGround,
  startMixedLoad,
} from './support/mixed-load.ts'
import { groundAt } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 150_000 })

/*
 * Two PostgreSQL servers, the second of which is sent what the first writes before anybody is answered. Two vaults reach
 * whichever is the primary by a way that is turned when the other takes its place, a third by a way of its own. Each test
 * has the other take the place in some way, and leaves a primary with a standby.
 */

const callers = 9
/** Nobody is left waiting for longer than this, whatever becomes of a server. */
const patienceMs = 20_000

describeOnBoth('three vaults before a PostgreSQL with a standby', (_, redis) => {
  let primary: PostgresServer
  let standby: PostgresStandby
  let made = 0
  let cluster: Cluster
  let vaults: readonly VaultProcess[]
  let ground: MixedGround
  let ways: { readonly common: TcpProxy; readonly own: TcpProxy }

  const folder = makeWorkspace().path
  const follow = async (server: PostgresServer): Promise<PostgresStandby> => {
    const follower = await startStandby({ folder: join(folder, `server-${++made}`), of: server })
    cleanUp(() => follower.stop('immediate'))
    return follower
  }

  beforeAll(async () => {
    const first = await startPostgres({ folder: join(folder, 'server-0') })
    cleanUp(() => first.stop('immediate'))
    primary = first
    standby = await follow(first)
    const [common, own] = await Promise.all([startTcpProxy(first), startTcpProxy(first)])
    cleanUp(() => Promise.all([common.close(), own.close()]))
    ways = { common, own }
    cluster = await startCluster({ postgres: first, redis, nodes: 0 })
    const addAt = ({ port }: TcpProxy) => cluster.addNode({ CARDKEEP_DATABASE_URL: databaseAt(port) })
    vaults = await Promise.all([addAt(common), addAt(common), addAt(own)])
    ground = await openMixedGround({ ...cluster, nodes: vaults })
  })

  const databaseAt = (port: number): string => {
    const url = new URL(cluster.options.settings?.['CARDKEEP_DATABASE_URL'] ?? '')
    url.port = String(port)
    return url.href
  }
  /** The same, for commands and for whoever looks into the database, who ask the server that has it now. */
  const groundNow = (): MixedGround => {
    const now = { CARDKEEP_DATABASE_URL: databaseAt(primary.port) }
    const options = { ...cluster.options, settings: { ...cluster.options.settings, ...now } }
    return { ...ground, cluster: { ...ground.cluster, ...groundAt(cluster.folder, options.settings) } }
  }
  const vaultOf = (caller: number): VaultProcess => {
    const vault = vaults[caller % vaults.length]
    if (!vault) throw new Error('a cluster without nodes')
    return vault
  }
  const startLoad = (chosen = vaultOf) => startMixedLoad(ground, { callers, choose: chosen })
  const more = (load: MixedLoad, count: number) => {
    const enough = load.total() + count
    return until('more of the load', () => load.total() >= enough, 60_000)
  }
  const untilReady = (vault: VaultProcess, wanted = true) =>
    until(
      `a vault that is ${wanted ? '' : 'not '}ready`,
      async () => (await isReady(vault)) === wanted,
      30_000,
    )
  /** What followed is what others write to from now on. */
  const takePlace = async (): Promise<PostgresServer> => {
    const old = primary
    await standby.promote()
    primary = standby
    return old
  }
  const expectAllKept = async (load: MixedLoad): Promise<void> => {
    await Promise.all(vaults.map((vault) => untilReady(vault)))
    await more(load, 150)
    await load.end()
    // Of what was under way nobody can say whether it was written, and the vault does not claim to know.
    expect(kindsOf(load.failures).filter((kind) => kind !== '503')).toEqual([])
    expect(load.slowestMs()).toBeLessThan(patienceMs)
    await expectNothingLost(groundNow(), load)
  }

  test('lose nothing when it is killed and the standby takes its place, and go on by themselves', async () => {
    const load = startLoad()
    await more(load, 150)
    await primary.stop('immediate')
    await takePlace()
    for (const way of Object.values(ways)) way.turnTo(primary.port)
    await expectAllKept(load)
    standby = await follow(primary)
  })

  test('leave a primary that was told to only read, though their connections to it stand', async () => {
    const load = startLoad()
    await more(load, 150)
    await primary.execute(primary.url(), 'alter system set default_transaction_read_only = on')
    await primary.execute(primary.url(), 'select pg_reload_conf()')
    const old = await takePlace()
    // Connections to the old one stand.
    for (const way of Object.values(ways)) way.turnTo(primary.port)
    await until('nobody at the old one', async () => (await countVaultsAt(old)) === 0, 20_000)
    await expectAllKept(load)
    await old.stop()
    standby = await follow(primary)
  })

  test('that still reach a primary which became the standby are not ready until they reach the other', async () => {
    const load = startLoad((caller) => vaultOf(caller % 2))
    await more(load, 150)
    await primary.stop('fast')
    const old = await takePlace()
    standby = await demote(old, primary)
    ways.common.turnTo(primary.port)
    const late = vaultOf(2)
    await untilReady(late, false)
    await Promise.all([0, 1].map((caller) => untilReady(vaultOf(caller))))
    await more(load, 150)
    expect(await isReady(late)).toBe(false)
    ways.own.turnTo(primary.port)
    await expectAllKept(load)
  })
})

const kindsOf = (failures: Readonly<Record<string, number>>): readonly string[] => [
  ...new Set(Object.keys(failures).map((failure) => failure.split(' ').at(-1) ?? '')),
]

const isReady = async ({ url }: { readonly url: string }): Promise<boolean> => {
  const { statusCode, body } = await request(`${url}/health/ready`)
  await body.dump()
  return statusCode === 200
}

const countVaultsAt = async (server: PostgresServer): Promise<number> => {
  const sql = "select count(*) as count from pg_stat_activity where application_name = 'cardkeep'"
  const [row] = await server.query(server.url(), sql)
  return Number(row?.['count'])
}
