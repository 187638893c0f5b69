import { isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { TSchema } from 'typebox'
import type { Services } from '../services.ts'
import type { Access } from './access.ts'
import { sendRefusal, sendReply } from './boundary.ts'
import type { Dialect } from './dialect.ts'
import { handleOnce, needsStorableReply } from './idempotency.ts'
import type { InFlight } from './in-flight.ts'
import type { ReadinessState } from './readiness.ts'
import type { Reply, Route, RouteInput } from './route.ts'

export interface MountParts {
  readonly services: Services
  readonly access: Access
  readonly readiness: Pick<ReadinessState, 'isSealed'>
  readonly inFlight: InFlight
}

/** Puts one route behind the door. Who calls is settled before a byte of the body is read. */
export const mountRoute = (
  app: FastifyInstance,
  { services, access, readiness, inFlight }: MountParts,
  dialect: Dialect,
  route: Route,
): void => {
  needsStorableReply(route)
  const options: RouteShorthandOptions = {
    config: { route, dialect },
    ...(route.limits ? { bodyLimit: route.limits.bodyBytes } : {}),
    schema: {
      ...(route.body ? { body: bodySchema(route.body, route.accepts) } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      response: { ...route.replies, '4xx': dialect.refusalSchema, '5xx': dialect.refusalSchema },
    },
    onRequest: async (request, reply) => {
      if (readiness.isSealed()) return sendRefusal(request, reply, { type: 'Sealed' })
      const principal = await access.authenticate({
        dialect,
        auth: route.auth,
        headers: request.headers,
        address: addressOf(request),
        requestId: request.id,
      })
      if (!principal.ok) return sendRefusal(request, reply, principal.error)
      request.caller = { principal: principal.value, requestId: request.id, origin: addressOf(request) }
      return undefined
    },
  }
  app.route({
    method: route.method,
    url: route.path,
    ...options,
    handler: async (request, reply) => {
      // Precondition: onRequest has proven the credential, or has replied.
      if (!request.caller) throw new Error('a route ran without a caller')
      // The body may have taken its time: the vault may be sealed by now, and the credential revoked.
      if (readiness.isSealed()) return sendRefusal(request, reply, { type: 'Sealed' })
      if (!(await access.stillHolds(request.caller.principal)))
        return sendRefusal(request, reply, { type: 'NotAuthenticated' })
      const parts = { dialect, route, spell: spellWith(reply) }
      const result = await inFlight.track(handleOnce(parts, services, request.caller, inputOf(request)))
      return result.ok ? sendReply(reply, result.value) : sendRefusal(request, reply, result.error)
    },
  })
}

/** Only JSON can be held against a schema; the text of a form or of XML is `decode`'s to read. */
const bodySchema = (body: TSchema, accepts: Route['accepts']): object =>
  accepts ? { content: { 'application/json': { schema: body } } } : body

/** What a trusted proxy forwards is text that anyone may have written: only an address is taken for one. */
const addressOf = ({ ip, socket }: FastifyRequest): string =>
  isIP(ip) ? ip : (socket.remoteAddress ?? 'unknown')

const inputOf = (request: FastifyRequest): RouteInput => ({
  params: request.params as RouteInput['params'],
  query: request.query as RouteInput['query'],
  headers: request.headers,
  content: request.content,
  body: request.body,
})

/** What the route's schema does not list is not sent, and so not stored either. */
const spellWith =
  (reply: FastifyReply) =>
  ({ status, body }: Reply): string =>
    typeof body === 'string' ? body : String(reply.serializeInput({ ...body }, String(status)))
