import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createVault } from './vault.ts'

const session = 'https://vault.example/sessions/1'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const json = (status: number, body: object) => new Response(JSON.stringify(body), { status })
const waiting = () => json(200, { next_action: 'wait', data: {} })
const success = () => json(200, { next_action: null, status: 'success', data: { token_id: 'token' } })

/** Answers one after the other, the last again and again; `undefined` is a connection that failed. */
const reply = (...replies: readonly ((() => Response) | undefined)[]) => {
  const asked: { readonly url: string; readonly parts: RequestInit }[] = []
  vi.stubGlobal('fetch', async (url: string, parts: RequestInit) => {
    const next = replies[Math.min(asked.length, replies.length - 1)]
    asked.push({ url, parts })
    if (!next) throw new TypeError('Failed to fetch')
    return next()
  })
  return asked
}

test.each([
  ['success', success, { type: 'success', tokenId: 'token' }],
  ['a session that is gone', () => json(404, {}), { type: 'gone' }],
  ['a card that is refused', () => json(422, {}), { type: 'refused' }],
  ['a payload that is too large', () => json(413, {}), { type: 'refused' }],
  ['too many guesses', () => json(429, {}), { type: 'unreachable' }],
  ['a vault that is sealed', () => json(503, {}), { type: 'unreachable' }],
  [
    'a step that is not known',
    () => json(200, { next_action: '3ds_check', data: {} }),
    { type: 'unreachable' },
  ],
  ['a page in the place of an answer', () => new Response('<html>'), { type: 'unreachable' }],
  ['a connection that failed', undefined, { type: 'unreachable' }],
])('%s is told apart', async (_, answer, told) => {
  reply(answer)
  expect(await createVault(session).answer('tokenize_card', 'a.b.c.d.e')).toEqual(told)
})

test('what is sent stays with the vault, is kept by no cache, and does not tell the page that it came from', async () => {
  const [first] = await (async () => {
    const asked = reply(success)
    await createVault(session).answer('refresh_security_code', 'a.b.c.d.e')
    return asked
  })()
  expect(first?.url).toBe(`${session}/complete-action`)
  expect(first?.parts).toMatchObject({
    method: 'POST',
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
    body: '{"action":"refresh_security_code","result":{"enc_payload":"a.b.c.d.e"}}',
  })
})

test('a vault that is at work is asked again until it is done', async () => {
  const asked = reply(waiting, waiting, success)
  const told = createVault(session).answer('tokenize_card', 'a.b.c.d.e')
  await vi.advanceTimersByTimeAsync(5_000)
  expect(await told).toEqual({ type: 'success', tokenId: 'token' })
  expect(asked.map(({ parts }) => parts.method ?? 'GET')).toEqual(['POST', 'GET', 'GET'])
})

test('a vault that is at work for ever is given up', async () => {
  const asked = reply(waiting)
  const told = createVault(session).state()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await told).toEqual({ type: 'unreachable' })
  expect(asked).toHaveLength(20)
})
