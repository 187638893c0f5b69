import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Refusal } from '@cardkeep/core/errors'
import { encodeRefusal } from './boundary.ts'
import type { Dialect } from './dialect.ts'
import { findOwner } from './owner.ts'
import type { Reply } from './route.ts'

/*
 * What is not HTTP never reaches a route; the server hands it over as an error of the connection. Where nothing else
 * is being answered on that connection, the reply is a refusal like any other. Where something is, that answer is the
 * last one: a 400 before it would be taken for it, and would tell the sender of a charge that nothing was sent. The statuses
 * and what is named as wrong are inferred. wire: ozura §errors
 */

export interface Malformed {
  /** For the server's option of this name. */
  readonly clientErrorHandler: (error: Error & { readonly code?: unknown }, socket: Duplex) => void
  /** Follows what is being answered. */
  watch(server: Server): void
}

export const createMalformed = (
  dialects: readonly Dialect[],
  headers: Readonly<Record<string, string>>,
): Malformed => {
  const newest = new WeakMap<Duplex, Exchange>()
  return {
    clientErrorHandler: ({ code }, socket) => {
      const exchange = newest.get(socket)
      if (exchange && isBeingAnswered(exchange)) exchange.response.once('close', () => socket.end())
      else if (code === 'ECONNRESET' || !socket.writable) socket.destroy()
      else socket.end(spell(refuse(dialects, code), headers), () => socket.destroy())
    },
    watch: (server) => {
      server.on('request', (request, response) => newest.set(request.socket, { request, response }))
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** A request that has not come whole was not acted on, and its answer is the refusal. */
const isBeingAnswered = ({ request, response }: Exchange): boolean =>
  request.complete && !response.writableFinished

const refuse = (dialects: readonly Dialect[], code: unknown): Reply => {
  const tooLarge = code === 'HPE_HEADER_OVERFLOW'
  const refusal: Refusal = { type: 'InvalidField', field: tooLarge ? 'headers' : 'request' }
  const owner = findOwner(dialects, '')
  const { headers, body } = encodeRefusal(owner, refusal)
  // Of a request without a readable path any route's header may be needed, and nothing was done for any.
  const ofRoutes = dialects.flatMap(({ routes }) =>
    routes.map(({ refusalHeaders }) => refusalHeaders?.(refusal)),
  )
  return {
    status: tooLarge ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400,
    headers: Object.assign({}, headers, ...ofRoutes) as Record<string, string>,
    body,
  }
}

const spell = ({ status, headers, body }: Reply, always: Readonly<Record<string, string>>): string => {
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? null)
  const all = {
    ...always,
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', text].join('\r\n')
}
