import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { cleanUp } from '../../scenarios/support/clean-up.ts'
import { type Hostname, identity } from './identity.ts'

export interface SiteFile {
  readonly body: string
  /** `text/html` unless given. */
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface SiteRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

/** A merchant's web server, with an origin of its own. */
export interface Site {
  readonly origin: string
  /** Serves this from now on, and answers its URL. */
  readonly put: (path: string, file: SiteFile) => string
  /** All that it was asked for. */
  readonly requests: readonly SiteRequest[]
}

export const startSite = async (hostname: Hostname = 'shop.test'): Promise<Site> => {
  const files = new Map<string, SiteFile>()
  const requests: SiteRequest[] = []
  const server = createServer({ cert: identity.certificate, key: identity.key }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      requests.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
      const file = files.get(path)
      if (!file) return void response.writeHead(404).end()
      response.writeHead(200, {
        'content-type': `${file.type ?? 'text/html'}; charset=utf-8`,
        ...file.headers,
      })
      response.end(file.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp(
    () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  )
  const origin = `https://${hostname}:${(server.address() as AddressInfo).port}`
  return {
    origin,
    requests,
    put: (path, file) => {
      files.set(path, file)
      return origin + path
    },
  }
}
