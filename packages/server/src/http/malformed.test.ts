import type { Refusal } from '@cardkeep/core/errors'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import type { Dialect } from './dialect.ts'
import { sentHeader } from './forwarding.ts'
import { createMalformed } from './malformed.ts'

const dialectOf = (name: Dialect['name'], forwards: boolean): Dialect => ({
  name,
  routes: [
    {
      method: 'POST',
      path: `/${name}`,
      summary: '',
      auth: { permission: 'forward', publicKey: false },
      replies: {},
      ...(forwards && { refusalHeaders: sentHeader }),
      handle: async () => {
        throw new Error('what is no HTTP reaches no route')
      },
    },
  ],
  security: { credential: { type: 'apiKey', in: 'header', name: 'X-Key' } },
  readCredential: () => undefined,
  encodeRefusal: ({ type }: Refusal) => ({ status: 400, body: { no: type } }),
  refusalSchema: Type.Object({}),
  encodeBug: () => ({ status: 500, body: {} }),
})

/** What is written to a connection on which nothing else is answered. */
const answerOf = (dialects: readonly Dialect[]): string => {
  let written = ''
  const socket = { writable: true, end: (text: string) => (written = text) }
  const { clientErrorHandler } = createMalformed(dialects, { 'cache-control': 'no-store' })
  clientErrorHandler(
    Object.assign(new Error('malformed'), { code: 'HPE_INVALID' }),
    socket as unknown as Parameters<typeof clientErrorHandler>[1],
  )
  return written
}

test('what is no HTTP is answered in the words of the only API, and in none where there are several', () => {
  expect(answerOf([dialectOf('ozura', true)])).toContain('{"no":"InvalidField"}')
  expect(answerOf([dialectOf('ozura', true), dialectOf('hellgate', true)])).toContain(
    '{"error":"InvalidField"}',
  )
})

test('where any API forwards, whoever sent it is told that nothing was sent', () => {
  for (const dialects of [
    [dialectOf('ozura', true)],
    [dialectOf('ozura', true), dialectOf('hellgate', false)],
    [dialectOf('ozura', false), dialectOf('hellgate', true)],
  ])
    expect(answerOf(dialects)).toContain('\r\ncardkeep-sent: no\r\n')
  expect(answerOf([dialectOf('ozura', false)])).not.toContain('cardkeep-sent')
})
