import { Writable } from 'node:stream'
import { UnavailableError, UnfitError } from '@cardkeep/core/errors'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { createLog } from '../log/log.ts'
import { awaitBackend } from './await-backend.ts'

const open = (failures: readonly Error[]) => {
  const lines: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(chunk.toString())
      next()
    },
  })
  const clock = createFixedClock()
  const left = [...failures]
  let attempts = 0
  const answer = awaitBackend(
    async () => {
      attempts++
      clock.advance(1_000)
      const failure = left.shift()
      if (failure) throw failure
      return 'opened'
    },
    { backend: 'database', log: createLog('info', out), clock, pauseMs: 0 },
  )
  return { answer, attempts: () => attempts, logged: () => lines.map((line) => JSON.parse(line) as unknown) }
}

const away = new UnavailableError('the database cannot be reached')

test('what is there is opened without a word', async () => {
  const { answer, logged } = open([])
  expect(await answer).toBe('opened')
  expect(logged()).toEqual([])
})

test('what is not there yet is waited for, and that is said once', async () => {
  const { answer, attempts, logged } = open([away, away, away])
  expect(await answer).toBe('opened')
  expect(attempts()).toBe(4)
  expect(logged()).toEqual([
    expect.objectContaining({ event: 'backend.awaited', backend: 'database', reason: away.message }),
  ])
})

test('what does not come within thirty seconds is given up with its own words', async () => {
  const { answer, attempts } = open(Array<Error>(100).fill(away))
  await expect(answer).rejects.toBe(away)
  expect(attempts()).toBe(30)
})

test.each([new UnfitError('it writes codes to a disk'), new Error('a bug')])(
  '%s is not waited for',
  async (failure) => {
    const { answer, attempts, logged } = open([failure])
    await expect(answer).rejects.toBe(failure)
    expect(attempts()).toBe(1)
    expect(logged()).toEqual([])
  },
)
