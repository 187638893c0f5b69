import { setTimeout as wait } from 'node:timers/promises'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import type { VaultProcess } from '@cardkeep/testing/vault-process'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { startCluster } from './support/cluster.ts'
import { allowElsewhere, findLost } from './support/find-lost.ts'
import type { Shop } from './support/shop.ts'
import { startSteadyLoad } from './support/steady-load.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

const callers = 12
const lookEveryMs = 100

interface Backend {
  readonly vault: VaultProcess
  readonly shop: Shop
}

/** What a balancer does: it asks each vault again and again whether it is ready, and sends requests to those that are. */
const startBalancer = (backends: readonly Backend[]) => {
  const all = [...backends]
  let ready = [...backends]
  let isOver = false
  const look = async (): Promise<void> => {
    while (!isOver) {
      const answers = await Promise.all(all.map(async (one) => ((await isReady(one.vault)) ? [one] : [])))
      ready = answers.flat()
      await wait(lookEveryMs)
    }
  }
  const looking = look()
  cleanUp(async () => {
    isOver = true
    await looking
  })
  return {
    choose: (caller: number): Shop => {
      const chosen = ready[caller % ready.length]
      if (!chosen) throw new Error('no vault is ready')
      return chosen.shop
    },
    add: (backend: Backend) => void all.push(backend),
    isUsed: (vault: VaultProcess) => ready.some((one) => one.vault.url === vault.url),
  }
}

const isReady = async ({ url }: VaultProcess): Promise<boolean> => {
  try {
    const { statusCode, body } = await request(`${url}/health/ready`)
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}

describeOnBoth('vaults behind a balancer', (postgres, redis) => {
  test('are replaced one by one under load, and no request fails', async () => {
    const cluster = await startCluster({ postgres, redis, settings: { CARDKEEP_DRAIN_SECONDS: '2' } })
    await allowElsewhere(cluster)
    const backendAt = (vault: VaultProcess): Backend => ({
      vault,
      shop: cluster.shopAt(vault, cluster.demoKeys),
    })
    const balancer = startBalancer(cluster.nodes.map(backendAt))
    const load = startSteadyLoad(callers, balancer.choose)
    const more = (count: number) => {
      const enough = load.acknowledged.length + count
      return until('more tokens', () => load.acknowledged.length >= enough, 20_000)
    }

    for (const vault of cluster.nodes) {
      await more(100)
      expect(await vault.stop()).toBe(0)
      expect(balancer.isUsed(vault)).toBe(false)
      const next = await cluster.addNode()
      balancer.add(backendAt(next))
      await until('the new vault in use', () => balancer.isUsed(next))
    }
    await more(100)
    await load.end()

    expect(load.failures).toEqual({})
    expect(await findLost(balancer.choose(0), load.acknowledged)).toEqual([])
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })
})
