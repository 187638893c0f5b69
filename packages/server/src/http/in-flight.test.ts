import { expect, test } from 'vitest'
import { createInFlight } from './in-flight.ts'

test('settles only when the last piece of work has, also one that failed or began meanwhile', async () => {
  const inFlight = createInFlight()
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const events: string[] = []
  const failing = inFlight.track(first.promise)
  const settled = inFlight.settled().then(() => events.push('settled'))
  inFlight.track(second.promise).then(
    () => events.push('second'),
    () => {},
  )
  expect(inFlight.isAny()).toBe(true)
  first.reject(new Error('failed'))
  await expect(failing).rejects.toThrow('failed')
  events.push('first')
  second.resolve()
  await settled
  expect(inFlight.isAny()).toBe(false)
  expect(events).toEqual(['first', 'second', 'settled'])
})
