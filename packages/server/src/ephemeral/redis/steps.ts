import { UnavailableError } from '@cardkeep/core/errors'
import type { RedisConnection, ServerTime } from './connection.ts'
import type { Script } from './script.ts'
import { holdStep, stepsScript, stepsWhenFullScript } from './scripts.ts'

/** So many go together at most, and at once when they are there: the server works while the next ones are prepared here. */
const together = 16

/** Refused for want of memory, and by that undone. */
const outOfMemory = '!OOM'

interface Waiting {
  readonly step: number
  readonly keys: readonly string[]
  readonly args: readonly string[]
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

export type RunStep = (step: number, keys: readonly string[], args: readonly string[]) => Promise<unknown>

/**
 * Sends what all callers of one turn of the event loop want as one command. Nobody waits for others to come: a caller who is
 * alone in its turn goes alone.
 */
export const createSteps = (
  connection: Pick<RedisConnection, 'run'>,
  epochKey: string,
  time: ServerTime,
): RunStep => {
  let waiting: Waiting[] = []

  const send = async (batch: readonly Waiting[], script: Script): Promise<void> => {
    try {
      const answers = await connection.run(
        script,
        [epochKey, ...batch.flatMap(({ keys }) => keys)],
        [time(), ...batch.flatMap(({ step, args }) => [String(step), ...args])],
      )
      // Precondition: the script answers each step.
      if (!Array.isArray(answers) || answers.length !== batch.length)
        throw new Error('steps without an answer')
      const again: Waiting[] = []
      for (const [at, waits] of batch.entries()) {
        const { step, resolve, reject } = waits
        const answer: unknown = answers[at]
        if (answer === outOfMemory && step !== holdStep && script === stepsScript) again.push(waits)
        else if (typeof answer === 'string' && answer.startsWith('!'))
          reject(new UnavailableError(`the server for codes cannot be used: it answered ${answer.slice(1)}`))
        else resolve(answer)
      }
      // Who holds a code may use it also while there is no room for another.
      if (again.length > 0) await send(again, stepsWhenFullScript)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  const flush = (): void => {
    const batch = waiting
    waiting = []
    if (batch.length > 0) void send(batch, stepsScript)
  }

  return (step, keys, args) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) process.nextTick(flush)
      waiting.push({ step, keys, args, resolve, reject })
      if (waiting.length >= together) flush()
    })
}
