import { createServer, type ServerResponse } from 'node:http'
import { describeBug, type Log } from '../log/log.ts'

export interface Page {
  readonly contentType: string
  readonly text: string
}

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

export interface MetricsServerParts {
  readonly host: string
  readonly port: number
  readonly page: () => Promise<Page>
  readonly log: Log
}

const path = '/metrics'
/** Whoever scrapes does so every few seconds over one connection. */
const maxConnections = 32

/**
 * Serves one page on a port of its own, in plain HTTP and to anyone who reaches it: it holds no card data. Apart from
 * the door of the vault, so that a network can keep the two apart.
 */
export const serveMetrics = async ({ host, port, page, log }: MetricsServerParts): Promise<MetricsServer> => {
  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 65_000 },
    ({ method, url = '' }, response) => {
      if (url.split('?')[0] !== path) return send(response, 404, `only ${path} is here\n`)
      if (method !== 'GET') return send(response, 405, 'only GET is answered\n', { allow: 'GET' })
      page().then(
        ({ contentType, text }) => send(response, 200, text, { 'content-type': contentType }),
        (error: unknown) => {
          log.error('metrics.failed', describeBug(error))
          send(response, 500, 'the metrics could not be read\n')
        },
      )
    },
  )
  server.maxConnections = maxConnections
  // The door keeps a vault running; where it could not be opened, this does not.
  server.unref()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const send = (
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void => {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(text),
    ...headers,
  })
  response.end(text)
}
