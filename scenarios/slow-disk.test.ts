import { loadCard } from '@cardkeep/testing/canary/cards'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { expectNothingLost, openMixedGround, startMixedLoad } from './support/mixed-load.ts'
import { startScenario } from './support/scenario.ts'
import { canSlowDisk, slowDisk } from './support/slow-disk.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** As long as a sync takes on a disk that many others use; PostgreSQL can be told to wait for no longer. */
const syncMs = 100

test('on a slow disk everything is done that was asked, nobody is answered before it is there, and it is quick again with the disk', async (context) => {
  context.skip(!canSlowDisk, 'this machine has no strace')
  const scenario = await startScenario()
  const { vault, demo } = scenario
  const nodes = [vault]
  const ground = await openMixedGround({ ...scenario, nodes })
  const quicken = await slowDisk(scenario, syncMs)
  const load = startMixedLoad(ground, { callers: 12, choose: () => vault })
  const more = (count: number) => {
    const enough = load.total() + count
    return until('more that is done', () => load.total() >= enough, 60_000)
  }
  await more(30)
  for (let number = 1; number <= 3; number++) {
    const since = performance.now()
    await demo.tokenize({ number: loadCard(number) })
    expect(performance.now() - since).toBeGreaterThan(syncMs)
  }
  const ready = await request(`${vault.url}/health/ready`)
  expect([ready.statusCode, await ready.body.text()]).toEqual([200, expect.any(String)])
  await more(30)
  await quicken()
  await more(50)
  await load.end()
  expect(load.failures).toEqual({})
  await expectNothingLost(ground, load)
})
