import { expect, test, vi } from 'vitest'
import { isOnMemory, isOnSqlite } from './support/backends.ts'
import { releaseDeliveries } from './support/mixed-checks.ts'
import { expectNothingLost, openMixedGround, startMixedLoad } from './support/mixed-load.ts'
import { readRows } from './support/rows.ts'
import { startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 240_000 })

const crashes = 2
const callers = 12
/** So many codes, at least, are on their way when the power goes. */
const codesLost = 6

test(`after ${crashes} power cuts under a load of all dialects a vault that starts again has lost nothing`, async () => {
  const scenario = await startScenario()
  let { vault } = scenario
  const ground = await openMixedGround({ ...scenario, nodes: [vault] })
  const load = startMixedLoad(ground, { callers, perSecond: 200, choose: () => vault })
  const more = (): Promise<true> => {
    const enough = load.total() + 100
    return until('more work', () => load.total() >= enough, 60_000)
  }
  await more()
  for (let crash = 0; crash < crashes; crash++) {
    const goOn = ground.taker.pause()
    await until('codes under way', () => ground.taker.codesUnderWay(vault) >= codesLost, 60_000)
    await vault.kill()
    goOn()
    vault = await scenario.start()
    await more()
  }
  await load.end()

  // Codes and sessions of the process went with it, and whoever comes for one is told so.
  const gone = isOnMemory ? ['CodeNotHeld', 'CodeRequired', 'SessionNotFound'] : []
  // A code that was taken, and a key under which something was done when the power went.
  const spent = ['CodeNotHeld', 'CodeRequired', 'IdempotencyKeyInUse']
  const said = Object.keys(load.refusals).filter((name) => ![...gone, ...spent].includes(name))
  expect(said).toEqual([])
  const isExpected = (kind: string): boolean => kind.endsWith(' lost') || (isOnMemory && / 4\d\d$/.test(kind))
  expect(Object.keys(load.failures).filter((kind) => !isExpected(kind))).toEqual([])
  // Each of these codes was asked for again by a caller who had no answer.
  const { CodeNotHeld: bySession = 0, CodeRequired: byToken = 0 } = load.refusals
  expect(bySession + byToken).toBeGreaterThanOrEqual(crashes * codesLost)
  await releaseDeliveries(scenario)
  await expectNothingLost(ground, load)
  if (isOnSqlite) expect(readRows(scenario, 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
})
