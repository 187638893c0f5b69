import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { SecureContextOptions } from 'node:tls'
import fastify, { type FastifyInstance } from 'fastify'
import type { Config, Tls } from '../config.ts'
import type { Log } from '../log/log.ts'
import type { Services } from '../services.ts'
import { version } from '../version.ts'
import type { Access } from './access.ts'
import { readBodies } from './bodies.ts'
import { catchErrors } from './boundary.ts'
import { closeAfterAnswers } from './closing.ts'
import type { Dialect } from './dialect.ts'
import { mountHealth } from './health.ts'
import type { InFlight } from './in-flight.ts'
import { createMalformed } from './malformed.ts'
import { mountRoute } from './mount.ts'
import { mountOpenApi } from './openapi/mount-documents.ts'
import { mountPage, type Page } from './page.ts'
import type { ReadinessState } from './readiness.ts'
import { logRequests } from './request-log.ts'
import { type Answered, tellAnswers } from './tell-answers.ts'
import { validationOptions } from './validation.ts'

export interface ListenerParts {
  readonly config: Pick<Config, 'tls' | 'trustedProxies' | 'publicUrl'>
  readonly dialects: readonly Dialect[]
  /** What browsers load, beside the dialects. */
  readonly pages?: readonly Page[]
  readonly services: Services
  readonly access: Access
  readonly readiness: ReadinessState
  readonly inFlight: InFlight
  readonly log: Log
  /** Hears of every answer. */
  readonly answered?: ((answer: Answered) => void) | undefined
}

/** Larger bodies only where a route asks for them. */
const bodyBytes = 64 * 1024
const headerBytes = 16 * 1024
/** A client that sends slowly is cut off; how long a forward may take afterwards is egress's to say. */
const requestMs = 30_000
const keepAliveMs = 65_000

/** The door of the vault: TLS, limits, request ids, security headers, and the one boundary that catches. */
export const createListener = (parts: ListenerParts): FastifyInstance => {
  const { tls, trustedProxies, publicUrl } = parts.config
  const headers = headersOf(tls)
  const malformed = createMalformed(parts.dialects, headers)
  const app: FastifyInstance = fastify({
    // Typed for one kind of server only, while the setting decides which it is.
    ...({ https: tls.type === 'own' ? secureContext(tls) : null } as object),
    bodyLimit: bodyBytes,
    http: { maxHeaderSize: headerBytes },
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    // What still comes in during a stop is answered like anything else; `closeAfterAnswers` ends the connections.
    return503OnClosing: false,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    genReqId: () => parts.services.ids.uuid(),
    exposeHeadRoutes: false,
    // A parameter is as long as the head allows: its route says no, in its own words.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: headerBytes },
    rewriteUrl: ({ url = '/' }) => (isDecodable(url) ? url : nowhere),
    clientErrorHandler: malformed.clientErrorHandler,
    ajv: { customOptions: validationOptions },
  })
  app.decorateRequest('caller', null)
  app.decorateRequest('refusal', undefined)
  readBodies(app)
  malformed.watch(app.server)
  closeAfterAnswers(app)
  addHeaders(app, headers)
  logRequests(app, parts.log)
  if (parts.answered) tellAnswers(app, parts.answered)
  catchErrors(app, parts.dialects, parts.log)
  mountHealth(app, parts.readiness)
  mountOpenApi(app, { dialects: parts.dialects, readiness: parts.readiness, version })
  for (const page of parts.pages ?? []) mountPage(app, parts, page)
  for (const dialect of parts.dialects)
    for (const route of dialect.routes) mountRoute(app, { ...parts, publicUrl }, dialect, route)
  return app
}

/** Answers where it listens, as a URL. */
export const listen = async (
  app: FastifyInstance,
  { host, port, tls }: Pick<Config, 'host' | 'port' | 'tls'>,
): Promise<string> => {
  await app.listen({ host, port })
  const address = app.server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  return `${tls.type === 'own' ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound}`
}

/** Reads certificate and key anew, for connections made from now on. */
export const reloadTls = (app: FastifyInstance, tls: Tls): void => {
  const server: Server & { setSecureContext?: (options: SecureContextOptions) => void } = app.server
  if (tls.type === 'own') server.setSecureContext?.(secureContext(tls))
}

const secureContext = ({
  certificateFile,
  keyFile,
}: Extract<Tls, { type: 'own' }>): SecureContextOptions => ({
  cert: readFileSync(certificateFile),
  key: readFileSync(keyFile),
  minVersion: 'TLSv1.2',
})

/** No route is there. A path that cannot be decoded is sent to it, so that the router does not answer by quoting it. */
const nowhere = '/'

const isDecodable = (url: string): boolean => {
  if (!url.includes('%')) return true
  try {
    return decodeURIComponent(url) !== ''
  } catch {
    return false
  }
}

const headersOf = (tls: Tls): Readonly<Record<string, string>> => ({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  ...(tls.type === 'none' ? {} : { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
})

const addHeaders = (app: FastifyInstance, headers: Readonly<Record<string, string>>): void => {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers).header('x-request-id', request.id)
    done()
  })
}
