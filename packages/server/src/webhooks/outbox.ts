import { secondMs } from '@cardkeep/core/kernel/time'
import { createJobFailures, type JobFailures } from '../log/job-failures.ts'
import { createBell } from './bell.ts'
import { createDeliverer, type Deliverer, type DelivererPorts, longestSendMs } from './deliver.ts'

export interface Outbox {
  start(): void
  /** An event was committed: it is on its way within some milliseconds. */
  wake(): void
  /** Waits for what is under way, at most as long as one attempt may take. */
  stop(): Promise<void>
}

/**
 * Delivers from its start until it is stopped. A round comes at once after an event of this process or the end of a
 * delivery, but not sooner than some milliseconds after the last one, so that many share a commit; without either it
 * looks twice a second for what is due again and for what commands have written.
 */
export const createOutbox = (ports: Omit<DelivererPorts, 'ended'>): Outbox => {
  const bell = createBell()
  const deliverer = createDeliverer({ ...ports, ended: bell.ring })
  const failures = createJobFailures('deliver events', ports.log)
  let running: Promise<void> | undefined
  let isStopped = false

  const runRound = async (): Promise<boolean> => {
    try {
      const isMore = await deliverer.round()
      failures.worked()
      return isMore
    } catch (error) {
      failures.failed(error)
      // Whatever cannot be reached now is not asked again at once.
      await bell.silence(lookEveryMs)
      return false
    }
  }

  const run = async (): Promise<void> => {
    while (!isStopped) {
      const isMore = await runRound()
      await bell.silence(gatherMs)
      // Whoever stops it rings, and is heard here.
      if (!isMore) await bell.heard(lookEveryMs)
    }
  }

  return {
    start: () => {
      running ??= run()
    },
    wake: bell.ring,
    stop: async () => {
      isStopped = true
      bell.ring()
      await running
      await stopQuietly(deliverer, failures)
    },
  }
}

/** Where the last outcomes cannot be written the vault still stops: they are delivered again. */
const stopQuietly = async (deliverer: Deliverer, failures: JobFailures): Promise<void> => {
  try {
    await deliverer.stop()
  } catch (error) {
    failures.failed(error)
  }
}

/** For the egress that it sends by. An endpoint that needs longer should take the event first and think afterwards. */
export const webhookEgress = {
  timeouts: {
    connectMs: 5 * secondMs,
    headersMs: 10 * secondMs,
    bodyMs: 5 * secondMs,
    totalMs: longestSendMs,
  },
  // Nobody reads what is answered.
  limits: { requestBytes: 64 * 1024, answerBytes: 64 * 1024 },
}

const gatherMs = 15
const lookEveryMs = 500
