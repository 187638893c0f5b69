import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { readCharge } from './charges.ts'

export interface ProviderRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export type Behaviour = (request: ProviderRequest, response: ServerResponse) => void

/** How real providers misbehave, by path. What hangs stays until the other side or the provider is closed. */
export const behaviours: Readonly<Record<string, Behaviour>> = {
  '/echo/body': (request, response) => answer(response, 200, typeOf(request), request.body),
  '/echo/error': (request, response) => {
    const { card } = readCharge(typeOf(request), request.body.toString())
    const message = `Card ${card?.number} with CVV ${card?.code} was refused`
    answer(response, 400, json, JSON.stringify({ error: { message, param: card?.number } }))
  },
  '/echo/header': (request, response) => {
    const { card } = readCharge(typeOf(request), request.body.toString())
    response.setHeader('x-card', card?.number ?? '')
    response.setHeader('x-cvv', card?.code ?? '')
    answer(response, 200, json, '{}')
  },
  '/echo/base64': (request, response) =>
    answer(response, 200, json, JSON.stringify({ request: request.body.toString('base64') })),
  '/echo/gzip': (request, response) => encoded(request, response, 'gzip', gzipSync),
  '/echo/deflate': (request, response) => encoded(request, response, 'deflate', deflateSync),
  '/echo/deflate-bare': (request, response) => encoded(request, response, 'deflate', deflateRawSync),
  '/echo/br': (request, response) => encoded(request, response, 'br', brotliCompressSync),
  '/echo/zstd': (request, response) => encoded(request, response, 'zstd', zstdCompressSync),
  '/echo/unknown-encoding': (request, response) => encoded(request, response, 'aes128gcm', (body) => body),
  '/echo/damaged-gzip': (request, response) => encoded(request, response, 'gzip', (body) => body),
  '/echo/two-chunks': ({ headers, body }, response) => {
    const middle = body.length >> 1
    response.writeHead(200, { 'content-type': headers['content-type'] ?? json })
    response.write(body.subarray(0, middle), () => setImmediate(() => response.end(body.subarray(middle))))
  },
  '/hang/head': () => undefined,
  '/hang/body': (_request, response) => {
    response.writeHead(200, { 'content-type': json })
    response.write('{"status":')
  },
  '/drip': (_request, response) => {
    response.writeHead(200, { 'content-type': json })
    const timer = setInterval(() => response.write(' '), 10)
    response.on('close', () => clearInterval(timer))
  },
  '/reset/head': (_request, response) => response.socket?.destroy(),
  '/reset/body': (_request, response) => {
    response.writeHead(200, { 'content-type': json, 'content-length': 1000 })
    response.write('{"status":', () => response.socket?.destroy())
  },
  '/redirect': (request, response) => {
    response.setHeader(
      'location',
      new URL(request.path, 'https://provider.invalid').searchParams.get('to') ?? '/',
    )
    answer(response, 302, 'text/plain', 'elsewhere')
  },
  '/large': (_request, response) => answer(response, 200, 'text/plain', Buffer.alloc(11 * mebibyte, 'x')),
  '/large/chunked': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    for (let piece = 0; piece < 11; piece++) response.write(Buffer.alloc(mebibyte, 'x'))
    response.end()
  },
  '/bomb': (request, response) => {
    bomb ??= gzipSync(Buffer.alloc(16 * mebibyte))
    encoded(request, response, 'gzip', () => bomb ?? request.body)
  },
  '/interim': (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    answer(response, 200, json, '{"status":"approved"}')
  },
  '/interim/hang': (_request, response) => response.writeEarlyHints({ link: '</style.css>; rel=preload' }),
  '/no-http': (_request, response) => response.socket?.end('this is no answer\r\n\r\n'),
  /** Says that the connection may be used again, and closes it. */
  '/stale': (_request, response) => {
    const { socket } = response
    response.on('finish', () => socket?.destroySoon())
    answer(response, 200, json, '{"status":"approved"}')
  },
}

const json = 'application/json'
const mebibyte = 1024 * 1024

/** A few kilobytes that decode to more than anyone should read. */
let bomb: Buffer | undefined

const typeOf = ({ headers }: ProviderRequest): string => headers['content-type'] ?? json

export const answer = (
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string | Buffer,
): void => {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

const encoded = (
  request: ProviderRequest,
  response: ServerResponse,
  encoding: string,
  encode: (body: Buffer) => Buffer,
): void => {
  response.setHeader('content-encoding', encoding)
  answer(response, 200, typeOf(request), encode(request.body))
}
