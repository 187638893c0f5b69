import { captureSkewMs } from '@cardkeep/core/captures/capture-key'
import { UnavailableError } from '@cardkeep/core/errors'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { sinceNow } from './open-ephemeral.ts'

const noted = (until: number) => ({ capturedUntil: async (): Promise<EpochMs> => epochMs(until) })

test.each([
  ['now at a first start, where nobody has captured anything', 0, 0, 0],
  ['now where a client was ahead long ago', -1, 0, 0],
  ['after the capture of a client that was ahead', 5_000, 0, 5_001],
  ['the time of a server whose clock is later', 0, 7_000, 7_000],
  ['now where the clock of a server is behind', 0, -7_000, 0],
  ['after a capture that is later than both clocks', 9_000, 7_000, 9_001],
])('captures are known since %s', async (_, ahead, serverAhead, since) => {
  const clock = createFixedClock()
  const now = clock.now()
  const ask = sinceNow(noted(ahead === 0 ? 0 : now + ahead), clock)
  expect(await ask(now + serverAhead)).toBe(now + since)
})

test('where the database does not say, since the latest that anybody could have captured', async () => {
  const clock = createFixedClock()
  const store = { capturedUntil: () => Promise.reject(new UnavailableError('away')) }
  expect(await sinceNow(store, clock)()).toBe(clock.now() + captureSkewMs + 1)
})
