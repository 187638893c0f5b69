import { Writable } from 'node:stream'
import { testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import type { LogLevel } from '../config.ts'
import { createLog, describeBug, type LogEvents } from './log.ts'

/** A log into a stream that keeps what is written. */
const open = (level: LogLevel = 'debug') => {
  const written: string[] = []
  const out = new Writable({
    write: (chunk: Buffer, _encoding, next) => {
      written.push(chunk.toString('utf8'))
      next()
    },
  })
  const log = createLog(level, out)
  const lines = (): readonly Record<string, unknown>[] =>
    written
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { log, lines, text: () => written.join('') }
}

const request: LogEvents['request.completed'] = {
  requestId: '0f8fad5b-d9cb-469f-a165-70867728950e',
  method: 'POST',
  route: '/tokenize',
  status: 201,
  ms: 1.5,
  tenantId: '0f8fad5b-d9cb-469f-a165-70867728950f',
  refusal: undefined,
}

/** Fields that the types forbid, as a mistake would hand them over. */
const slipped = (fields: Record<string, unknown>): LogEvents['request.completed'] => ({
  ...request,
  ...fields,
})

test('an event is one line of JSON with its level, its time and its fields', () => {
  const { log, lines, text } = open()
  log.info('request.completed', request)
  log.warn('vault.sealed', {})
  log.error('audit.failed', {})
  const [first, second, third] = lines()
  expect(first).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    event: 'request.completed',
    requestId: request.requestId,
    method: 'POST',
    route: '/tokenize',
    status: 201,
    ms: 1.5,
    tenantId: request.tenantId,
  })
  expect([second?.['level'], second?.['event']]).toEqual(['warn', 'vault.sealed'])
  expect([third?.['level'], third?.['event']]).toEqual(['error', 'audit.failed'])
  expect(text().endsWith('\n')).toBe(true)
})

test.each([
  ['silent', []],
  ['error', ['error']],
  ['warn', ['warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['debug', ['info', 'warn', 'error']],
] as const)('at the level %s these are written: %j', (level, written) => {
  const { log, lines } = open(level)
  log.info('vault.stopped', {})
  log.warn('vault.sealed', {})
  log.error('audit.failed', {})
  expect(lines().map((line) => line['level'])).toEqual(written)
})

describe('card data does not reach the stream', () => {
  test.each(['cardNumber', 'pan', 'cvv', 'cvc', 'code', 'secret', 'apiKey', 'authorization', 'body'])(
    'in a field called %s, at the top or one level down',
    (name) => {
      const { log, lines, text } = open()
      log.info('request.completed', slipped({ [name]: '947', inner: { [name]: 'hunter2' } }))
      expect(text()).not.toContain('947')
      expect(text()).not.toContain('hunter2')
      expect(lines()[0]).toMatchObject({ [name]: '[redacted]', inner: { [name]: '[redacted]' } })
    },
  )

  test.each([
    ['in a field that is called otherwise', slipped({ route: `/x/${testCards.visa}` })],
    ['in the middle of a text', slipped({ refusal: `no: 4111 1111 1111 1111, or 3782-822463-10005.` })],
    ['deep inside', slipped({ a: { b: [{ c: { note: testCards.visa } }] } })],
    ['as the name of a field', slipped({ [testCards.visa]: 1 })],
    ['as a number', slipped({ n: Number(testCards.visa) })],
  ])('%s', (_, fields) => {
    const { log, lines, text } = open()
    log.info('request.completed', fields)
    const digits = text().replaceAll(/[ -]/g, '')
    expect(digits).not.toContain(testCards.visa)
    expect(digits).not.toContain(testCards.amex)
    expect(text()).toContain('[card number]')
    expect(lines.length).toBe(0)
  })

  test('and what stands beside it does', () => {
    const { log, lines } = open()
    log.info('request.completed', slipped({ note: `before ${testCards.mastercard} after` }))
    expect(lines()[0]).toMatchObject({ route: request.route, note: 'before [card number] after' })
  })
})

describe('a bug is described', () => {
  test('by the name of its error and where it happened, without its message', () => {
    const { error, stack } = describeBug(new TypeError(`cannot read ${testCards.visa} of undefined`))
    expect(error).toBe('TypeError')
    expect(stack).toMatch(/^at .*log\.test\.ts/)
    expect(stack).not.toContain('cannot read')
    expect(stack).not.toContain(testCards.visa)
    expect(stack.split(' | ').length).toBeLessThanOrEqual(8)
  })

  test('without its message, even one that looks like a place', () => {
    const { stack } = describeBug(new Error('one line\n    at Jane (Doe:12:30)\n    at her card\nat last'))
    expect(stack).not.toContain('Jane')
    expect(stack).not.toMatch(/card|last/)
    expect(stack).toContain('log.test.ts')
  })

  test('without the message that it had first, if it was given another', () => {
    const error = new Error('one line\n    at the customer named Jane Doe')
    // The engine writes the stack when it is first read.
    expect(error.stack).toContain('Jane')
    error.message = 'another that is longer than all of the stack'.repeat(100)
    expect(describeBug(error).stack).toContain('log.test.ts')
    expect(describeBug(error).stack).not.toContain('Jane')
  })

  test('by its kind where it is no error', () => {
    expect(describeBug('a message with a card')).toEqual({ error: 'string', stack: '' })
    expect(describeBug(undefined)).toEqual({ error: 'undefined', stack: '' })
  })

  test('even if it has no stack', () => {
    const bare = new Error('hidden')
    delete bare.stack
    expect(describeBug(bare)).toEqual({ error: 'Error', stack: '' })
  })
})
