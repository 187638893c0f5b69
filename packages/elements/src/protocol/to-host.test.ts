import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readToHost, type ToHost } from './to-host.ts'

const messages: readonly ToHost[] = [
  { type: 'hello' },
  { type: 'ready' },
  { type: 'submit' },
  { type: 'focus', field: 'number' },
  { type: 'blur', field: 'code' },
  { type: 'change', state: { empty: true, complete: false, valid: true, errors: {} } },
  {
    type: 'change',
    state: { empty: false, complete: false, valid: false, brand: 'visa', errors: { number: 'invalid' } },
  },
  { type: 'resize', height: 172 },
  { type: 'failed', reason: 'session', message: 'It is over.' },
  { type: 'answer', call: 1, result: { status: 'success', tokenId: '00000000-0000-4000-8000-000000000001' } },
  { type: 'answer', call: 2, result: { status: 'failure', reason: 'refused', message: 'No.' } },
]

test.each(messages)('$type is read as it was written', (message) => {
  expect(readToHost(structuredClone(message))).toEqual(message)
})

test.each([
  { type: 'change', state: { empty: 1, complete: false, valid: true, errors: {} } },
  { type: 'change', state: { empty: true, complete: false, valid: true, errors: { number: 'rude' } } },
  { type: 'change', state: { empty: true, complete: false, valid: true, brand: '4242', errors: {} } },
  { type: 'change', state: { empty: true, complete: false, valid: true } },
  { type: 'focus', field: 'pin' },
  { type: 'resize', height: 4_001 },
  { type: 'resize', height: -1 },
  { type: 'resize', height: '10px;position:fixed' },
  { type: 'failed', reason: 'mood', message: '' },
  { type: 'answer', call: 1, result: { status: 'success', tokenId: '../x' } },
  { type: 'answer', call: 1, result: { status: 'success' } },
  { type: 'answer', call: 1, result: { status: 'failure', reason: 'refused', message: 'x'.repeat(401) } },
])('%o is not read', (message) => {
  expect(readToHost(message)).toBeUndefined()
})

test('no message has a place for what was typed', () => {
  const state = { empty: false, complete: true, valid: true, errors: {} }
  expect(readToHost({ type: 'change', state: { ...state, value: '4242' } })).toBeUndefined()
  expect(readToHost({ type: 'change', state, value: '4242' })).toBeUndefined()
  expect(
    readToHost({ type: 'answer', call: 1, result: { status: 'success', tokenId: 'a', code: '1' } }),
  ).toBeUndefined()
})

test('whatever a frame sends, the reader does not throw', () => {
  const type = fc.constantFrom(...messages.map((message) => message.type))
  const fields = fc.record({
    type,
    state: fc.anything(),
    field: fc.anything(),
    height: fc.anything(),
    call: fc.anything(),
    result: fc.anything(),
  })
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fields, fc.record({ type, state: fc.anything() })), (value) => {
      const read = readToHost(value)
      expect(read === undefined || messages.some((message) => message.type === read.type)).toBe(true)
    }),
    { seed: 1 },
  )
})
