import { expect, test } from 'vitest'
import type { Call, Database, Session } from './database.ts'
import { createReaders } from './readers.ts'
import { usualPatience } from './settings.ts'

interface Fake {
  asked: number
  waiting: number
  isCurrent: boolean
  isClosed: boolean
}

/** A database whose sessions answer at once, and are as the test says they are. */
const createFakes = () => {
  const made: Fake[] = []
  const connect = async (): Promise<Session> => {
    const fake: Fake = { asked: 0, waiting: 0, isCurrent: true, isClosed: false }
    made.push(fake)
    return {
      send: async (calls) => {
        fake.asked += calls.length
        return calls.map(() => ({ rows: [], count: 0 }))
      },
      get waiting() {
        return fake.waiting
      },
      get isCurrent() {
        return fake.isCurrent
      },
      isOpen: true,
      warnings: 0,
      onEnd: () => undefined,
      close: async () => {
        fake.isClosed = true
      },
    }
  }
  const settings: Database['settings'] = {
    ...{ url: 'postgres://nobody@127.0.0.1/none', passwordFile: undefined, password: undefined },
    ...{ tls: undefined, connections: 1, pooler: 'none' },
  }
  const leaveServer = (): void => undefined
  return { made, database: { connect, leaveServer, settings, patience: usualPatience } }
}

const read: Call = { statement: { name: undefined, text: 'read' }, values: [] }

test('a session from before another was lost is asked nothing more, and ends when nobody waits for it', async () => {
  const { made, database } = createFakes()
  const readers = createReaders(database, 4)
  await readers.ask(read)
  const [old] = made
  if (!old) throw new Error('nobody was asked')
  Object.assign(old, { isCurrent: false, waiting: 1 })
  await readers.ask(read)
  expect(made.map(({ asked, isClosed }) => [asked, isClosed])).toEqual([
    [1, false],
    [1, false],
  ])
  old.waiting = 0
  await readers.ask(read)
  expect(made.map(({ asked, isClosed }) => [asked, isClosed])).toEqual([
    [1, true],
    [2, false],
  ])
  await readers.close()
})
