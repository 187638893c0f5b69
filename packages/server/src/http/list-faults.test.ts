import type { Refusal } from '@cardkeep/core/errors'
import { type TSchema, Type } from 'typebox'
import { expect, test } from 'vitest'
import { listFaults } from './list-faults.ts'

const optional = Type.Optional
const body = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 3 }),
  size: optional(Type.Integer({ minimum: 1, maximum: 9 })),
  kind: optional(Type.Unsafe<string>({ type: 'string', enum: ['A', 'B'] })),
  day: optional(Type.String({ format: 'date' })),
  code: optional(Type.String({ pattern: '^x', description: 'A text that begins with x' })),
  plain: optional(Type.String({ pattern: '^x' })),
  inner: optional(Type.Object({ id: Type.String() })),
})
const params = Type.Object({ id: Type.String({ minLength: 2 }) })

const first: Refusal = { type: 'InvalidField', field: 'name' }

const list = (sent: unknown, parts: { params?: TSchema; body?: TSchema; sent?: unknown } = { body }) =>
  listFaults(parts, { params: parts.sent ?? {}, body: sent }, first)

const fault = (field: string, why: string, within?: readonly string[]) => ({
  ...{ type: 'InvalidField', field, why },
  ...(within && { within }),
})

test('each field that is wrong is named once, in words, and nothing that was sent is told', () => {
  const sent = {
    name: 'abcd',
    size: 10,
    kind: 'C',
    day: '2026-02-30',
    code: 'y',
    plain: 'y',
    inner: { id: 1 },
  }
  expect(list(sent)).toEqual({
    type: 'InvalidFields',
    faults: [
      fault('name', 'must have 3 characters at most'),
      fault('size', 'must be 9 at most'),
      fault('kind', 'must be one of A, B'),
      fault('day', 'must be a day that there is, such as 2030-12-31'),
      fault('code', 'must be a text that begins with x'),
      fault('plain', 'is not valid'),
      fault('id', 'must be a string', ['inner']),
    ],
  })
  expect(list({ name: '', size: 0, inner: [] })).toMatchObject({
    faults: [
      fault('name', 'must have 1 character at least'),
      fault('size', 'must be 1 at least'),
      fault('inner', 'must be an object'),
    ],
  })
})

test('what is missing is named, inside of others too', () => {
  expect(list({ inner: {} })).toEqual({
    type: 'InvalidFields',
    faults: [fault('name', 'is missing'), fault('id', 'is missing', ['inner'])],
  })
})

test('a field that an object inherits is missing all the same', () => {
  const schema = Type.Object({ constructor: Type.Unsafe({ type: 'string' }) })
  const missing: Refusal = { type: 'MissingField', field: 'constructor' }
  expect(listFaults({ body: schema }, { params: {}, body: {} }, missing)).toEqual(missing)
})

test('characters are counted as code points', () => {
  expect(list({ name: '😀'.repeat(3), size: 0 })).toMatchObject({ faults: [first, { field: 'size' }] })
  expect(list({ name: '😀'.repeat(4), size: 0 })).toMatchObject({
    faults: [{ why: 'must have 3 characters at most' }, {}],
  })
  expect(list({ name: 'e\u0301e\u0301' })).toEqual(fault('name', 'must have 3 characters at most'))
})

test('one thing alone is told as it is without a list', () => {
  expect(list({ name: 'abcd' })).toEqual(fault('name', 'must have 3 characters at most'))
  const missing: Refusal = { type: 'MissingField', field: 'name' }
  expect(listFaults({ body }, { params: {}, body: {} }, missing)).toEqual(missing)
})

test('the parameters of the path stand before the body', () => {
  expect(list({}, { body, params, sent: { id: 'x' } })).toEqual({
    type: 'InvalidFields',
    faults: [
      fault('id', 'must have 2 characters at least', ['params']),
      fault('name', 'is missing'),
    ].toReversed(),
  })
})

test('what the first look refused is told whatever the second one says', () => {
  expect(list({ name: 'abc', size: 0 })).toEqual({
    type: 'InvalidFields',
    faults: [first, fault('size', 'must be 1 at least')],
  })
  expect(list({ name: 'abc' })).toEqual(first)
})

test('a body that is no object is told as it is', () => {
  for (const sent of [null, [], 'x', undefined])
    expect(listFaults({ body }, { params: {}, body: sent }, { type: 'BodyNotReadable' })).toEqual({
      type: 'BodyNotReadable',
    })
})

test('a list has an end', () => {
  const many = Type.Object(
    Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`f${at}`, Type.String()])),
  )
  expect(
    listFaults({ body: many }, { params: {}, body: {} }, { type: 'MissingField', field: 'f0' }),
  ).toMatchObject({
    faults: { length: 20 },
  })
})
