import type { ForwardMethod } from '@cardkeep/core/destinations/destination'
import type { Refusal, Sent } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { Dispatcher } from 'undici'
import { ConnectFailure } from './connect-failure.ts'
import { failed, timedOut } from './failures.ts'

export interface Outgoing {
  readonly path: string
  readonly method: ForwardMethod
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

export interface Incoming {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

export interface DispatchLimits {
  /** From handing the request over to the answer's head. */
  readonly headersMs: number
  /** Between two pieces of the answer's body. */
  readonly bodyMs: number
  /** When all must be over, by `performance.now()`. */
  readonly deadline: number
  readonly answerBytes: number
}

/** The connection went away before anything of the request was written to it. */
export interface NotStarted {
  readonly type: 'NotStarted'
}

/**
 * Writes a request to one connection and reads the answer. Never throws for what the other side does.
 *
 *   waiting   nothing of the request was handed over: it has no connection yet                 sent: no
 *   started   undici says that it writes the request now; how far it came is not known          sent: unknown
 *   answered  the head of the answer came                                                      sent: yes
 *
 * undici calls `onRequestStart` in the same turn as, and before, its first write of the request, and never writes
 * without calling it: what ends before that call has left nothing on the wire.
 */
export const dispatchOnce = (
  dispatcher: Dispatcher,
  outgoing: Outgoing,
  limits: DispatchLimits,
): Promise<Result<Incoming, Refusal | NotStarted>> => {
  const { promise, resolve } = Promise.withResolvers<Result<Incoming, Refusal | NotStarted>>()
  const { path, method, headers, body } = outgoing
  dispatcher.dispatch(
    { path, method, headers: Object.entries(headers).flat(), body: body ?? null },
    createHandler(limits, resolve),
  )
  return promise
}

export const createHandler = (
  limits: DispatchLimits,
  resolve: (outcome: Result<Incoming, Refusal | NotStarted>) => void,
): Dispatcher.DispatchHandler => {
  const chunks: Buffer[] = []
  let sent: Sent = 'no'
  let isSettled = false
  let status = 0
  let answerHeaders: Incoming['headers'] = {}
  let received = 0
  let controller: Dispatcher.DispatchController | undefined
  let stage: NodeJS.Timeout | undefined

  const settle = (outcome: Result<Incoming, Refusal | NotStarted>): void => {
    if (isSettled) return
    isSettled = true
    clearTimeout(total)
    clearTimeout(stage)
    resolve(outcome)
  }
  const giveUp = (refusal: Refusal): void => {
    settle(refuse(refusal))
    controller?.abort(new Error('given up'))
  }
  const expire = (): void => giveUp(timedOut(sent))
  const total = setTimeout(expire, Math.max(0, limits.deadline - performance.now()))

  return {
    onRequestStart: (started) => {
      // One that was given up while it waited, or that was written before, is not written now.
      if (isSettled || sent !== 'no') return started.abort(new Error('not to be sent'))
      sent = 'unknown'
      controller = started
      stage = setTimeout(expire, limits.headersMs)
    },
    onResponseStart: (_controller, statusCode, headers) => {
      // An interim answer says nothing yet about what became of the request.
      if (statusCode < 200) return
      sent = 'yes'
      status = statusCode
      answerHeaders = headers
      clearTimeout(stage)
      stage = setTimeout(expire, limits.bodyMs)
      if (Number(headers['content-length'] ?? 0) > limits.answerBytes)
        giveUp(failed(sent, 'answer too large'))
    },
    onResponseData: (_controller, chunk) => {
      received += chunk.length
      if (received > limits.answerBytes) return giveUp(failed(sent, 'answer too large'))
      chunks.push(chunk)
      stage?.refresh()
    },
    onResponseEnd: () =>
      settle(ok({ status, headers: answerHeaders, body: Buffer.concat(chunks, received) })),
    onResponseError: (_controller, error) => settle(refuse(describe(error, sent))),
  }
}

const describe = (error: Error & { readonly code?: unknown }, sent: Sent): Refusal | NotStarted => {
  if (error instanceof ConnectFailure)
    return error.reason === 'timed out' ? timedOut(sent) : failed(sent, error.reason)
  if (sent === 'no') return { type: 'NotStarted' }
  const code = String(error.code)
  // With TLS 1.3 the other side judges a client certificate after the first request may have been written.
  if (code.startsWith('ERR_SSL_')) return failed(sent, 'tls')
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return failed(sent, 'answer too large')
  if (error.name === 'HTTPParserError') return failed(sent, 'answer not readable')
  return failed(sent, 'connection lost')
}
