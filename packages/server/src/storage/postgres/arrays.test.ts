import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { expect, test } from 'vitest'
import type { SqlValue } from '../sql/values.ts'
import { type ElementType, encodeArray } from './arrays.ts'
import { ask, createDatabase, needsAnswer } from './database.ts'
import { usualPatience } from './settings.ts'

describeOnPostgres('an array in binary form', (server) => {
  const database = createDatabase(
    {
      ...{ url: server.url(), passwordFile: server.passwordFile, password: undefined, tls: undefined },
      ...{ connections: 1, pooler: 'none' as const },
    },
    usualPatience,
  )
  const rows: readonly (readonly [ElementType, readonly SqlValue[]])[] = [
    ['bigint', [0, -1, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, null]],
    ['text', ['', 'a,b"{}\\', 'Zürich ☂', 'NULL', null]],
    ['bytea', [new Uint8Array(), new Uint8Array([0, 255, 92, 34]), null]],
    ['bytea', []],
  ]

  test.each(rows)('of %s is read by the server as it was given', async (type, values) => {
    const session = await database.connect()
    const text = `select value from unnest($1::${type}[]) with ordinality as a (value, place) order by place`
    const { rows } = await ask(session, {
      statement: { name: undefined, text },
      values: [encodeArray(type, values)],
    })
    expect(rows.map(({ value }) => value)).toEqual(values)
    await session.close()
  })

  test('refuses what is not of its type', () => {
    expect(() => encodeArray('bigint', ['1'])).toThrow('cannot stand')
    expect(() => encodeArray('text', [1])).toThrow('cannot stand')
    expect(() => encodeArray('bytea', ['x'])).toThrow('cannot stand')
  })

  test('a number beyond what a number can hold is refused, and the session goes on', async () => {
    const session = await database.connect()
    const outcomes = await session.send(
      ['select 9007199254740993::bigint as n', 'select 7::bigint as n'].map((text) => ({
        statement: { name: undefined, text },
        values: [],
      })),
    )
    expect(outcomes[0]).toBeInstanceOf(RangeError)
    expect(needsAnswer(outcomes[1]).rows).toEqual([{ n: 7 }])
    await session.close()
  })
})
