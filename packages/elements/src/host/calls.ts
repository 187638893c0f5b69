import type { ElementResult, FailureReason } from '../protocol/public.ts'

/** What was asked of a frame and has not been answered; never more than one thing at a time. */
export interface Calls {
  /** Sends it under a number of its own, and answers with what comes back under that number. */
  make(send: (call: number) => void): Promise<ElementResult>
  answer(call: number, result: ElementResult): void
  /** The frame is gone. */
  abandon(): void
}

export const createCalls = (): Calls => {
  let last = 0
  let open: ((result: ElementResult) => void) | undefined
  return {
    make: (send) => {
      if (open) return Promise.resolve(fail('busy', 'An earlier call is still under way.'))
      last++
      return new Promise((resolve) => {
        const timer = setTimeout(() => open?.(noAnswer), answerMs)
        open = (result) => {
          clearTimeout(timer)
          open = undefined
          resolve(result)
        }
        send(last)
      })
    },
    answer: (call, result) => {
      if (call === last) open?.(result)
    },
    abandon: () => open?.(noAnswer),
  }
}

export const fail = (reason: FailureReason, message: string): ElementResult => ({
  status: 'failure',
  reason,
  message,
})

/** Longer than a frame waits for the vault, so that this is reached only where the frame itself is gone. */
const answerMs = 90_000

const noAnswer = fail('unreachable', 'The frame was taken away or died before it answered.')
