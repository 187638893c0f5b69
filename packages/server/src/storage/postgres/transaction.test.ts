import { expect, test, vi } from 'vitest'
import type { Answer, Call, Database, Session } from './database.ts'
import { ConnectionLost, ReadOnlyServer } from './failures.ts'
import { createOutageGate } from './outage.ts'
import { usualPatience } from './settings.ts'
import { createTransactions, OutcomeUnknown } from './transaction.ts'

/** A database that does whatever it is asked, until a statement at which the connection ends. */
const breakingAt = (text: string) => {
  const sent: string[] = []
  let broken = 0
  const send = async (calls: readonly Call[]): Promise<readonly Answer[]> => {
    for (const { statement } of calls) {
      sent.push(statement.text)
      if (statement.text === text && broken++ === 0) throw new ConnectionLost('gone')
    }
    return calls.map(() => ({ rows: [{ only_reads: 0 }], count: 1 }))
  }
  const connect = vi.fn(
    async (): Promise<Session> => ({
      send,
      waiting: 0,
      isOpen: true,
      isCurrent: true,
      warnings: 0,
      onEnd: () => undefined,
      close: async () => undefined,
    }),
  )
  const settings: Database['settings'] = {
    ...{ url: 'postgres://nobody@127.0.0.1/none', passwordFile: undefined, password: undefined },
    ...{ tls: undefined, connections: 1, pooler: 'none' },
  }
  const leaveServer = (): void => undefined
  return { sent, database: { connect, leaveServer, settings, patience: usualPatience } }
}

const write: Call = { statement: { name: undefined, text: 'write' }, values: [] }
const countOf = (sent: readonly string[], text: string): number => sent.filter((one) => one === text).length

test('a commit that was sent and not answered is never repeated, because it may be written', async () => {
  const { sent, database } = breakingAt('commit')
  const gate = createOutageGate(database)
  const transactions = createTransactions(database)
  const working = gate.run(async () => {
    await transactions.begin([write])
    await transactions.commit()
  })
  await expect(working).rejects.toThrow(OutcomeUnknown)
  await expect(working).rejects.toThrow('not known')
  expect(countOf(sent, 'write')).toBe(1)
  gate.close()
})

test('a transaction that was cut short before its commit is done again', async () => {
  const { sent, database } = breakingAt('write')
  const gate = createOutageGate(database)
  const transactions = createTransactions(database)
  await gate.run(async () => {
    await transactions.begin([write])
    await transactions.commit()
  })
  expect(countOf(sent, 'write')).toBe(2)
  expect(countOf(sent, 'commit')).toBe(1)
  gate.close()
})

test('nothing stays open where a transaction is given up', async () => {
  const { sent, database } = breakingAt('never')
  const transactions = createTransactions(database)
  await transactions.begin([write])
  transactions.rollBack()
  transactions.rollBack()
  expect(countOf(sent, 'rollback')).toBe(1)
  await transactions.begin([])
  await transactions.begin([])
  expect(countOf(sent, 'rollback')).toBe(2)
})

test('a server that only reads is not taken for one that is back', async () => {
  const { database } = breakingAt('never')
  const answers = [1, 1, 0]
  const look = async (): Promise<readonly Answer[]> => [
    { rows: [{ only_reads: answers.shift() ?? 0 }], count: 1 },
  ]
  const connect = async (): Promise<Session> => ({ ...(await database.connect()), send: look })
  const gate = createOutageGate({ ...database, connect })
  const action = vi.fn(async () => {
    if (answers.length > 0) throw new ReadOnlyServer('it only reads')
  })
  await gate.run(action)
  expect(action).toHaveBeenCalledTimes(2)
  gate.close()
})
