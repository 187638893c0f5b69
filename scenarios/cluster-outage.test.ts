import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { startPostgres } from '@cardkeep/testing/servers/postgres'
import { startRedis } from '@cardkeep/testing/servers/redis'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { startCluster } from './support/cluster.ts'
import { allowElsewhere, findLost } from './support/find-lost.ts'
import { allowProvider } from './support/scenario.ts'
import { chargesOf, type Shop, tokenizeBody } from './support/shop.ts'
import { startSteadyLoad } from './support/steady-load.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const callers = 12
const outageMs = 20_000
/** Nobody is left waiting for longer than this, whatever a server does. */
const patienceMs = 15_000
const unavailable = { success: false, message: 'Service unavailable', data: null }

const isReady = async ({ url }: { readonly url: string }): Promise<boolean> => {
  const { statusCode, body } = await request(`${url}/health/ready`)
  await body.dump()
  return statusCode === 200
}

// Each has servers of its own, since it stops them.
describeOnBoth('three vaults', (postgres, redis) => {
  test('answer 503 while PostgreSQL is away, go on by themselves when it is back, and lose nothing', async () => {
    const server = await startPostgres({ folder: join(makeWorkspace().path, 'postgres') })
    cleanUp(() => server.stop('immediate'))
    const cluster = await startCluster({ postgres: server, redis })
    await allowElsewhere(cluster)
    const [first] = cluster.shops
    if (!first) throw new Error('a cluster without nodes')
    const load = startSteadyLoad(callers, (caller) => cluster.shops[caller % cluster.shops.length] ?? first)
    const more = (count: number) => {
      const enough = load.acknowledged.length + count
      return until('more tokens', () => load.acknowledged.length >= enough, 20_000)
    }
    const allReady = (wanted: boolean) =>
      until(`every vault that says ${wanted ? '' : 'not '}ready`, async () => {
        const answers = await Promise.all(cluster.nodes.map(isReady))
        return answers.every((answer) => answer === wanted)
      })

    await more(50)
    await server.stop('fast')
    await server.start()
    await more(50)
    await server.stop('immediate')
    await server.start()
    await more(50)

    await server.stop('fast')
    const since = performance.now()
    await allReady(false)
    const refused = await first.call('POST', '/tokenize', { body: tokenizeBody({ number: testCards.visa }) })
    expect(refused).toMatchObject({ status: 503, body: unavailable })
    await wait(outageMs - (performance.now() - since))
    await server.start()
    await allReady(true)
    await more(100)
    await load.end()

    expect(Object.keys(load.failures)).toEqual(['503'])
    expect(load.slowestMs()).toBeLessThan(patienceMs)
    expect(await findLost(first, load.acknowledged)).toEqual([])
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })

  test('lose the codes with a Redis that is restarted, refuse them as not held, and hold new ones', async () => {
    const server = await startRedis({ folder: join(makeWorkspace().path, 'redis') })
    cleanUp(() => server.kill())
    const cluster = await startCluster({ postgres, redis: server })
    const provider = await startProvider()
    cleanUp(() => provider.close())
    const [first, second] = cluster.shops
    if (!first || !second) throw new Error('a cluster without nodes')
    await allowProvider(cluster, first, provider)
    await allowProvider(cluster, second, provider)
    const url = chargesOf(provider)
    const card = { number: testCards.visa, code: '123' }
    const codeGone = { status: 404, sent: 'no', body: { message: 'CVC session expired or not found' } }
    const hold = (shop: Shop) => until('a code that is held', () => tryToHold(shop, card))

    for (const end of [server.stop, server.kill]) {
      const held = await first.tokenize(card)
      await end()
      const asked = await second.charge({ ...held, url })
      expect(asked).toMatchObject({ status: 503, sent: 'no', body: unavailable })
      const put = await first.call('POST', '/tokenize', { body: tokenizeBody(card) })
      expect(put).toMatchObject({ status: 503, body: unavailable })
      await server.start()
      const again = await hold(second)
      expect(await first.charge({ ...held, url })).toMatchObject(codeGone)
      expect(await second.charge({ ...held, url })).toMatchObject(codeGone)
      expect(await first.charge({ ...again, url })).toMatchObject({ status: 200, sent: 'yes' })
      expect(await second.charge({ ...again, url })).toMatchObject(codeGone)
    }
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })
})

const tryToHold = async (shop: Shop, card: { readonly number: string; readonly code: string }) => {
  const { status, body } = await shop.call('POST', '/tokenize', { body: tokenizeBody(card) })
  if (status === 503) return undefined
  expect(status).toBe(201)
  return { token: String(body['token']), session: String(body['cvc_session_id']) }
}
