import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { measureAgainstConstant } from './against-constant.ts'
import type { IssuedForLoad } from './issuing.ts'
import type { Work } from './load.ts'
import type { Measurement } from './report.ts'
import type { VaultReady } from './servers.ts'

/** What an authorisation asks, and what whoever saw a CVV asks for. */
export const measureVerify = async (folder: string): Promise<readonly Measurement[]> => [
  ...(await measureCalls(inside(folder, 'verify'), {
    name: 'POST /pcicards/v2/pcicards/cvv/{cardId}/verify, right',
    pathOf: (id) => `/pcicards/v2/pcicards/cvv/${id}/verify`,
    bodyOf: (cvv) => JSON.stringify({ cvv }),
    floor: 0.35,
    aim: 0.5,
  })),
  ...(await measureCalls(inside(folder, 'reset'), {
    name: 'POST /pcicards/v2/pcicards/cvv/{cardId}/reset',
    pathOf: (id) => `/pcicards/v2/pcicards/cvv/${id}/reset`,
    bodyOf: () => '{}',
    floor: 0.2,
    aim: 0.35,
  })),
]

const inside = (folder: string, name: string): string => {
  const path = join(folder, name)
  mkdirSync(path)
  return path
}

interface Calls {
  readonly name: string
  readonly pathOf: (id: number) => string
  readonly bodyOf: (cvv: string) => string
  readonly floor: number
  readonly aim: number
}

/** Ten thousand cards of one account in turns, with a token of it. */
const measureCalls = (
  folder: string,
  { pathOf, bodyOf, ...named }: Calls,
): Promise<readonly Measurement[]> => {
  let token = ''
  return measureAgainstConstant(folder, {
    ...named,
    work: async (vault): Promise<Work> => {
      const { client, accountId, cards } = await vault.ask<IssuedForLoad>('issued cards')
      token = await exchange(vault.ready, client, accountId)
      let next = 0
      let current = cards[0]
      const nextPath = () => {
        current = cards[next++ % cards.length]
        return pathOf(current?.id ?? 0)
      }
      return { method: 'POST', nextPath, nextBody: () => bodyOf(current?.cvv ?? '') }
    },
    headersOf: () => ({ authorization: `Bearer ${token}` }),
  })
}

/** Client credentials for an access token that names the account. */
const exchange = async (
  { url }: VaultReady,
  client: IssuedForLoad['client'],
  accountId: number,
): Promise<string> => {
  const answered = await request(`${url}/passport/v2/oauth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      grant_type: 'client_credentials',
      client_id: client['client_id'],
      client_secret_string: client['client_secret'],
      uid: String(accountId),
    }),
  })
  const { access_token: token } = (await answered.body.json()) as Readonly<Record<string, string>>
  if (token === undefined) throw new Error(`/passport/v2/oauth/token answered ${answered.statusCode}`)
  return token
}
