import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findHaproxy, startHaproxy } from '@cardkeep/testing/servers/haproxy'
import { findProgram } from '@cardkeep/testing/servers/programs'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { Agent } from 'undici'
import { expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { startCluster } from './support/cluster.ts'
import { createShop } from './support/shop.ts'
import { startSteadyLoad } from './support/steady-load.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const deployed = (file: string): string => join(import.meta.dirname, '../deploy/compose', file)

/** An address that is for documents, and of nobody here. */
const pretended = '203.0.113.9'

describeOnBoth('two nodes behind the balancer of compose.yaml, with its certificates', (postgres, redis) => {
  test('are stopped without a failed call, killed with few, and hear who called from the balancer alone', async (context) => {
    context.skip(findHaproxy() === undefined, 'this machine has no haproxy')
    context.skip(findProgram('openssl') === undefined, 'this machine has no openssl')
    const { path: folder } = makeWorkspace()
    const secrets = join(folder, 'secrets')
    execFileSync('sh', [deployed('setup.sh'), secrets], { stdio: 'ignore' })
    const settings = {
      CARDKEEP_TLS_CERT: join(secrets, 'vault/server.pem'),
      CARDKEEP_TLS_KEY: join(secrets, 'vault/server.key'),
      CARDKEEP_TRUSTED_PROXIES: '127.0.0.1',
      CARDKEEP_DRAIN_SECONDS: '5',
    }
    const cluster = await startCluster({ postgres, redis, nodes: 2, settings })
    const [first, second] = cluster.nodes
    if (!first || !second) throw new Error('a cluster of fewer than two nodes')
    const balancer = await startHaproxy({
      folder: join(folder, 'balancer'),
      configuration: readFileSync(deployed('haproxy.cfg'), 'utf8'),
      variables: {
        BALANCER_CERTIFICATE: join(secrets, 'balancer/both.pem'),
        BALANCER_AUTHORITY: join(secrets, 'balancer/ca.pem'),
        BALANCER_HEALTH: join(folder, 'health'),
        NODE_1: new URL(first.url).host,
        NODE_2: new URL(second.url).host,
      },
    })
    cleanUp(() => balancer.stop())
    const dispatcher = new Agent({ connect: { ca: readFileSync(join(secrets, 'authority/ca.pem')) } })
    cleanUp(() => dispatcher.destroy())
    const shop = createShop(
      {
        url: `https://localhost:${balancer.port}`,
        record: join(cluster.folder, 'balanced-replies.log'),
        dispatcher,
      },
      cluster.demoKeys,
    )
    await until(
      'a node behind the balancer',
      async () => (await shop.call('GET', '/health/live')).status === 200,
    )

    const stranger = { 'x-api-key': 'nobody', 'x-forwarded-for': pretended }
    expect((await shop.call('POST', '/tokenize', { headers: stranger, body: {} })).status).toBe(401)

    const load = startSteadyLoad(8, () => shop)
    const more = (count: number) => {
      const enough = load.acknowledged.length + count
      return until('more tokens', () => load.acknowledged.length >= enough, 20_000)
    }
    await more(50)
    expect(await first.stop()).toBe(0)
    await more(50)
    expect(load.failures).toEqual({})
    // It was told, and did not find out by calls that failed.
    const seen = readFileSync(join(folder, 'balancer', 'haproxy.log'), 'utf8')
    expect(seen).toMatch(/nodes\/node-1 is DOWN, reason: Layer7 wrong status, code: 503/)

    await cluster.addNode({ CARDKEEP_PORT: new URL(first.url).port })
    const log = join(cluster.folder, 'node-3', 'vault.log')
    await until('the new node in use', () => readFileSync(log, 'utf8').includes('/tokenize'))
    await second.kill()
    await more(100)
    await load.end()
    const lost = Object.values(load.failures).reduce((sum, count) => sum + count, 0)
    // Two checks of a second each are what it takes to leave it out; what was under way there is lost.
    expect(lost).toBeLessThan(load.acknowledged.length)

    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
    await cluster.command('audit', 'export', '--out', join(folder, 'audit.jsonl'))
    const audit = readFileSync(join(folder, 'audit.jsonl'), 'utf8')
    expect(audit).toContain('127.0.0.1')
    expect(audit).not.toContain(pretended)
  })
})
