import { type Refusal, UnavailableError } from '@cardkeep/core/errors'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { describeBug, type Log } from '../log/log.ts'
import type { Dialect } from './dialect.ts'
import { listFaults } from './list-faults.ts'
import { findOwner, type Owner } from './owner.ts'
import type { Reply } from './route.ts'
import { refusalOfValidation } from './validation.ts'

/** The one place that catches: a refusal gets the dialect's own body, a bug a fixed text and a request id. */
export const catchErrors = (app: FastifyInstance, dialects: readonly Dialect[], log: Log): void => {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = request.refusal ?? refusalOf(error, request)
    // The framework would close the connection over a body that is still coming, and the reply would be lost with it.
    if (refusal?.type === 'BodyTooLarge') reply.removeHeader('connection')
    if (refusal) return sendRefusal(request, reply, refusal)
    log.error('request.bug', { requestId: request.id, ...describeBug(error) })
    const { dialect, route } = request.routeOptions.config
    const headers = route?.refusalHeaders?.('bug') ?? {}
    return sendReply(reply, { ...(dialect?.encodeBug() ?? neutralBug), headers })
  })
  // Before its body is read: what it says is of no interest where nothing takes it.
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done()
    sendRefusal(request, reply, { type: 'RouteNotFound' }, findOwner(dialects, request.originalUrl))
  })
}

export const sendRefusal = (
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  owner: Owner = request.routeOptions.config,
): FastifyReply => {
  request.refusal = refusal
  return sendReply(reply, encodeRefusal(owner, refusal))
}

export const encodeRefusal = ({ dialect, route }: Owner, refusal: Refusal): Reply => {
  const encoded = dialect?.encodeRefusal(refusal, route) ?? neutral(refusal)
  return {
    ...encoded,
    headers: {
      ...dialect?.headers,
      ...encoded.headers,
      ...route?.refusalHeaders?.(refusal),
      // Tells apart what a dialect's messages do not; refusals that must look alike are one refusal.
      'cardkeep-refusal': refusal.type,
    },
  }
}

export const sendReply = (
  reply: FastifyReply,
  { status, headers, body, contentType = 'application/json; charset=utf-8' }: Reply,
): FastifyReply => {
  reply.code(status).headers(headers ?? {})
  return body === undefined ? reply.send() : reply.type(contentType).send(body)
}

const refusalOf = (error: FastifyError, request: FastifyRequest): Refusal | undefined => {
  if (error.validation) {
    const first = refusalOfValidation(error.validation, error.validationContext)
    const { route } = request.routeOptions.config
    return route?.listsFaults ? listFaults(route, request, first) : first
  }
  if (error instanceof UnavailableError) return { type: 'Unavailable' }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { type: 'BodyTooLarge' }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { type: 'ContentTypeNotSupported' }
    // The caller went away before its body was whole.
    case 'ECONNRESET':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return { type: 'BodyNotReadable' }
    default:
      return undefined
  }
}

const statuses: Partial<Record<Refusal['type'], number>> = {
  RouteNotFound: 404,
  SessionNotFound: 404,
  TooManyGuesses: 429,
  Sealed: 503,
  Unavailable: 503,
}

/** For what belongs to no dialect. */
const neutral = (refusal: Refusal): Reply => ({
  status: statuses[refusal.type] ?? 400,
  ...(refusal.type === 'Unavailable' && { headers: { 'retry-after': '2' } }),
  ...('retryAfterSeconds' in refusal && { headers: { 'retry-after': String(refusal.retryAfterSeconds) } }),
  body: { error: refusal.type },
})

const neutralBug: Reply = { status: 500, body: { error: 'InternalError' } }
