import type { TenantId } from '@cardkeep/core/kernel/ids'
import { minuteMs } from '@cardkeep/core/kernel/time'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { noteFull } from './note-full.ts'

test('that a tenant brings too many is said once a minute, for each tenant', () => {
  const clock = createFixedClock()
  const said: unknown[] = []
  const note = noteFull({ warn: (...line) => void said.push(line) }, clock)
  const [one, two] = ['one', 'two'] as readonly string[] as readonly [TenantId, TenantId]
  for (const tenantId of [one, one, two, one]) note(tenantId)
  expect(said).toEqual([
    ['captures.full', { tenantId: one }],
    ['captures.full', { tenantId: two }],
  ])
  clock.advance(minuteMs - 1)
  note(one)
  expect(said).toHaveLength(2)
  clock.advance(1)
  note(one)
  expect(said).toHaveLength(3)
})
