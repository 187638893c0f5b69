import type { Chapter } from './journal.ts'

/** The calls that a merchant's server makes. The card number and the code appear in none of them. */
export interface Vault {
  /** A session in which a browser may tell a new card. */
  openCardSession(chapter: Chapter): Promise<string>
  /** A session in which a browser may tell the code of a card that is known. */
  openCodeSession(tokenId: string, chapter: Chapter): Promise<string>
  /** The token that a session ended with; `undefined` where it has not, or has failed. */
  findTokenOf(sessionId: string, chapter: Chapter): Promise<string | undefined>
  findCard(tokenId: string, chapter: Chapter): Promise<CardToken>
  /** Sends a body to the provider, with card and code put into it on the way. */
  forward(forward: Forward, chapter: Chapter): Promise<Forwarded>
  removeCard(tokenId: string, chapter: Chapter): Promise<void>
}

/** What a shop may know of a card. */
export interface CardToken {
  readonly id: string
  readonly scheme: string
  readonly last4: string
  readonly expiryMonth: number
  readonly expiryYear: number
  /** A picture of the card with its number masked. */
  readonly artUrl: string | undefined
}

export interface Forward {
  readonly tokenId: string
  readonly url: string
  readonly body: Json
}

export interface Forwarded {
  readonly status: number
  readonly body: Json
  /** Whether anything of the request left the vault, which decides if it is safe to try again. */
  readonly sent: 'yes' | 'no' | 'unknown'
}

export type Json = Readonly<Record<string, unknown>>

export const createVault = (url: string, apiKey: string): Vault => {
  const call = createCall(url, apiKey)
  return {
    openCardSession: async (chapter) => {
      const purpose = 'Open a session in which the browser may tell a card'
      return sessionOf(await call({ purpose, method: 'POST', path: '/tokens/session' }, chapter))
    },
    openCodeSession: async (tokenId, chapter) => {
      const purpose = 'Open a session in which the browser may tell a fresh code for the saved card'
      return sessionOf(
        await call({ purpose, method: 'POST', path: `/tokens/${tokenId}/refresh-session` }, chapter),
      )
    },
    findTokenOf: async (sessionId, chapter) => {
      const purpose = 'Ask what came of the session; what a browser says is not taken on trust'
      const { body } = await call({ purpose, method: 'GET', path: `/sessions/${sessionId}` }, chapter)
      return body['status'] === 'success' ? textOf(asJson(body['data']), 'token_id') : undefined
    },
    findCard: async (tokenId, chapter) => {
      const purpose = 'Learn what may be shown of the card'
      return cardOf(good(await call({ purpose, method: 'GET', path: `/tokens/${tokenId}` }, chapter)))
    },
    forward: async ({ tokenId, url: destination, body }, chapter) => {
      const purpose = 'Charge through the vault, with placeholders where card data will stand'
      const headers = { 'x-hellgate-token': tokenId, 'x-destination-url': destination }
      return call({ purpose, method: 'POST', path: '/forward', headers, body }, chapter)
    },
    removeCard: async (tokenId, chapter) => {
      await call({ purpose: 'Delete the card', method: 'DELETE', path: `/tokens/${tokenId}` }, chapter)
    },
  }
}

interface Call {
  readonly purpose: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Json
}

const createCall =
  (url: string, apiKey: string) =>
  async ({ purpose, method, path, headers, body }: Call, chapter: Chapter): Promise<Forwarded> => {
    const startedMs = performance.now()
    const response = await fetch(url + path, {
      method,
      headers: { ...headers, 'x-api-key': apiKey, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const received = asJson(parse(await response.text()))
    chapter.note({
      from: 'shop',
      to: 'vault',
      purpose,
      request: `${method} ${path}`,
      ...(headers && { headers }),
      ...(body && { sent: body }),
      status: response.status,
      received,
      tookMs: performance.now() - startedMs,
    })
    return { status: response.status, body: received, sent: sentOf(response.headers.get('cardkeep-sent')) }
  }

/** Longer than the vault waits for a provider. */
const timeoutMs = 70_000

const sentOf = (header: string | null): Forwarded['sent'] =>
  header === 'yes' || header === 'no' ? header : 'unknown'

const parse = (answer: string): unknown => {
  try {
    return JSON.parse(answer)
  } catch {
    return undefined
  }
}

const asJson = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})

/** For calls that have no other good answer. */
const good = ({ status, body }: Forwarded): Json => {
  if (status !== 200) throw new Error(`the vault answered ${status}: ${String(body['message'])}`)
  return body
}

const sessionOf = (reply: Forwarded): string => textOf(good(reply), 'session_id')

const cardOf = (token: Json): CardToken => {
  const mask = textOf(token, 'masked_account_number')
  const artUrl = token['card_art_url']
  return {
    id: textOf(token, 'id'),
    scheme: textOf(token, 'scheme'),
    last4: mask.slice(-4),
    expiryMonth: Number(token['expiry_month']),
    expiryYear: Number(token['expiry_year']),
    artUrl: typeof artUrl === 'string' ? artUrl : undefined,
  }
}

const textOf = (json: Json, name: string): string => {
  const value = json[name]
  if (typeof value !== 'string') throw new Error(`the vault answered without ${name}`)
  return value
}
