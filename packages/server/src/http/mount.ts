import { isIP } from 'node:net'
import type { Refusal } from '@cardkeep/core/errors'
import type { Caller, Visitor } from '@cardkeep/core/operations/caller'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { TSchema } from 'typebox'
import type { Services } from '../services.ts'
import type { Access } from './access.ts'
import { sendRefusal, sendReply } from './boundary.ts'
import type { Dialect } from './dialect.ts'
import { handleOnce, needsStorableReply } from './idempotency.ts'
import type { InFlight } from './in-flight.ts'
import type { ReadinessState } from './readiness.ts'
import type { CredentialAuth, Reply, Route, RouteInput } from './route.ts'

export interface MountParts {
  readonly services: Services
  readonly access: Access
  readonly readiness: Pick<ReadinessState, 'isSealed'>
  readonly inFlight: InFlight
  /** How the vault is reached from outside; `undefined`: as each request says. */
  readonly publicUrl: string | undefined
}

/** Puts one route behind the door. Who calls is settled before a byte of the body is read. */
export const mountRoute = (app: FastifyInstance, parts: MountParts, dialect: Dialect, route: Route): void => {
  const { services, readiness, inFlight, publicUrl } = parts
  needsStorableReply(route)
  if (route.crossOrigin) mountPreflight(app, route)
  const admit = route.auth === 'visitor' ? admitVisitor : admitCaller(parts, dialect, route.auth)
  const always = { ...dialect.headers, ...(route.crossOrigin && crossOriginHeaders) }
  const options: RouteShorthandOptions = {
    config: { route, dialect },
    ...(route.limits ? { bodyLimit: route.limits.bodyBytes } : {}),
    schema: {
      ...(route.body ? { body: bodySchema(route.body, route.accepts) } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.params ? { params: route.params } : {}),
      response: { ...route.replies, '4xx': dialect.refusalSchema, '5xx': dialect.refusalSchema },
    },
    onRequest: async (request, reply) => {
      reply.headers(always)
      if (readiness.isSealed()) return sendRefusal(request, reply, { type: 'Sealed' })
      const refusal = await admit.onHead(request)
      return refusal ? sendRefusal(request, reply, refusal) : undefined
    },
  }
  app.route({
    method: route.method,
    url: route.path,
    ...options,
    handler: async (request, reply) => {
      // The body may have taken its time: the vault may be sealed by now, and the credential revoked.
      if (readiness.isSealed()) return sendRefusal(request, reply, { type: 'Sealed' })
      const refusal = await admit.onBody(request)
      if (refusal) return sendRefusal(request, reply, refusal)
      const input = inputOf(request, publicUrl)
      const answering =
        route.auth === 'visitor'
          ? route.handle(services, visitorOf(request), input)
          : handleOnce({ dialect, route, spell: spellWith(reply) }, services, callerOf(request), input)
      const result = await inFlight.track(answering)
      return result.ok ? sendReply(reply, result.value) : sendRefusal(request, reply, result.error)
    },
  })
}

/** Lets a request in, or says why not: first by its head, and again once its body is here. */
interface Admission {
  onHead(request: FastifyRequest): Promise<Refusal | undefined>
  onBody(request: FastifyRequest): Promise<Refusal | undefined>
}

const admitVisitor: Admission = { onHead: async () => undefined, onBody: async () => undefined }

const admitCaller = (
  { access }: Pick<MountParts, 'access'>,
  dialect: Dialect,
  auth: CredentialAuth,
): Admission => ({
  onHead: async (request) => {
    const { requestId, origin } = visitorOf(request)
    const principal = await access.authenticate({
      dialect,
      auth,
      headers: request.headers,
      address: origin,
      requestId,
    })
    if (!principal.ok) return principal.error
    request.caller = { principal: principal.value, requestId, origin }
    return undefined
  },
  onBody: async (request) =>
    (await access.stillHolds(callerOf(request).principal)) ? undefined : { type: 'NotAuthenticated' },
})

export const visitorOf = (request: FastifyRequest): Visitor => ({
  requestId: request.id,
  origin: addressOf(request),
})

const callerOf = ({ caller }: FastifyRequest): Caller => {
  // Precondition: onRequest has proven the credential, or has replied.
  if (!caller) throw new Error('a route ran without a caller')
  return caller
}

/** Browsers may ask from pages of any origin: no cookie and no credential of theirs is ever read. */
const crossOriginHeaders = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'x-request-id, cardkeep-refusal, retry-after',
} as const

const preflightSeconds = 7_200

const mountPreflight = (app: FastifyInstance, { path, method }: Route): void => {
  app.options(path, (_request, reply) =>
    reply
      .headers({
        ...crossOriginHeaders,
        'access-control-allow-methods': method,
        'access-control-allow-headers': 'content-type, x-hellgate-version',
        'access-control-max-age': String(preflightSeconds),
      })
      .code(204)
      .send(),
  )
}

/** Only JSON can be held against a schema; the text of a form or of XML is `decode`'s to read. */
const bodySchema = (body: TSchema, accepts: Route['accepts']): object =>
  accepts ? { content: { 'application/json': { schema: body } } } : body

/** What a trusted proxy forwards is text that anyone may have written: only an address is taken for one. */
const addressOf = ({ ip, socket }: FastifyRequest): string =>
  isIP(ip) ? ip : (socket.remoteAddress ?? 'unknown')

const inputOf = (request: FastifyRequest, publicUrl: string | undefined): RouteInput => ({
  params: request.params as RouteInput['params'],
  query: request.query as RouteInput['query'],
  headers: request.headers,
  content: request.content,
  body: request.body,
  baseUrl: publicUrl ?? `${request.protocol}://${request.host}`,
})

/** What the route's schema does not list is not sent, and so not stored either. */
const spellWith =
  (reply: FastifyReply) =>
  ({ status, body }: Reply): string =>
    body === undefined
      ? ''
      : typeof body === 'string'
        ? body
        : String(reply.serializeInput({ ...body }, String(status)))
