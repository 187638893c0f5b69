import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { parse } from './support/client.ts'
import { abandon, type RawReply, sendRaw } from './support/raw-http.ts'
import { countWritten, readLog } from './support/rows.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargeBody, tokenizeBody } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Requests that no client would send. Each is answered in this API's own form, and the next caller notices nothing.
 */

// Of several APIs none would answer for what is nobody's.
const scenario = await startScenario({ CARDKEEP_DIALECTS: 'ozura' })
const { demo, demoKeys, folder, vault } = scenario
const held: (() => void)[] = []
const provider = await startProvider({
  answers: {
    '/held': (_request, response) => held.push(() => response.end('{"status":"approved"}')),
  },
})
cleanUp(() => provider.close())
let token: string
let before: ReturnType<typeof countWritten>
beforeAll(async () => {
  await allowProvider(scenario, demo, provider)
  token = (await demo.tokenize({ number: testCards.visa })).token
  before = countWritten(scenario)
})
const pan = testCards.visa
const kib = 1024

const send = async (...pieces: readonly (string | Buffer)[]): Promise<RawReply> => {
  const reply = await sendRaw(vault.url, pieces)
  appendFileSync(join(folder, 'replies.txt'), `${reply.all}\n`)
  return reply
}

const key = `X-API-Key: ${demoKeys.api_key}`
const head = (line: string, ...headers: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'Host: vault', key, 'Connection: close', ...headers, '', ''].join('\r\n')
const json = 'Content-Type: application/json'
const sized = (bytes: number): string => `Content-Length: ${bytes}`

const expectOwnError = (reply: RawReply, status: number, message: string): void => {
  expect(reply.status).toBe(status)
  expect(parse(reply.body)).toEqual({ success: false, message, data: null })
  expect(reply.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'cardkeep-refusal': expect.any(String),
  })
  expect(reply.all).not.toContain(pan)
}

afterEach(async () => {
  expect(await demo.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
  expect(readLog({ folder }, 'request.bug')).toEqual([])
})

describe('a path that is none of ours is a 404 that does not repeat it', () => {
  test.each([
    ['unknown', `/cards/${pan}`],
    ['one that cannot be decoded', `/tokenize/%zz/${pan}`],
    ['half a character', `/tokenize/%e0%a4/${pan}`],
    ['dots', `/proxy/../tokenize?n=${pan}`],
    ['encoded dots', `/proxy/%2e%2e/tokenize`],
    ['an encoded slash', '/proxy%2ftransaction'],
    ['two slashes', '//tokenize'],
    ['a backslash', String.raw`/proxy\transaction`],
    ['capitals', '/TOKENIZE'],
    ['a parameter in the old form', '/tokenize;v=1'],
    ['NUL', '/tokenize%00'],
    ['a longer one', '/tokenize/anything'],
    ['the longest', `/${'a'.repeat(8 * kib)}`],
  ])('%s', async (_, path) => {
    expectOwnError(await send(head(`POST ${path}`, json, sized(2)), '{}'), 404, 'Not found')
  })
})

test('a session id of any length and form is one that is not held', async () => {
  for (const id of ['x', pan, pan.repeat(100), 'a'.repeat(8 * kib), '%00', '__proto__', '..%2f..']) {
    const reply = await send(head(`DELETE /proxy/delete-cvc-session/${id}`))
    expectOwnError(reply, 404, 'CVC session expired or not found')
  }
})

describe('a method that a path does not take is a 404', () => {
  const paths = ['/tokenize', '/test-tokens', '/proxy/transaction', '/api/applications/key']
  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY'])('%s', async (method) => {
    for (const path of paths) {
      const reply = await send(head(`${method} ${path}`))
      expectOwnError(reply, 404, 'Not found')
      expect(reply.headers['cardkeep-sent']).toBe(path === '/proxy/transaction' ? 'no' : undefined)
    }
  })
})

describe('what is no HTTP is a 400', () => {
  test.each<readonly [string, readonly (string | Buffer)[]]>([
    [
      'the beginning of TLS',
      [Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]), '\r\n\r\n'],
    ],
    ['the beginning of HTTP/2', ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
    ['a method that there is not', [head('FETCH /tokenize')]],
    ['a line break in a header', [head('POST /tokenize', 'X-A: a\nX-B: b\0')]],
    [
      'a length and chunks',
      [head('POST /tokenize', json, sized(5), 'Transfer-Encoding: chunked'), '0\r\n\r\n'],
    ],
    ['two lengths', [head('POST /tokenize', json, sized(2), sized(3)), '{}']],
    ['a length below nothing', [head('POST /tokenize', json, 'Content-Length: -2'), '{}']],
    [
      'a chunk without a length',
      [head('POST /proxy/transaction', json, 'Transfer-Encoding: chunked'), 'zz\r\n{}'],
    ],
    ['a space before a colon', [head('POST /tokenize', 'Content-Type : application/json')]],
    ['words', [`my card is ${pan}\r\n\r\n`]],
  ])('%s', async (_, pieces) => {
    const reply = await send(...pieces)
    expectOwnError(reply, 400, 'Invalid value for request')
    expect(reply.headers['cardkeep-sent']).toBe('no')
  })
})

describe('headers beyond 16 KiB are a 431', () => {
  test.each([
    ['one long value', `X-A: ${pan.repeat(1_200)}`],
    ['one long name', `${'x'.repeat(17 * kib)}: a`],
    ['many', Array.from({ length: 1_500 }, (_, at) => `X-${at}: ${at}`).join('\r\n')],
  ])('%s', async (_, headers) => {
    const reply = await send(head('POST /proxy/transaction', headers))
    expectOwnError(reply, 431, 'Invalid value for headers')
    expect(reply.headers['cardkeep-sent']).toBe('no')
  })
})

describe('a body just over the limit is a 413, whether its length was told or not', () => {
  const limits = [
    ['/tokenize', 64 * kib],
    ['/test-tokens', 64 * kib],
    ['/proxy/transaction', (1024 + 64) * kib],
  ] as const

  test.each(limits)('%s', async (path, limit) => {
    const text = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`
    const fits = await demo.call('POST', path, { body: text(limit) })
    expect(fits.status).toBe(400)
    for (const body of [
      text(limit + 1),
      Readable.from([text(limit + 1)]),
      text(4 * limit),
      Readable.from([text(4 * limit)]),
    ]) {
      const reply = await demo.call('POST', path, { body })
      expect(reply.status).toBe(413)
      expect(reply.body).toEqual({ success: false, message: 'Invalid value for body', data: null })
      expect(reply.sent).toBe(path === '/proxy/transaction' ? 'no' : undefined)
    }
  })
})

test('a body is read as it is, whatever its head says of its encoding', async () => {
  const body = JSON.stringify(tokenizeBody({ number: pan, code: '12' }))
  for (const header of ['Content-Encoding: gzip', 'Content-Type: application/json; charset=utf-16'])
    expectOwnError(
      await send(head('POST /tokenize', header, json, sized(body.length)), body),
      400,
      'Invalid value for cvv',
    )
})

test('absurd header values change nothing', async () => {
  for (const [name, value] of [
    ['x-api-key', `${demoKeys.api_key}, ${demoKeys.api_key}`],
    ['x-api-key', `${demoKeys.api_key}\t`],
    ['x-api-key', 'key_test_'],
    ['x-api-key', '__proto__'],
    ['x-api-key', 'ÿþ'],
    ['x-api-key', pan],
  ] as const) {
    const { api_key } = demoKeys
    const reply = await demo.call('GET', '/api/applications/key', { headers: { [name]: value } })
    expect(reply.status).toBe(value.trim() === api_key ? 200 : 401)
  }
  const odd = {
    'x-forwarded-for': pan,
    'x-http-method-override': 'DELETE',
    accept: pan,
    'x-request-id': pan,
    cookie: pan,
  }
  const reply = await demo.call('GET', '/api/applications/key', { headers: odd })
  expect(reply.status).toBe(200)
  expect(JSON.stringify(reply.headers)).not.toContain(pan)
})

test('what follows a charge on its connection neither replaces nor outruns its answer', async () => {
  const body = JSON.stringify(chargeBody({ token, url: `${provider.origin}/held` }))
  const charge = `${head('POST /proxy/transaction', json, sized(body.length)).replace('Connection: close\r\n', '')}${body}`
  const reply = send(charge, '\0 no HTTP \r\n\r\n')
  await vi.waitFor(() => expect(held).toHaveLength(1), 10_000)
  held.pop()?.()
  const { status, headers, all } = await reply
  expect(status).toBe(200)
  expect(headers['cardkeep-sent']).toBe('yes')
  expect(all.match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('of two requests in one packet both are answered, in order', async () => {
  const first = head('GET /api/applications/key').replace('Connection: close\r\n', '')
  const { all } = await send(first + head('POST /nowhere'))
  expect([...all.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '404'])
})

test('callers who go away in the middle leave nothing behind', async () => {
  const body = JSON.stringify(tokenizeBody({ number: pan, code: '123' }))
  const whole = head('POST /tokenize', json, sized(body.length)) + body
  for (const length of [10, whole.length - body.length - 2, whole.length - 20, whole.length - 1])
    await abandon(vault.url, whole.slice(0, length))
  const { entries, tokens, fingerprints } = countWritten(scenario)
  expect({ tokens, fingerprints }).toEqual({ tokens: before['tokens'], fingerprints: before['fingerprints'] })
  expect(entries).toBeGreaterThanOrEqual(Number(before['entries']))
})
