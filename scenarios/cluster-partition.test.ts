import { join } from 'node:path'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { type RedisServer, startRedis } from '@cardkeep/testing/servers/redis'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { startTcpProxy, type TcpProxy } from '@cardkeep/testing/servers/tcp-proxy'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { request } from 'undici'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { type Cluster, startCluster } from './support/cluster.ts'
import type { Callers } from './support/mixed-callers.ts'
import {
  expectNothingLost,
  type MixedGround,
  type MixedLoad,
  openMixedGround,
  startMixedLoad,
} from './support/mixed-load.ts'
import { setRedis } from './support/set-redis.ts'
import { tokenizeBody } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/*
 * Two vaults, each with a way of its own to one Redis: what one cannot reach, the other can. Whoever is refused meanwhile
 * asks again and may reach the other one.
 */

describeOnBoth('two vaults on one Redis', (postgres) => {
  let server: RedisServer
  let ways: readonly TcpProxy[]
  let cluster: Cluster
  let ground: MixedGround
  let callers: readonly Callers[]
  beforeAll(async () => {
    server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
    cleanUp(() => server.kill())
    ways = await Promise.all([startTcpProxy(server), startTcpProxy(server)])
    cleanUp(() => Promise.all(ways.map((way) => way.close())))
    const bare = await startCluster({ postgres, redis: server, nodes: 0 })
    const direct = bare.options.settings?.['CARDKEEP_CODES_URL'] ?? ''
    const nodes = await Promise.all(
      ways.map(({ port }) => bare.addNode({ CARDKEEP_CODES_URL: direct.replace(/:\d+\//, `:${port}/`) })),
    )
    cluster = { ...bare, nodes }
    ground = await openMixedGround(cluster)
    callers = nodes.map(ground.callersAt)
  })
  afterEach(() => {
    for (const way of ways) way.restore()
  })

  const at = <T>(all: readonly T[], index: number): T => {
    const found = all[index % all.length]
    if (found === undefined) throw new Error('a cluster without nodes')
    return found
  }
  const isReady = async (index: number): Promise<boolean> => {
    const { statusCode, body } = await request(`${at(cluster.nodes, index).url}/health/ready`)
    await body.dump()
    return statusCode === 200
  }
  const ready = (index: number, wanted: boolean): Promise<unknown> =>
    until(
      `a vault that is ${wanted ? '' : 'not '}ready`,
      async () => (await isReady(index)) === wanted,
      20_000,
    )
  const startLoad = (): MixedLoad => {
    let turn = 0
    return startMixedLoad(ground, { callers: 8, choose: () => at(cluster.nodes, turn++) })
  }
  const more = (load: MixedLoad, count: number): Promise<unknown> => {
    const enough = load.total() + count
    return until('more that is done', () => load.total() >= enough, 40_000)
  }
  /**
   * What a vault that cannot use Redis says; and what becomes of a code of which nobody knows whether it was held or taken:
   * it is not there for whoever asks again.
   */
  const expectHonestFailures = ({ failures }: MixedLoad): void => {
    const isHonest = (failure: string) => / 503$| again 4\d\d$|^charge 400$/.test(failure)
    expect(Object.keys(failures).filter((failure) => !isHonest(failure))).toEqual([])
    expect(failures).not.toEqual({})
  }

  test.each<readonly [string, (way: TcpProxy) => void]>([
    ['breaks', (way) => way.cut()],
    ['hangs', (way) => way.hang()],
    ['loses the answers', (way) => way.hang('answers')],
  ])(
    'lose nothing and use no code twice while the way of one %s, and go on when it is back',
    async (_, fault) => {
      const load = startLoad()
      await more(load, 40)
      fault(at(ways, 0))
      await ready(0, false)
      await more(load, 40)
      expect(await isReady(1)).toBe(true)
      at(ways, 0).restore()
      await ready(0, true)
      await more(load, 40)
      await load.end()
      expectHonestFailures(load)
      expect(load.failures).not.toEqual({})
      await expectNothingLost(ground, load)
    },
  )

  test('do all of it through a way that is slow, and only slower', async () => {
    for (const way of ways) way.delay(150)
    const load = startLoad()
    await more(load, 40)
    await load.end()
    expect(load.failures).toEqual({})
    await expectNothingLost(ground, load)
  })

  test('hold no more codes while the memory of Redis is full, take cards without one, and use those that are held', async () => {
    const url = ground.taker.urlOf(-1)
    const [{ shop }, { shop: other }] = [at(callers, 0), at(callers, 1)]
    const held = await shop.tokenize({ number: loadCard(1), code: '123' })
    const load = startLoad()
    await more(load, 20)
    await setRedis(server, 'maxmemory', '1')
    const put = (code?: string) =>
      shop.call('POST', '/tokenize', { body: tokenizeBody({ number: loadCard(2), code }) })
    expect(await put('123')).toMatchObject({ status: 503, body: unavailable })
    expect(await put()).toMatchObject({ status: 201 })
    expect(await other.charge({ ...held, url })).toMatchObject({ status: 200, sent: 'yes' })
    await more(load, 20)
    await setRedis(server, 'maxmemory', '0')
    expect(await shop.charge({ ...held, url })).toMatchObject({ status: 404, sent: 'no' })
    expect(await put('123')).toMatchObject({ status: 201 })
    await more(load, 20)
    await load.end()
    expectHonestFailures(load)
    await expectNothingLost(ground, load)
  })
})

const unavailable = { success: false, message: 'Service unavailable', data: null }
