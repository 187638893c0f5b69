import type { Answer } from '@cardkeep/core/ports'
import { describe, expect, test } from 'vitest'
import { encodeRelay } from './encode-relay.ts'

const answer = (parts: Partial<Answer>): Answer => ({
  status: 200,
  headers: {},
  body: { type: 'json', text: '{"amount":10.00}' },
  ...parts,
})

test('what the destination answered is the answer, and says that it was sent', () => {
  const headers = {
    'Content-Type': 'application/json',
    'x-psp-id': '7',
    'retry-after': '3',
    link: ['a', 'b'],
  }
  expect(encodeRelay(answer({ status: 402, headers }))).toEqual({
    status: 402,
    headers: { 'x-psp-id': '7', 'retry-after': '3', link: 'a, b', 'cardkeep-sent': 'yes' },
    body: '{"amount":10.00}',
    contentType: 'application/json; charset=utf-8',
  })
})

describe('a body is told in UTF-8, of whatever type it is', () => {
  test.each([
    ['text/xml', 'text/xml; charset=utf-8'],
    ['text/html; charset=iso-8859-1', 'text/html; charset=utf-8'],
    ['application/soap+xml;Charset="latin1"; action="x"', 'application/soap+xml; action="x"; charset=utf-8'],
    ['text/\u{1f600}', 'text/plain; charset=utf-8'],
    ['', 'text/plain; charset=utf-8'],
  ])('%s', (said, told) => {
    expect(encodeRelay(answer({ headers: { 'content-type': said } })).contentType).toBe(told)
  })

  test('without a type it is what it was found to be', () => {
    expect(encodeRelay(answer({})).contentType).toBe('application/json; charset=utf-8')
    expect(encodeRelay(answer({ body: { type: 'text', text: 'x' } })).contentType).toBe(
      'text/plain; charset=utf-8',
    )
  })

  test('one that is empty is none', () => {
    expect(encodeRelay(answer({ status: 204, body: { type: 'text', text: '' } })).body).toBeUndefined()
  })
})

test.each([
  'set-cookie',
  'Set-Cookie',
  'cache-control',
  'content-security-policy',
  'strict-transport-security',
  'access-control-allow-origin',
  'service-worker-allowed',
  'speculation-rules',
  'permissions-policy',
  'cross-origin-resource-policy',
  'origin-agent-cluster',
  'timing-allow-origin',
  'server',
  'date',
  'x-request-id',
  'x-hellgate-version',
  'cardkeep-sent',
  'cardkeep-refusal',
])("the destination's own %s is not said of the vault", (name) => {
  expect(encodeRelay(answer({ headers: { [name]: 'no', 'x-id': '1' } })).headers).toEqual({
    'x-id': '1',
    'cardkeep-sent': 'yes',
  })
})

test('a header that could not be sent on is left out', () => {
  const headers = { 'x-line': 'a\nb', 'x-face': '\u{1f600}' }
  expect(encodeRelay(answer({ headers })).headers).toEqual({ 'cardkeep-sent': 'yes' })
})

test.each([
  [199, 502],
  [200, 200],
  [302, 302],
  [599, 599],
  [600, 502],
  [999, 502],
])('the status %i is told as %i', (status, told) => {
  expect(encodeRelay(answer({ status })).status).toBe(told)
})
