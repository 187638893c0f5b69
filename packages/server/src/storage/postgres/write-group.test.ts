import type { Change } from '@cardkeep/core/changes'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readMigrations } from '../sql/migrations.ts'
import type { Verdict } from './begin-group.ts'
import { createChainWriter } from './chain.ts'
import { createDatabase, type Database } from './database.ts'
import { migrate } from './migrate.ts'
import { planList } from './plan-list.ts'
import { usualPatience } from './settings.ts'
import { statementsFor } from './statements.ts'
import { createTransactions, type Transactions } from './transaction.ts'
import { createGroupWriter } from './write-group.ts'

describeOnPostgres('a group of lists', (server) => {
  const records = createRecords()
  let database: Database
  let transactions: Transactions
  let roundTrips = 0
  const sent: string[] = []
  const counted = <Args extends readonly unknown[], T>(action: (...args: Args) => T) => {
    return (...args: Args): T => {
      roundTrips++
      return action(...args)
    }
  }

  beforeAll(async () => {
    database = createDatabase(
      {
        ...{ url: await server.createDatabase(), passwordFile: server.passwordFile, password: undefined },
        ...{ tls: undefined, connections: 1, pooler: 'none' as const },
      },
      usualPatience,
    )
    await migrate(database, readMigrations('postgres'))
    transactions = createTransactions({
      ...database,
      connect: async () => {
        const session = await database.connect()
        return {
          ...session,
          get isOpen() {
            return session.isOpen
          },
          send: (calls, limitMs) => {
            sent.push(...calls.map(({ statement }) => statement.text))
            return session.send(calls, limitMs)
          },
        }
      },
    })
    await transactions.begin([
      { statement: { name: undefined, text: 'insert into audit_chains values (7, null, 0)' }, values: [] },
    ])
    await transactions.commit()
  })
  afterAll(() => transactions.close())

  /** After how many round trips each list was settled, and how; the chain's head is known already. */
  const write = async (lists: readonly (readonly Change[])[]) => {
    const statements = statementsFor('none')
    const chain = createChainWriter(statements, 7)
    const { begin, send, commit } = transactions
    const parts = {
      statements,
      chain,
      transactions: { ...transactions, begin: counted(begin), send: counted(send), commit: counted(commit) },
    }
    const writeGroup = createGroupWriter(parts)
    await writeGroup([{ plan: planList([records.audit()]), settle: () => undefined }])
    roundTrips = 0
    const settled: { readonly verdict: Verdict['type']; readonly after: number }[] = []
    await writeGroup(
      lists.map((changes, at) => ({
        plan: planList(changes),
        settle: ({ type }) => {
          settled[at] = { verdict: type, after: roundTrips }
        },
      })),
    )
    return settled
  }
  const putTenant = (fields = {}): readonly Change[] => [
    { type: 'put-tenant', tenant: records.tenant(fields) },
    records.audit(),
  ]

  test('takes two round trips, whatever it is', async () => {
    const settled = await write(Array.from({ length: 64 }, () => putTenant()))
    expect(settled).toEqual(Array(64).fill({ verdict: 'written', after: 2 }))
    expect(await write([putTenant()])).toEqual([{ verdict: 'written', after: 2 }])
  })

  test('with many that are in conflict makes strangers wait for two more', async () => {
    const taken = records.tenant()
    await write([[{ type: 'put-tenant', tenant: taken }]])
    const isTaken = (at: number): boolean => at % 3 === 0
    const settled = await write(
      Array.from({ length: 60 }, (_, at) => (isTaken(at) ? putTenant({ name: taken.name }) : putTenant())),
    )
    expect(settled.filter((_, at) => !isTaken(at))).toEqual(Array(40).fill({ verdict: 'written', after: 4 }))
    const refused = settled.filter((_, at) => isTaken(at))
    expect(refused.map(({ verdict }) => verdict)).toEqual(Array(20).fill('refused'))
    // One for each, and none for those that were written.
    expect(Math.max(...refused.map(({ after }) => after))).toBeLessThanOrEqual(4 + 20)
  })

  test('counts its changes last, so that nobody waits for that row longer than the commit takes', async () => {
    const taken = records.tenant()
    await write([[{ type: 'put-tenant', tenant: taken }]])
    sent.length = 0
    const settled = await write(
      Array.from({ length: 12 }, (_, at) => (at % 4 === 1 ? putTenant({ name: taken.name }) : putTenant())),
    )
    expect(settled.filter(({ verdict }) => verdict === 'written')).toHaveLength(9)
    const counted = sent.flatMap((text, at) => (text.startsWith('update vault_state') ? [at] : []))
    expect(counted.length).toBeGreaterThan(0)
    expect(new Set(counted.map((at) => sent[at + 1]))).toEqual(new Set(['commit', 'rollback']))
  })

  test('with one that fits into no column loses only that one', async () => {
    const lists = Array.from({ length: 4 }, (_, at) => {
      const scope = records.scope()
      const fingerprint = records.fingerprint(scope, { keyVersion: at === 2 ? 1.5 : 1 })
      return { scope, fingerprint }
    })
    await write([lists.map(({ scope }) => ({ type: 'put-scope', scope }))])
    const settled = await write(
      lists.map(({ fingerprint }) => [{ type: 'put-fingerprint', fingerprint }, records.audit()]),
    )
    expect(settled.map(({ verdict }) => verdict)).toEqual(['written', 'written', 'broken', 'written'])
  })

  test('with many that break their transaction lets strangers through after a few more', async () => {
    const nowhere = (): readonly Change[] => [
      { type: 'put-credential', credential: records.credential(records.tenant()) },
      records.audit(),
    ]
    const isBroken = (at: number): boolean => at % 10 === 9
    const settled = await write(
      Array.from({ length: 60 }, (_, at) => (isBroken(at) ? nowhere() : putTenant())),
    )
    expect(settled.map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: 60 }, (_, at) => (isBroken(at) ? 'refused' : 'written')),
    )
    expect(Math.max(...settled.map(({ after }) => after))).toBeLessThan(40)
  })
})
