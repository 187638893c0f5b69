import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { secondMs } from '@cardkeep/core/kernel/time'
import { bringRotationsNear } from '@cardkeep/core/operations/issuing/bring-rotations-near'
import type { RotateDuePorts, RotatedBatch } from '@cardkeep/core/operations/issuing/rotate-due-cvvs'
import { createJobFailures } from '../log/job-failures.ts'
import { describeBug, type Log } from '../log/log.ts'
import { createPace } from './pace.ts'
import { rotateClaimed } from './rotate-claimed.ts'
import { threadBusyMs } from './thread-busy.ts'

/** Rotates the CVVs of cards whose time has come, from its start until it is stopped. */
export interface Rotator {
  start(): void
  /** Takes no more and waits for what is under way. */
  stop(): Promise<void>
}

export interface RotatorPorts extends RotateDuePorts {
  readonly log: Log
  readonly isSealed: () => boolean
  /** Whether somebody waits for an answer. */
  readonly isBusy: () => boolean
  /** Hears of each part that was rotated. */
  readonly rotated?: ((batch: RotatedBatch) => void) | undefined
  /** So long, or less where it is stopped. */
  readonly rest?: (ms: number, stopped: AbortSignal) => Promise<unknown>
}

/**
 * Looks twice a second for what is due. While there is more it goes on part by part, and after each lets requests go first:
 * where some are under way parts are smaller, and it rests for twice as long as one took. What cannot be reached is asked
 * again at growing intervals.
 */
export const createRotator = (ports: RotatorPorts): Rotator => {
  const { clock, log, isSealed, isBusy } = ports
  const failures = createJobFailures('rotate CVVs', log)
  let isShared = false
  const pace = createPace(() => isShared)
  const stopping = new AbortController()
  let running: Promise<unknown> | undefined

  const rest = (ms: number): Promise<unknown> => (ports.rest ?? restAsLong)(ms, stopping.signal)

  const done = async (batch: RotatedBatch, tookMs: number): Promise<boolean> => {
    ports.rotated?.(batch)
    if (batch.failed > 0)
      log.error('rotations.failed', { cards: batch.failed, ...describeBug(batch.failure) })
    // What has come in meanwhile is read in the turn between.
    await nextTurn()
    isShared = isBusy()
    if (isShared) await rest(Math.min(2 * tookMs, longestRestMs))
    return !isSealed()
  }

  const runRound = async (): Promise<boolean> => {
    if (isSealed()) return false
    return rotateClaimed(ports, { at: clock.now(), pace, busyMs: threadBusyMs, done })
  }

  const run = async (): Promise<void> => {
    let failed = 0
    while (!stopping.signal.aborted) {
      let isMore = false
      try {
        isMore = await runRound()
        failures.worked()
        failed = 0
      } catch (error) {
        failures.failed(error)
        failed++
      }
      if (!isMore) await rest(backOffMs(failed))
    }
  }

  /** What a clock far ahead has put far away is never found to be due. Beside the rounds: it looks at every card. */
  const bringNear = async (): Promise<void> => {
    const looks = createJobFailures('bring rotations near', log)
    for (let failed = 0; !stopping.signal.aborted; await rest(backOffMs(failed))) {
      if (isSealed()) continue
      try {
        await bringRotationsNear(ports)
        return looks.worked()
      } catch (error) {
        looks.failed(error)
        failed++
      }
    }
  }

  return {
    start: () => {
      running ??= Promise.all([run(), bringNear()])
    },
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

const restAsLong = (ms: number, signal: AbortSignal): Promise<unknown> =>
  wait(ms, undefined, { signal }).catch(() => undefined)

const lookEveryMs = 500
const longestBackOffMs = 15 * secondMs
const backOffMs = (failed: number): number => Math.min(lookEveryMs * 2 ** failed, longestBackOffMs)
const longestRestMs = 50
