import type { TenantId } from '@cardkeep/core/kernel/ids'
import { minuteMs } from '@cardkeep/core/kernel/time'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { createNameHash } from '../keys/name-hash.ts'
import { nameBytes } from './backend.ts'
import { createCaptureMarks } from './capture-marks.ts'
import type { MarkVerdict, SealedMark } from './mark-backend.ts'

const mark = new Uint8Array(32).fill(0xab)
const tenantId = '00000000-0000-4000-8000-000000000001' as TenantId

const open = async (verdict: MarkVerdict = 'admitted') => {
  const clock = createFixedClock()
  const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() })
  const seen: SealedMark[] = []
  const released: unknown[] = []
  const full: TenantId[] = []
  const admit = async (sealed: SealedMark) => {
    seen.push(sealed)
    return verdict
  }
  const marks = createCaptureMarks(
    createNameHash(keyring),
    { admit, release: async (sealed) => void released.push(sealed) },
    (tenant) => full.push(tenant),
  )
  return { keyring, marks, capture: { mark, tenantId, capturedAt: clock.now() }, seen, released, full }
}

test('what is remembered is a keyed hash of the mark, with the time of the capture', async () => {
  const { marks, capture, seen, released } = await open()
  await marks.admit(capture)
  const [first] = seen
  expect(first).toMatchObject({ ttlMs: 20 * minuteMs, at: capture.capturedAt, owner: tenantId })
  expect(first?.name).toHaveLength(nameBytes)
  expect(first?.name.includes(Buffer.from(mark.subarray(0, 4)))).toBe(false)
  await marks.release(capture)
  expect(released).toEqual([{ name: first?.name, owner: tenantId }])
})

test('a capture keeps its name when the keys are rotated, so that it is known at every node', async () => {
  const { keyring, marks, capture, seen } = await open()
  await marks.admit(capture)
  await keyring.rotate({ purpose: 'code', owner: undefined, actor: { type: 'vault', id: undefined } })
  await marks.admit(capture)
  expect(seen[1]?.name).toEqual(seen[0]?.name)
})

test.each([
  ['admitted', true, []],
  ['known', false, []],
  ['full', false, [tenantId]],
] as const)(
  'a capture that is %s is admitted: %s; who has too many is told',
  async (verdict, isAdmitted, told) => {
    const { marks, capture, full } = await open(verdict)
    expect(await marks.admit(capture)).toBe(isAdmitted)
    expect(full).toEqual(told)
  },
)
