import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { Socket } from 'node:net'
import { type Authority, type Identity, makeAuthority, type Subject } from './authority.ts'
import { answer, type Behaviour, behaviours, type ProviderRequest } from './behaviours.ts'
import { decideCharge, readCharge } from './charges.ts'

export interface ProviderOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number
  /** How it proves who it is. */
  readonly certificate?: 'good' | 'of another name' | 'expired' | 'of another authority'
  readonly protocol?: 'modern' | 'TLS 1.2' | 'TLS 1.1' | 'plain'
  /** Only clients with a certificate of its authority, as `client` is, are heard. */
  readonly asksForClient?: boolean
  /** Answers beside those for `/v1/charges` and the behaviours, by path. */
  readonly answers?: Readonly<Record<string, Behaviour>>
}

/** A request as it came, without its card data. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly bodyBytes: number
  readonly card: { readonly mask: string; readonly codeLength: number | undefined } | undefined
  readonly account: { readonly last4: string; readonly routing: string | undefined } | undefined
}

export interface Provider {
  /** `https://localhost:PORT`; the server listens on 127.0.0.1. */
  readonly origin: string
  readonly port: number
  readonly caPem: string
  /** What a client may show to prove itself. */
  readonly client: Identity
  /** The last thousand. */
  readonly requests: readonly SeenRequest[]
  /** TCP connections that have come. */
  connections(): number
  openConnections(): number
  /** TLS sessions that were taken up again. */
  resumptions(): number
  close(): Promise<void>
}

const keptRequests = 1_000

/** A payment provider with an authority of its own, for tests, the demonstration and measurements. Card data stays in memory. */
export const startProvider = async (options: ProviderOptions = {}): Promise<Provider> => {
  const authority = await makeAuthority('Test provider authority')
  const client = await authority.issue({ name: 'vault' })
  const requests: SeenRequest[] = []
  const sockets = new Set<Socket>()
  const counts = { connections: 0, resumptions: 0 }

  const server = await createServer(options, authority, (incoming, response) => {
    receive(incoming, (request) => {
      requests.push(describe(request))
      if (requests.length > keptRequests) requests.shift()
      respond(request, response, options.answers ?? {})
    })
  })
  server.on('connection', (socket: Socket) => {
    counts.connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', ignore)
  })
  server.on('secureConnection', (socket: Socket & { isSessionReused(): boolean }) => {
    if (socket.isSessionReused()) counts.resumptions++
    socket.on('error', ignore)
  })
  server.on('tlsClientError', ignore).on('clientError', (_error: Error, socket: Socket) => socket.destroy())

  const port = await listen(server, options.port ?? 0)
  return {
    origin: `${options.protocol === 'plain' ? 'http' : 'https'}://localhost:${port}`,
    port,
    caPem: authority.caPem,
    client,
    requests,
    connections: () => counts.connections,
    openConnections: () => sockets.size,
    resumptions: () => counts.resumptions,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const ignore = (): void => undefined

type Handle = (request: IncomingMessage, response: ServerResponse) => void

const createServer = async (
  options: ProviderOptions,
  authority: Authority,
  handle: Handle,
): Promise<Server> => {
  const keepAlive = { keepAliveTimeout: 60_000 }
  if (options.protocol === 'plain') return createHttpServer(keepAlive, handle)
  const signer =
    options.certificate === 'of another authority' ? await makeAuthority('Some other authority') : authority
  const { certificate, key } = await signer.issue(subjectOf(options))
  return createHttpsServer(
    {
      ...keepAlive,
      cert: certificate,
      key,
      ...versions[options.protocol ?? 'modern'],
      ...(options.asksForClient && { ca: authority.caPem, requestCert: true, rejectUnauthorized: true }),
    },
    handle,
  )
}

const subjectOf = ({ certificate }: ProviderOptions): Subject =>
  certificate === 'of another name'
    ? { name: 'elsewhere.example', hostnames: ['elsewhere.example'] }
    : {
        name: 'localhost',
        hostnames: ['localhost'],
        addresses: ['127.0.0.1', '::1'],
        isExpired: certificate === 'expired',
      }

const versions = {
  modern: {},
  'TLS 1.2': { maxVersion: 'TLSv1.2' },
  // The library signs nothing with SHA-1, as TLS 1.1 does, above security level 0.
  'TLS 1.1': { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
} as const satisfies Record<string, ServerOptions>

const listen = async (server: Server, port: number): Promise<number> => {
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, '127.0.0.1', resolve),
  )
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new Error('the provider does not listen on a port')
  return address.port
}

const receive = (incoming: IncomingMessage, use: (request: ProviderRequest) => void): void => {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', () => {
    const { method = '', url = '', headers } = incoming
    use({ method, path: url, headers, body: Buffer.concat(chunks) })
  })
}

const respond = (
  request: ProviderRequest,
  response: ServerResponse,
  answers: Readonly<Record<string, Behaviour>>,
): void => {
  const [path = ''] = request.path.split('?')
  if (path === '/v1/charges') return charge(request, response)
  const behaviour = Object.hasOwn(answers, path) ? answers[path] : behaviours[path]
  if (behaviour) return behaviour(request, response)
  answer(response, 404, 'application/json', '{"error":{"code":"not_found"}}')
}

let charges = 0

const charge = ({ headers, body }: ProviderRequest, response: ServerResponse): void => {
  const { status, body: verdict } = decideCharge(
    readCharge(headers['content-type'] ?? '', body.toString()),
    `ch_${(++charges).toString(36).padStart(8, '0')}`,
  )
  answer(response, status, 'application/json', JSON.stringify(verdict))
}

const describe = ({ method, path, headers, body }: ProviderRequest): SeenRequest => {
  const { card, account } = readCharge(headers['content-type'] ?? '', body.toString())
  return {
    method,
    path,
    headers,
    bodyBytes: body.length,
    card: card && { mask: maskOf(card.number), codeLength: card.code?.length },
    account: account && { last4: account.number.slice(-4), routing: account.routing },
  }
}

const maskOf = (number: string): string =>
  number.length < 13
    ? '*'.repeat(number.length)
    : number.slice(0, 6) + '*'.repeat(number.length - 10) + number.slice(-4)
