import { Writable } from 'node:stream'
import { UnavailableError } from '@cardkeep/core/errors'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { createLog } from './log.ts'
import { noteOutages } from './note-outages.ts'

const open = () => {
  const lines: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      lines.push(chunk.toString())
      next()
    },
  })
  const clock = createFixedClock()
  const world: { failure: Error | undefined } = { failure: undefined }
  const ask = noteOutages(
    'database',
    async () => {
      if (world.failure) throw world.failure
      return 'an answer'
    },
    { log: createLog('info', out), clock },
  )
  return { ask, world, clock, logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

test('an outage is said once when it begins and once when it ends, with how long it was', async () => {
  const { ask, world, clock, logged } = open()
  expect(await ask()).toBe('an answer')
  expect(logged()).toEqual([])
  world.failure = new UnavailableError('away')
  for (let turn = 0; turn < 3; turn++) {
    await expect(ask()).rejects.toThrow(UnavailableError)
    clock.advance(7_000)
  }
  world.failure = undefined
  for (let turn = 0; turn < 3; turn++) expect(await ask()).toBe('an answer')
  expect(logged()).toMatchObject([
    { event: 'backend.away', backend: 'database', level: 'error' },
    { event: 'backend.back', backend: 'database', level: 'warn', afterSeconds: 21 },
  ])
})

test('a bug is no outage', async () => {
  const { ask, world, logged } = open()
  world.failure = new Error('a bug')
  await expect(ask()).rejects.toThrow('a bug')
  world.failure = undefined
  await ask()
  expect(logged()).toEqual([])
})
