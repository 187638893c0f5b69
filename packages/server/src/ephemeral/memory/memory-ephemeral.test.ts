import { guessLimits } from '@cardkeep/core/codes/guesses'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { nameBytes, type SealedCode } from '../backend.ts'
import { createMemoryEphemeral } from './memory-ephemeral.ts'

const codeAt = (at: number): SealedCode => ({
  name: Buffer.alloc(nameBytes, at),
  tokenName: Buffer.alloc(nameBytes, 200),
  owner: 'shop',
  sealed: Buffer.alloc(38, at),
  ttlMs: 1_000,
  uses: 1,
  destinations: undefined,
})

test('a sweep frees codes that are past their time, and says nothing of those that are not', async () => {
  const clock = createFixedClock()
  const memory = createMemoryEphemeral({ clock, limitPerOwner: 10 })
  await memory.codes.hold(codeAt(1))
  clock.advance(500)
  await memory.codes.hold(codeAt(2))
  clock.advance(500)
  expect([await memory.count(), await memory.pastTheirTime(0)]).toEqual([2, 1])
  await memory.sweep()
  expect([await memory.count(), await memory.pastTheirTime(0)]).toEqual([1, 0])
})

test('codes, guesses and lock-outs are all in it, and nobody else sees them', async () => {
  const clock = createFixedClock()
  const memory = createMemoryEphemeral({ clock, limitPerOwner: 1 })
  expect(memory.isShared).toBe(false)
  await memory.check()
  expect([await memory.codes.hold(codeAt(1)), await memory.codes.hold(codeAt(2))]).toEqual([
    expect.anything(),
    undefined,
  ])
  for (let failure = 0; failure < guessLimits.session.atOnce; failure++)
    await memory.guesses.failed(['session t a'])
  expect(await memory.guesses.waitSeconds(['session t a'])).toBe(guessLimits.session.everyMs / 1000)
  for (let failure = 0; failure < 10; failure++) await memory.lockouts.fail('key 192.0.2.1')
  expect(await memory.lockouts.remainingSeconds('key 192.0.2.1')).toBe(30 * 60)
  await memory.close()
})
