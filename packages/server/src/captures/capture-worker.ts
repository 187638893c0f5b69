import { Worker } from 'node:worker_threads'
import type { FromWorker, ToWorker } from './worker-messages.ts'

/** Why a worker is no more. */
export type WorkerEnd = 'too long' | 'too large' | 'died' | 'stopped'

export interface CaptureWorker {
  /** Hands over a card; its answer comes in the order of the cards. */
  open(keyId: string, ciphertext: string): void
  give(keyId: string, armored: string): void
  forget(keyId: string): void
  /** Resolves once its memory is gone. */
  stop(): Promise<void>
}

export interface CaptureWorkerParts {
  readonly entry: URL
  /** How long one card may take. */
  readonly jobMs: number
  readonly answered: (answer: Exclude<FromWorker, { type: 'ready' }>) => void
  /** Once, and nothing is answered any more. `ready`: whether it ever was. */
  readonly ended: (end: WorkerEnd, ready: boolean) => void
}

/** A thread that cannot begin will not begin if it is given more time than this. */
const startMs = 30_000

/** In MiB. The library itself takes some twenty; what a card may expand to is limited before. */
const memory = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 }

/** A thread, with a clock on the card that it is at. */
export const startCaptureWorker = ({ entry, jobMs, answered, ended }: CaptureWorkerParts): CaptureWorker => {
  // It has no use for settings, and one of them may be a password.
  const thread = new Worker(entry, { env: {}, resourceLimits: memory })
  // Nobody waits for a thread that has nothing to do.
  thread.unref()
  let isReady = false
  let isOver = false
  let underWay = 0
  let clock: NodeJS.Timeout | undefined

  const end = (why: WorkerEnd): void => {
    if (isOver) return
    isOver = true
    clearTimeout(clock)
    ended(why, isReady)
  }
  const stop = async (why: WorkerEnd): Promise<void> => {
    end(why)
    await thread.terminate()
  }
  const wind = (): void => {
    clearTimeout(clock)
    if (isReady && underWay === 0) return
    const mine = setTimeout(
      // What stands in the way may be this thread: an answer that waits behind it comes first.
      () => setImmediate(() => void (mine === clock && stop(isReady ? 'too long' : 'died'))),
      isReady ? jobMs : startMs,
    )
    clock = mine.unref()
  }

  thread.on('message', (told: FromWorker) => {
    if (isOver) return
    if (told.type === 'ready') isReady = true
    else underWay--
    wind()
    if (told.type !== 'ready') answered(told)
  })
  thread.on('error', (error: NodeJS.ErrnoException) =>
    end(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'too large' : 'died'),
  )
  thread.on('exit', () => end('died'))
  wind()

  const tell = (told: ToWorker): void => thread.postMessage(told)
  return {
    open: (keyId, ciphertext) => {
      underWay++
      if (underWay === 1 && isReady) wind()
      tell({ type: 'open', keyId, ciphertext })
    },
    give: (keyId, armored) => tell({ type: 'key', keyId, armored }),
    forget: (keyId) => tell({ type: 'forget', keyId }),
    stop: () => stop('stopped'),
  }
}
