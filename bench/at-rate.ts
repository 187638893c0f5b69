import { setTimeout as wait } from 'node:timers/promises'

/** Each call begins when it is due, whether or not those before it were answered. Answers what all of them answer. */
export const callAtRate = async <Answer>(
  perSecond: number,
  seconds: number,
  call: (dueAt: number) => Promise<Answer>,
): Promise<readonly Answer[]> => {
  const calls: Promise<Answer>[] = []
  const startedAt = performance.now()
  const total = perSecond * seconds
  while (calls.length < total) {
    const dueAt = startedAt + (calls.length / perSecond) * 1000
    const early = dueAt - performance.now()
    if (early > 0) await wait(early)
    else calls.push(call(dueAt))
  }
  return Promise.all(calls)
}
