import { UnavailableError } from '@cardkeep/core/errors'
import type { RedisConnection, ServerTime } from './connection.ts'
import { stepsScript } from './scripts.ts'

/** So many go together at most, and at once when they are there: the server works while the next ones are prepared here. */
const together = 16

interface Waiting {
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

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const answers = await connection.run(
        stepsScript,
        [epochKey, ...batch.flatMap(({ keys }) => keys)],
        [time(), ...batch.flatMap(({ args }) => args)],
      )
      // Precondition: the script answers each step.
      if (!Array.isArray(answers) || answers.length !== batch.length)
        throw new Error('steps without an answer')
      batch.forEach(({ resolve, reject }, at) => {
        const answer: unknown = answers[at]
        if (typeof answer === 'string' && answer.startsWith('!'))
          reject(new UnavailableError(`the server for codes cannot be used: it answered ${answer.slice(1)}`))
        else resolve(answer)
      })
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  const flush = (): void => {
    const batch = waiting
    waiting = []
    if (batch.length > 0) void send(batch)
  }

  return (step, keys, args) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) process.nextTick(flush)
      waiting.push({ keys, args: [String(step), ...args], resolve, reject })
      if (waiting.length >= together) flush()
    })
}
