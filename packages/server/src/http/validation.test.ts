import { testCards } from '@cardkeep/testing/canary/cards'
import fastify from 'fastify'
import { type TSchema, Type } from 'typebox'
import { expect, test } from 'vitest'
import { ozura } from '../dialects/ozura/routes.ts'
import { refusalOfValidation, validationOptions } from './validation.ts'

/** What the framework's own validator says, so that a change of its errors is noticed. */
const refusalOf = async (schema: TSchema, body: unknown): Promise<unknown> => {
  const app = fastify({ ajv: { customOptions: validationOptions } })
  let refusal: unknown
  app.setErrorHandler((error: { validation?: never[]; validationContext?: string }, _request, reply) => {
    refusal = refusalOfValidation(error.validation ?? [], error.validationContext)
    return reply.send()
  })
  app.post('/', { schema: { body: schema } }, async () => 'fine')
  await app.inject({
    method: 'POST',
    url: '/',
    payload: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  return refusal
}

const routeOf = (path: string): TSchema => {
  const body = ozura.routes.find((route) => route.path === path)?.body
  if (!body) throw new Error(`no body at ${path}`)
  return body
}
const tokenize = routeOf('/tokenize')
const proxy = routeOf('/proxy/transaction')
const deleteSession = routeOf('/proxy/delete-cvc-session')

const data = { cardNumber: '4', expirationMonth: '1', expirationYear: '30' }
const { cardNumber: _, ...withoutNumber } = data
const forward = { token: 't', proxy_url: 'u', request_data: {} }

test.each<readonly [string, TSchema, unknown, unknown]>([
  ['a field that is missing', tokenize, { type: 'card' }, { type: 'MissingField', field: 'data' }],
  [
    'the field that says which form it is, missing,',
    tokenize,
    { data },
    { type: 'MissingField', field: 'type' },
  ],
  [
    'a field of the form that it says it has',
    tokenize,
    { type: 'bank', data },
    { type: 'MissingField', field: 'accountNumber', within: ['data'] },
  ],
  [
    'a field that is missing below',
    tokenize,
    { type: 'card', data: withoutNumber },
    { type: 'MissingField', field: 'cardNumber', within: ['data'] },
  ],
  [
    'a field of another type',
    tokenize,
    { type: 'card', data: { ...data, cvv: 123 } },
    { type: 'InvalidField', field: 'cvv', within: ['data'] },
  ],
  [
    'a field that is null',
    tokenize,
    { type: 'card', data: { ...data, cvv: null } },
    { type: 'InvalidField', field: 'cvv', within: ['data'] },
  ],
  [
    'a field that is too long',
    tokenize,
    { type: 'card', data: { ...data, cardNumber: '4'.repeat(65) } },
    { type: 'InvalidField', field: 'cardNumber', within: ['data'] },
  ],
  [
    'a text with a control character',
    tokenize,
    { type: 'card', data: { ...data, firstName: 'a\u0000' } },
    { type: 'InvalidField', field: 'firstName', within: ['data'] },
  ],
  ['a value that is not offered', tokenize, { type: 'iban', data }, { type: 'InvalidField', field: 'type' }],
  [
    'a list instead of an object',
    tokenize,
    { type: 'card', data: [] },
    { type: 'InvalidField', field: 'data' },
  ],
  ['an unknown field', tokenize, { type: 'card', data, cvv: '123' }, { type: 'InvalidField', field: 'cvv' }],
  [
    'an unknown field below',
    tokenize,
    { type: 'card', data: { ...data, cvv2: '123' } },
    { type: 'InvalidField', field: 'cvv2', within: ['data'] },
  ],
  [
    'a value in a map',
    proxy,
    { ...forward, http_headers: { 'x-one': 1 } },
    { type: 'InvalidField', field: 'x-one', within: ['http_headers'] },
  ],
  [
    'too many in a map',
    proxy,
    { ...forward, http_headers: Object.fromEntries(Array.from({ length: 65 }, (__, i) => [`h${i}`, ''])) },
    { type: 'InvalidField', field: 'http_headers' },
  ],
  ['a body of another kind', tokenize, [], { type: 'BodyNotReadable' }],
  ['a body that is a text', proxy, 'x', { type: 'BodyNotReadable' }],
  ['a body that fits no variant', deleteSession, 5, { type: 'BodyNotReadable' }],
])('%s is named', async (__, schema, body, refusal) => {
  expect(await refusalOf(schema, body)).toEqual(refusal)
})

test.each([
  ['a card number', testCards.visa, '?card?number?'],
  ['a card number with spaces', '4111 1111 1111 1111', '?card?number?'],
  ['a card number with dashes', '4111-1111-1111-1111', '?card?number?'],
  ['a card number in a longer name', `n${testCards.amex}x`, 'n?card?number?x'],
  ['markup', '<b>"x"</b>', '?b??x???b?'],
  ['line breaks and what is not ASCII', 'a\r\n\u2028é', 'a????'],
  ['a long one', 'n'.repeat(1_000), 'n'.repeat(64)],
])('an unknown field whose name is %s comes back short and harmless', async (__, name, shown) => {
  const refusal = await refusalOf(tokenize, { type: 'card', data: { ...data, [name]: 1 } })
  expect(refusal).toEqual({ type: 'InvalidField', field: shown, within: ['data'] })
})

test('names on the way to a field that a caller chose come back harmless too', async () => {
  const schema = Type.Record(Type.String({ pattern: '^[^]*$' }), Type.Object({ a: Type.Integer() }))
  expect(await refusalOf(schema, { [testCards.visa]: { a: 'x' } })).toEqual({
    type: 'InvalidField',
    field: 'a',
    within: ['?card?number?'],
  })
  expect(await refusalOf(schema, { 'a/b': {} })).toEqual({
    type: 'MissingField',
    field: 'a',
    within: ['a?1b'],
  })
})

test('a text that may be null is held against its limits all the same', async () => {
  const schema = Type.Object({ name: Type.Unsafe({ type: ['string', 'null'], minLength: 1 }) })
  expect(await refusalOf(schema, { name: null })).toBeUndefined()
  expect(await refusalOf(schema, { name: '' })).toEqual({ type: 'InvalidField', field: 'name' })
})

test('what is wrong with something other than a body is named by what it is', () => {
  expect(refusalOfValidation([], 'querystring')).toEqual({ type: 'InvalidField', field: 'querystring' })
  expect(refusalOfValidation([], 'params')).toEqual({ type: 'InvalidField', field: 'params' })
  expect(refusalOfValidation([], undefined)).toEqual({ type: 'InvalidField', field: 'request' })
})
