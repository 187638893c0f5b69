import { mayComeBack, withContentType } from '@cardkeep/core/destinations/headers'
import { UnavailableError } from '@cardkeep/core/errors'
import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import type { AdmittedForward, Parcel, SendOutcome } from '@cardkeep/core/ports'
import { ConnectFailure } from './connect-failure.ts'
import { decodeAnswer } from './decode-answer.ts'
import { dispatchOnce, type Incoming, type Outgoing } from './dispatch.ts'
import { createEchoGuard } from './echo-guard.ts'
import { failed, timedOut } from './failures.ts'
import { forwardableHeaders } from './headers.ts'
import type { AddedHeader, Pools } from './pools.ts'

export interface SendTimeouts {
  readonly headersMs: number
  readonly bodyMs: number
  readonly totalMs: number
}

export interface SendLimits {
  readonly requestBytes: number
  /** Of the body as it comes, and again of what it decodes to. */
  readonly answerBytes: number
}

export interface SendPorts {
  readonly pools: Pools
  readonly timeouts: SendTimeouts
  readonly limits: SendLimits
}

/** Sends a request at most once, and answers with the provider's answer in which what was sent is covered. */
export const sendForward = async (
  ports: SendPorts,
  forward: AdmittedForward,
  parcel: Parcel,
): Promise<SendOutcome> => {
  const { limits } = ports
  const body = parcel.body && Buffer.from(openSecret(parcel.body, 'render'))
  if (body && body.length > limits.requestBytes) return refused({ type: 'RequestTooLarge' })
  const headers = body ? withContentType(forward.headers, parcel.contentType) : forward.headers
  const { href, origin } = forward.url
  const came = await exchange(ports, forward, {
    path: href.slice(origin.length),
    method: forward.method,
    headers,
    body,
  })
  return came.type === 'refused' ? came : readAnswer(came, parcel, limits)
}

type Refused = Extract<SendOutcome, { type: 'refused' }>

interface Came {
  readonly type: 'came'
  readonly incoming: Incoming
  /** What the vault added to the request that was answered and must not come back. */
  readonly added: readonly Secret<string>[]
}

const refused = (refusal: Refused['refusal']): Refused => ({ type: 'refused', refusal })

/** How often a request that was not begun may look for another connection. */
const maxConnections = 3

/**
 * A kept connection may go away before the request is written to it, and a pool may be replaced while the request waits
 * in it. Nothing was sent then, so another connection is tried.
 */
const exchange = async (
  { pools, timeouts, limits }: SendPorts,
  { destination }: AdmittedForward,
  outgoing: Outgoing,
): Promise<Refused | Came> => {
  const { headersMs, bodyMs, totalMs } = timeouts
  const deadline = performance.now() + totalMs
  try {
    for (let attempt = 0; attempt < maxConnections; attempt++) {
      const { dispatcher, headers: added } = await pools.get(destination)
      const request = { ...outgoing, headers: addHeaders(outgoing.headers, added) }
      const result = await dispatchOnce(dispatcher, request, {
        headersMs,
        bodyMs,
        deadline,
        answerBytes: limits.answerBytes,
      })
      if (result.ok) {
        const secrets = added.filter(({ name }) => !mayComeBack(name))
        return { type: 'came', incoming: result.value, added: secrets.map(({ value }) => value) }
      }
      if (result.error.type !== 'NotStarted') return refused(result.error)
    }
    return refused(failed('no', 'connection lost'))
  } catch (error) {
    if (error instanceof UnavailableError) return refused({ type: 'Unavailable' })
    if (error instanceof ConnectFailure)
      return refused(error.reason === 'timed out' ? timedOut('no') : failed('no', error.reason))
    throw error
  }
}

/** Behind the caller's, none of which has the name of one of these. */
const addHeaders = (
  headers: Outgoing['headers'],
  added: readonly AddedHeader[],
): Readonly<Record<string, string>> => ({
  ...headers,
  ...Object.fromEntries(added.map(({ name, value }) => [name, openSecret(value, 'authenticate')])),
})

const readAnswer = async (
  { incoming, added }: Came,
  parcel: Parcel,
  limits: SendLimits,
): Promise<SendOutcome> => {
  const decoded = await decodeAnswer(incoming, limits.answerBytes)
  if (!decoded.ok) return refused(failed('yes', decoded.error))
  const guard = createEchoGuard(parcel, added)
  if (!guard.isReadable(decoded.value)) return refused(failed('yes', 'answer not readable'))
  return {
    type: 'answered',
    answer: {
      status: incoming.status,
      headers: guard.headers(forwardableHeaders(incoming.headers)),
      body: guard.body(decoded.value),
    },
  }
}
