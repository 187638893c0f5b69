import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import { captureSkewMs, captureWindowMs } from '@cardkeep/core/captures/capture-key'
import { UnavailableError } from '@cardkeep/core/errors'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import type { EpochMs, MonotonicMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'
import { type CaptureWorker, startCaptureWorker, type WorkerEnd } from './capture-worker.ts'
import { createFairQueue, type QueueLimits } from './fair-queue.ts'

export interface CaptureJob {
  readonly tenantId: TenantId
  readonly keyId: string
  /** Of a retired key: until when it opens anything. */
  readonly keyUntil: EpochMs | undefined
  readonly ciphertext: string
  /** The private half, armored; asked for where a worker does not have it yet. */
  readonly loadKey: () => Promise<Secret<string>>
}

/** Bytes of a text; whoever gets them wipes them. */
export type CaptureText = Uint8Array<ArrayBuffer>

export interface WorkerPool {
  /**
   * Throws `UnavailableError` where too many of its tenant wait or it has waited too long, and where a worker was lost for
   * another reason than a card.
   */
  open(job: CaptureJob): Promise<Result<CaptureText, CaptureFault>>
  /** Forgets keys that open nothing any more, or that nobody asked for in a while. To be called again and again. */
  tend(): void
  /** Ends all workers, and with them the keys that they know. Whatever is under way comes to nothing; the next job begins anew. */
  dropAll(): Promise<void>
}

export interface WorkerPoolParts {
  readonly size: number
  readonly clock: Clock
  /** For tests, which would wait for it otherwise. */
  readonly jobMs?: number
  readonly waitMs?: number
  readonly entry?: URL
}

/** One core opens some seven hundred cards in a second; each that waits may be 16 KiB. */
const limits: QueueLimits = { perTenant: 250, total: 1_000, atLeast: 10 }
/** Whoever sent it has gone by then, or sends it again. */
const longestWaitMs = 5_000
/** Handed to a worker ahead, so that it need not wait for the next; little, because all of it is done again if it is lost. */
const aheadPerWorker = 4
const keysPerWorker = 100
/** After that nothing is good any more that was captured when a key was last used. */
const longestIdleMs = captureWindowMs + captureSkewMs
/** A thousand times what a card takes. */
const longestJobMs = 3_000

interface Pending extends CaptureJob {
  /** It has lost a worker through another: no other may cost it the next one. */
  isAlone: boolean
  isOver: boolean
  /** As the worker knows it that it was handed to. */
  key: KnownKey | undefined
  readonly settle: (opened: Result<CaptureText, CaptureFault>) => void
  readonly fail: (error: Error) => void
}

interface KnownKey {
  readonly given: Promise<void>
  jobs: number
  usedAt: MonotonicMs
  until: EpochMs | undefined
}

interface Slot {
  readonly worker: CaptureWorker
  /** In the order of the answers; the first is being opened. */
  readonly underWay: Pending[]
  readonly keys: Map<string, KnownKey>
  /** Of jobs that are its own: also those whose key it is still given. */
  count: number
  /** It has one that is to be alone. */
  isClosed: boolean
  end: WorkerEnd | undefined
}

/** Threads that open what strangers encrypted. They are started when there is something to open. */
export const createWorkerPool = ({
  size,
  clock,
  jobMs = longestJobMs,
  waitMs = longestWaitMs,
  entry = new URL('./worker.ts', import.meta.url),
}: WorkerPoolParts): WorkerPool => {
  const slots = new Set<Slot>()
  const queue = createFairQueue<Pending>(limits)

  const start = (): Slot => {
    const slot: Slot = {
      worker: startCaptureWorker({
        entry,
        jobMs,
        answered: (answer) => {
          const job = slot.underWay.shift()
          if (!job) return
          release(slot, job)
          // Nobody waits for it any more.
          if (answer.type === 'opened' && job.isOver) answer.text.fill(0)
          else if (answer.type === 'opened') job.settle(ok(answer.text))
          else if (answer.type === 'refused') job.settle(refuse(answer.fault))
          else job.fail(new UnavailableError('a captured card could not be opened'))
          fill()
        },
        ended: (end, wasReady) => lose(slot, end, wasReady),
      }),
      underWay: [],
      keys: new Map(),
      count: 0,
      isClosed: false,
      end: undefined,
    }
    slots.add(slot)
    return slot
  }

  const release = (slot: Slot, { key }: Pending): void => {
    slot.count--
    slot.isClosed = false
    if (!key) return
    key.jobs--
    key.usedAt = clock.monotonic()
  }

  const lose = (slot: Slot, end: WorkerEnd, wasReady: boolean): void => {
    slot.end = end
    slots.delete(slot)
    const [first, ...rest] = slot.underWay.splice(0)
    const fault = end === 'too long' ? 'took too long' : end === 'too large' ? 'expands too far' : undefined
    if (fault && wasReady) first?.settle(refuse(fault))
    else first?.fail(lost())
    // A thread that never began says nothing of its cards, but the next would not begin either.
    if (end === 'stopped' || !wasReady) for (const job of rest) job.fail(lost())
    else for (const job of rest.toReversed()) again(job)
    fill()
  }

  const again = (job: Pending): void => {
    job.isAlone = true
    queue.putBack(job)
  }

  /** The one with the least to do; another one rather than one that is busy. */
  const choose = ({ isAlone }: Pending): Slot | undefined => {
    const [best] = [...slots]
      .filter(({ isClosed }) => !isClosed)
      .toSorted((one, other) => one.count - other.count)
    if (best?.count === 0) return best
    if (slots.size < size) return start()
    return best && !isAlone && best.count < aheadPerWorker ? best : undefined
  }

  const fill = (): void => {
    for (let job = queue.next(); job; job = queue.next()) {
      const slot = choose(job)
      if (!slot) return
      queue.take(job)
      slot.count++
      slot.isClosed = job.isAlone
      void hand(slot, job)
    }
  }

  const hand = async (slot: Slot, job: Pending): Promise<void> => {
    const key = slot.keys.get(job.keyId) ?? giveKey(slot, job)
    job.key = key
    key.jobs++
    key.until = job.keyUntil
    try {
      await key.given
    } catch (error) {
      // Another may have asked for it again by now.
      if (slot.keys.get(job.keyId) === key) slot.keys.delete(job.keyId)
      release(slot, job)
      job.fail(error as Error)
      return fill()
    }
    if (slot.end) {
      if (slot.end === 'stopped') job.fail(lost())
      else again(job)
      return fill()
    }
    if (job.isOver) {
      release(slot, job)
      return fill()
    }
    slot.underWay.push(job)
    slot.worker.open(job.keyId, job.ciphertext)
  }

  const giveKey = (slot: Slot, { keyId, loadKey }: Pending): KnownKey => {
    const [oldest] = [...slot.keys].filter(([, { jobs }]) => jobs === 0)
    if (slot.keys.size >= keysPerWorker && oldest) forget(slot, oldest[0])
    const give = async (): Promise<void> => {
      const armored = openSecret(await loadKey(), 'load key')
      if (!slot.end) slot.worker.give(keyId, armored)
    }
    const known: KnownKey = { given: give(), jobs: 0, usedAt: clock.monotonic(), until: undefined }
    slot.keys.set(keyId, known)
    return known
  }

  const forget = (slot: Slot, keyId: string): void => {
    slot.keys.delete(keyId)
    slot.worker.forget(keyId)
  }

  const isBeingOpened = (job: Pending): boolean => [...slots].some(({ underWay }) => underWay[0] === job)

  return {
    open: (job) =>
      new Promise((settle, fail) => {
        const over = (): void => {
          pending.isOver = true
          clearTimeout(patience)
          queue.leave(pending)
        }
        const pending: Pending = {
          ...job,
          isAlone: false,
          isOver: false,
          key: undefined,
          settle: (opened) => {
            if (pending.isOver) return
            over()
            settle(opened)
          },
          fail: (error) => {
            if (pending.isOver) return
            over()
            fail(error)
          },
        }
        if (!queue.enter(pending)) {
          fail(new UnavailableError('too many captured cards of a tenant wait to be opened'))
          return
        }
        // One that is being opened has a time of its own.
        const patience = setTimeout(() => {
          if (!isBeingOpened(pending))
            pending.fail(new UnavailableError('a captured card waited too long to be opened'))
        }, waitMs)
        patience.unref()
        fill()
      }),

    tend: () => {
      const [now, at] = [clock.monotonic(), clock.now()]
      for (const slot of slots)
        for (const [keyId, { jobs, usedAt, until }] of slot.keys)
          if (jobs === 0 && (now - usedAt > longestIdleMs || (until !== undefined && at > until)))
            forget(slot, keyId)
    },

    dropAll: async () => {
      for (const job of queue.clear()) job.fail(lost())
      await Promise.all([...slots].map(({ worker }) => worker.stop()))
    },
  }
}

const lost = (): UnavailableError => new UnavailableError('the worker that opens captured cards was lost')
