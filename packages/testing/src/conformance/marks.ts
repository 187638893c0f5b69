import { captureSkewMs, captureWindowMs } from '@cardkeep/core/captures/capture-key'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { type EpochMs, epochMs, hourMs, minuteMs } from '@cardkeep/core/kernel/time'
import type { CaptureMarks, Clock, MarkedCapture } from '@cardkeep/core/ports'
import { describe, expect, test } from 'vitest'
import { createFixedClock } from '../clock.ts'

/**
 * What a test of the suite is given to work on: a memory that begins now and has nothing in it, twice where nodes share one. Time
 * passes only on the clock that was handed in.
 */
export type MakeMarks = (clock: Clock) => Promise<{
  readonly marks: CaptureMarks
  readonly another: CaptureMarks
}>

const tenantId = '00000000-0000-4000-8000-000000000001' as TenantId

const markAt = (place: number, capturedAt: EpochMs): MarkedCapture => ({
  mark: new Uint8Array(32).fill(0xab).fill(place, 31),
  tenantId,
  capturedAt,
})

/** Whatever remembers which captures have brought a code does this. */
export const marksConformance = (name: string, make: MakeMarks): void => {
  const open = async () => {
    const clock = createFixedClock()
    const since = clock.now()
    return { clock, since, ...(await make(clock)) }
  }
  const after = (at: EpochMs, ms: number): EpochMs => epochMs(at + ms)

  describe(`${name}: a capture`, () => {
    test('is admitted once, whichever node it comes to', async () => {
      const { marks, another, since } = await open()
      expect(await marks.admit(markAt(1, since))).toBe(true)
      expect(await marks.admit(markAt(1, since))).toBe(false)
      expect(await another.admit(markAt(1, since))).toBe(false)
    })

    test('is another than one whose mark differs in its last byte', async () => {
      const { marks, another, since } = await open()
      expect(await marks.admit(markAt(1, since))).toBe(true)
      expect(await another.admit(markAt(2, since))).toBe(true)
      expect(await marks.admit(markAt(2, since))).toBe(false)
    })

    test('of which many come at once is admitted for exactly one', async () => {
      const { marks, another, since } = await open()
      const admitted = await Promise.all(
        Array.from({ length: 200 }, (_, at) => (at % 2 ? marks : another).admit(markAt(1, since))),
      )
      expect(admitted.filter((isAdmitted) => isAdmitted)).toHaveLength(1)
    })

    test('is no other when it says another time', async () => {
      const { marks, since } = await open()
      await marks.admit(markAt(1, since))
      expect(await marks.admit(markAt(1, after(since, minuteMs)))).toBe(false)
    })

    test('whose code was not held after all may bring it, once', async () => {
      const { marks, another, since } = await open()
      await marks.admit(markAt(1, since))
      await marks.admit(markAt(2, since))
      await another.release(markAt(1, since))
      const admitted = await Promise.all(
        Array.from({ length: 20 }, (_, at) => (at % 2 ? marks : another).admit(markAt(1, since))),
      )
      expect(admitted.filter((isAdmitted) => isAdmitted)).toHaveLength(1)
      expect(await marks.admit(markAt(2, since))).toBe(false)
    })

    test('that was never admitted is released without a word', async () => {
      const { marks, since } = await open()
      await marks.release(markAt(1, since))
      expect(await marks.admit(markAt(1, since))).toBe(true)
    })

    test.each([
      ['now', 0],
      ['by a clock as far ahead as any may be', captureSkewMs],
    ])('taken %s is remembered until no node takes it any more', async (_, ahead) => {
      const { marks, clock, since } = await open()
      const at = after(since, ahead)
      await marks.admit(markAt(1, at))
      // The clocks of nodes may differ by as much again.
      clock.advance(ahead + captureWindowMs + captureSkewMs)
      expect(await marks.admit(markAt(1, at))).toBe(false)
    })

    test('is remembered for twenty minutes, to the millisecond', async () => {
      const { marks, clock, since } = await open()
      await marks.admit(markAt(1, since))
      clock.advance(20 * minuteMs - 1)
      expect(await marks.admit(markAt(1, since))).toBe(false)
      expect(await marks.admit(markAt(2, since))).toBe(true)
      clock.advance(1)
      expect(await marks.admit(markAt(3, clock.now()))).toBe(true)
    })

    test.each([hourMs, -hourMs])(
      'is remembered as long when the wall clock is set by %i ms',
      async (stepMs) => {
        const { marks, clock, since } = await open()
        await marks.admit(markAt(1, since))
        clock.step(stepMs)
        expect(await marks.admit(markAt(1, since))).toBe(false)
      },
    )

    test('from before all that is remembered is not admitted, because nobody can tell', async () => {
      const { marks, another, clock, since } = await open()
      for (const node of [marks, another]) {
        expect(await node.admit(markAt(1, after(since, -1)))).toBe(false)
        expect(await node.admit(markAt(2, after(since, -captureWindowMs)))).toBe(false)
      }
      clock.advance(minuteMs)
      expect(await marks.admit(markAt(1, after(since, -1)))).toBe(false)
      expect(await marks.admit(markAt(3, since))).toBe(true)
    })
  })
}
