import type { Lockouts } from '@cardkeep/core/ports'
import { createFixedClock } from '@cardkeep/testing/clock'
import { lockoutsConformance } from '@cardkeep/testing/conformance/lockouts'
import { describe, expect, test } from 'vitest'
import { createLockouts } from './lockouts.ts'

lockoutsConformance('lock-outs in memory', async (clock) => createLockouts(clock))

describe('of very many pairs', () => {
  const remembered = 100_000

  const failTimes = async (lockouts: Lockouts, pair: string, times: number): Promise<boolean> => {
    let locks = false
    for (let time = 0; time < times; time++) locks = await lockouts.fail(pair)
    return locks
  }

  test('the one that failed longest ago is forgotten first, and only as many as there is no room for', async () => {
    const lockouts = createLockouts(createFixedClock())
    for (const name of ['first', 'second', 'third']) await failTimes(lockouts, name, 9)
    // Fails again, and so is no longer the oldest.
    await lockouts.fail('first')
    for (let other = 0; other < remembered - 2; other++) await lockouts.fail(`other ${other}`)
    expect(await lockouts.remainingSeconds('first')).toBe(30 * 60)
    expect(await lockouts.fail('third')).toBe(true)
    expect(await lockouts.fail('second')).toBe(false)
  })

  test('memory stays bounded', async () => {
    const lockouts = createLockouts(createFixedClock())
    await failTimes(lockouts, 'first', 10)
    for (let other = 0; other < remembered; other++) await lockouts.fail(`other ${other}`)
    expect(await lockouts.remainingSeconds('first')).toBeUndefined()
    expect(await failTimes(lockouts, `other ${remembered - 1}`, 9)).toBe(true)
  })
})
