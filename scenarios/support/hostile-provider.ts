import { once } from 'node:events'
import { createServer } from 'node:net'
import { answer, type Behaviour, behaviours } from '@cardkeep/testing/provider/behaviours'
import { readCharge } from '@cardkeep/testing/provider/charges'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { cleanUp } from './clean-up.ts'

/** What a provider does to whoever calls it, and what the caller of the vault is told. */
export interface Way {
  readonly does: string
  readonly path: string
  readonly status: number
  /** What the reply says of whether anything was sent. */
  readonly sent: 'yes' | 'no' | 'unknown'
}

export const ways: readonly Way[] = [
  { does: 'accepts and never answers', path: '/hang/head', status: 504, sent: 'unknown' },
  { does: 'begins an answer and stops', path: '/hang/body', status: 504, sent: 'yes' },
  { does: 'answers one byte a second', path: '/byte-a-second', status: 504, sent: 'yes' },
  { does: 'answers a hundred bytes a second', path: '/drip', status: 504, sent: 'yes' },
  { does: 'closes before it answers', path: '/reset/head', status: 502, sent: 'unknown' },
  { does: 'closes in the middle', path: '/reset/body', status: 502, sent: 'yes' },
  { does: 'says that it sends 11 MiB, and does', path: '/large', status: 502, sent: 'yes' },
  { does: 'sends 11 MiB', path: '/large/chunked', status: 502, sent: 'yes' },
  { does: 'accepts and says no word of TLS', path: '/silent', status: 504, sent: 'no' },
]

export interface HostileProvider {
  readonly provider: Provider
  /** Where nobody speaks TLS. */
  readonly silent: string
  readonly urlOf: (way: Way) => string
  /** Takes what it is sent, and says so. */
  readonly good: string
  /** How often each card came with its code. In memory only. */
  readonly codes: ReadonlyMap<string, number>
}

export const startHostileProvider = async (): Promise<HostileProvider> => {
  const codes = new Map<string, number>()
  const noting =
    (behaviour: Behaviour): Behaviour =>
    (request, response) => {
      const { card } = readCharge('application/json', request.body.toString())
      if (card?.code !== undefined) codes.set(card.number, (codes.get(card.number) ?? 0) + 1)
      behaviour(request, response)
    }
  const answers = Object.fromEntries(ways.map(({ path }) => [path, noting(behaviourOf(path))]))
  const provider = await startProvider({ answers: { ...answers, '/good': noting(take) } })
  cleanUp(() => provider.close())
  const silent = await listenInSilence()
  return {
    provider,
    silent,
    urlOf: ({ path }) => (path === '/silent' ? silent : provider.origin) + path,
    good: `${provider.origin}/good`,
    codes,
  }
}

/** Does this to the first that comes, and takes the rest. */
export const atFirst = ({ path }: Way): Behaviour => {
  let came = 0
  return (request, response) => (++came === 1 ? behaviourOf(path) : take)(request, response)
}

const behaviourOf = (path: string): Behaviour => own[path] ?? behaviours[path] ?? take

const take: Behaviour = (_, response) => answer(response, 200, 'application/json', '{"taken":true}')

const own: Readonly<Record<string, Behaviour>> = {
  '/byte-a-second': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const timer = setInterval(() => response.write(' '), 1_000)
    response.on('close', () => clearInterval(timer))
  },
}

const listenInSilence = async (): Promise<string> => {
  const server = createServer((socket) => socket.on('error', () => undefined).resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp(() => server.close())
  const address = server.address()
  return `https://localhost:${typeof address === 'object' ? address?.port : 0}`
}
