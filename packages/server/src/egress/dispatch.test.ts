import type { Dispatcher } from 'undici'
import { afterEach, expect, test, vi } from 'vitest'
import { ConnectFailure } from './connect-failure.ts'
import { createHandler } from './dispatch.ts'

afterEach(() => {
  vi.useRealTimers()
})

const limits = () => ({
  headersMs: 10_000,
  bodyMs: 10_000,
  deadline: performance.now() + 10_000,
  answerBytes: 100,
})

const makeController = () => {
  const abort = vi.fn<(reason: Error) => void>()
  const controller: Dispatcher.DispatchController = {
    aborted: false,
    paused: false,
    reason: null,
    abort,
    pause: () => undefined,
    resume: () => undefined,
  }
  return { controller, abort }
}

const lost = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })

test('a connection that goes away before the request is written leaves it unsent', () => {
  const settle = vi.fn<(outcome: unknown) => void>()
  const handler = createHandler(limits(), settle)
  handler.onResponseError?.(makeController().controller, lost)
  expect(settle).toHaveBeenCalledExactlyOnceWith({ ok: false, error: { type: 'NotStarted' } })
})

test('a connection that goes away once the request is being written leaves it unknown', () => {
  const settle = vi.fn<(outcome: unknown) => void>()
  const handler = createHandler(limits(), settle)
  const { controller } = makeController()
  handler.onRequestStart?.(controller, undefined)
  handler.onResponseError?.(controller, lost)
  expect(settle).toHaveBeenCalledExactlyOnceWith({
    ok: false,
    error: { type: 'ForwardFailed', sent: 'unknown', reason: 'connection lost' },
  })
})

test('a request that was written once is not written again', () => {
  const handler = createHandler(limits(), () => undefined)
  const first = makeController()
  const second = makeController()
  handler.onRequestStart?.(first.controller, undefined)
  handler.onRequestStart?.(second.controller, undefined)
  expect(first.abort).not.toHaveBeenCalled()
  expect(second.abort).toHaveBeenCalledOnce()
  handler.onResponseError?.(second.controller, lost)
})

test('a connection that cannot be made does not make a written request unsent', () => {
  const settle = vi.fn<(outcome: unknown) => void>()
  const handler = createHandler(limits(), settle)
  const { controller } = makeController()
  handler.onRequestStart?.(controller, undefined)
  handler.onResponseError?.(controller, new ConnectFailure('connection refused'))
  expect(settle).toHaveBeenCalledExactlyOnceWith({
    ok: false,
    error: { type: 'ForwardFailed', sent: 'unknown', reason: 'connection refused' },
  })
})

test('an answer that comes slowly but steadily is waited for, until the whole time is over', () => {
  vi.useFakeTimers()
  const settle = vi.fn<(outcome: unknown) => void>()
  const handler = createHandler({ ...limits(), bodyMs: 1_000 }, settle)
  const { controller, abort } = makeController()
  handler.onRequestStart?.(controller, undefined)
  handler.onResponseStart?.(controller, 200, {})
  for (let second = 0; second < 10; second++) {
    expect(settle).not.toHaveBeenCalled()
    handler.onResponseData?.(controller, Buffer.from('x'))
    vi.advanceTimersByTime(999)
  }
  vi.advanceTimersByTime(10)
  expect(settle).toHaveBeenCalledExactlyOnceWith({
    ok: false,
    error: { type: 'ForwardTimedOut', sent: 'yes' },
  })
  expect(abort).toHaveBeenCalledOnce()
})

test('nothing is waited for longer than its time', () => {
  vi.useFakeTimers()
  const settle = vi.fn<(outcome: unknown) => void>()
  const handler = createHandler({ ...limits(), headersMs: 1_000, bodyMs: 500 }, settle)
  const { controller } = makeController()
  handler.onRequestStart?.(controller, undefined)
  vi.advanceTimersByTime(999)
  // An interim answer does not begin the time anew.
  handler.onResponseStart?.(controller, 103, {})
  expect(settle).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(settle).toHaveBeenCalledExactlyOnceWith({
    ok: false,
    error: { type: 'ForwardTimedOut', sent: 'unknown' },
  })
})

test.each([
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls'],
  ['UND_ERR_HEADERS_OVERFLOW', 'answer too large'],
  ['ECONNRESET', 'connection lost'],
])('%s after the request was written means "%s", and that it may have been read', (code, reason) => {
  const settle = vi.fn<(outcome: unknown) => void>()
  const handler = createHandler(limits(), settle)
  const { controller } = makeController()
  handler.onRequestStart?.(controller, undefined)
  handler.onResponseError?.(controller, Object.assign(new Error(code), { code }))
  expect(settle).toHaveBeenCalledExactlyOnceWith({
    ok: false,
    error: { type: 'ForwardFailed', sent: 'unknown', reason },
  })
})
