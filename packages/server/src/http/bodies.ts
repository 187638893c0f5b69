import type { Refusal } from '@cardkeep/core/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ContentKind } from './route.ts'
import { readStrictJson } from './strict-json.ts'

/**
 * Reads bodies by their content type: JSON strictly, as a value; a form or XML as text, for the routes that take them.
 * What a route does not take is refused before it is read.
 */
export const readBodies = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.decorateRequest('content', 'json')
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const kind = kindOf(request.mediaType)
    const { accepts = ['json'], keepsText } = request.routeOptions.config.route ?? {}
    // JSON is UTF-8 whatever its type says, but a text that goes on is believed to be what is said of it.
    if (kind === undefined || (kind === 'json' && !keepsText)) return done()
    if (!accepts.includes(kind) || !isUtf8(request.headers['content-type'] ?? ''))
      return done(refusing(request, { type: 'ContentTypeNotSupported' }))
    request.content = kind
    return done()
  })
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    // A DELETE may say JSON and send nothing.
    if (bytes.length === 0) return done(null, undefined)
    if (request.routeOptions.config.route?.keepsText) return takeText(request, bytes, done)
    const read = readStrictJson(bytes, {
      keepsNumbers: request.routeOptions.config.route?.keepsNumbers ?? false,
    })
    return read.ok ? done(null, read.value) : done(refusing(request, read.error))
  })
  for (const type of [formType, ...xmlTypes, anyXml])
    app.addContentTypeParser<Buffer>(type, { parseAs: 'buffer' }, takeText)
}

const takeText = (
  request: FastifyRequest,
  bytes: Buffer,
  done: (error: Error | null, body?: unknown) => void,
): void => {
  const text = decode(bytes)
  if (text === undefined) done(refusing(request, { type: 'BodyNotReadable' }))
  else done(null, text)
}

const formType = 'application/x-www-form-urlencoded'
const xmlTypes = ['application/xml', 'text/xml']
/** The types of particular documents (RFC 7303, 8), with or without parameters. */
const anyXml = /^[^;]+\+xml(?:;|$)/

const kindOf = (mediaType: string | undefined): ContentKind | undefined => {
  if (mediaType === undefined) return undefined
  if (mediaType === 'application/json') return 'json'
  if (mediaType === formType) return 'form'
  return xmlTypes.includes(mediaType) || mediaType.endsWith('+xml') ? 'xml' : undefined
}

/** Another charset would be read as other characters by whoever believes it. */
const isUtf8 = (contentType: string): boolean =>
  [...contentType.matchAll(/charset[^;]*/gi)].every(([parameter]) =>
    /^charset="?utf-8"?\s*$/i.test(parameter),
  )

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** The error says nothing: the refusal does. */
const refusing = (request: FastifyRequest, refusal: Refusal): Error => {
  request.refusal = refusal
  return new Error('body refused')
}
