import { CompactEncrypt, importJWK, type JWK } from 'jose'
import { expect } from 'vitest'
import { type Call, type Client, type ClientOptions, createClient, type Json, type Reply } from './client.ts'
import { faultOf } from './hellgate-schemas.ts'
import { needs } from './published-answers.ts'

export interface ImportedCard {
  readonly number: string
  readonly code?: string
  readonly month?: number
  readonly year?: number
  readonly name?: string
}

export type CaptureAction = 'tokenize_card' | 'refresh_security_code'

/** A merchant's server with its key, and the browsers of its customers, which have none. Every answer is held against the schemas. */
export interface Merchant {
  readonly call: Client
  readonly browse: Client
  /** Throws unless the card was taken; answers the token's id. */
  readonly importCard: (card: ImportedCard) => Promise<string>
  readonly openTokenize: (body?: Json) => Promise<string>
  readonly openRefresh: (tokenId: string) => Promise<string>
  /** What a browser would send as its answer, sealed for the session. */
  readonly seal: (sessionId: string, plain: Json, header?: Json) => Promise<string>
  readonly complete: (sessionId: string, action: CaptureAction, payload: string) => Promise<Reply>
  /** Opens a session for the token, types the code and sends it. */
  readonly refresh: (tokenId: string, code: string) => Promise<Reply>
  readonly isCodeHeld: (tokenId: string) => Promise<boolean>
  readonly charge: (charge: HellgateCharge) => Promise<Reply>
}

export interface HellgateCharge {
  readonly token: string
  readonly url: string
  /** Whether the template asks for the code, as it does unless told otherwise. */
  readonly withCode?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

export const createMerchant = (options: Omit<ClientOptions, 'headers'>, apiKey: string): Merchant => {
  const call = checked(createClient({ ...options, headers: { 'x-api-key': apiKey } }))
  const browse = checked(createClient({ ...options, headers: {} }))

  const openedBy = async (opening: Promise<Reply>): Promise<string> =>
    String(needs(200, await opening)['session_id'])
  const openRefresh: Merchant['openRefresh'] = (tokenId) =>
    openedBy(call('POST', `/tokens/${tokenId}/refresh-session`))
  const seal: Merchant['seal'] = async (sessionId, plain, header) =>
    sealFor(keyIn(needs(200, await browse('GET', `/sessions/${sessionId}`))), plain, header)
  const complete: Merchant['complete'] = (sessionId, action, payload) =>
    browse('POST', `/sessions/${sessionId}/complete-action`, {
      body: { action, result: { enc_payload: payload } },
    })

  return {
    call,
    browse,
    importCard: async (card) =>
      String(needs(200, await call('POST', '/cde-import', { body: importBody(card) }))['id']),
    openTokenize: (body) => openedBy(call('POST', '/tokens/session', body && { body })),
    openRefresh,
    seal,
    complete,
    refresh: async (tokenId, code) => {
      const sessionId = await openRefresh(tokenId)
      return complete(sessionId, 'refresh_security_code', await seal(sessionId, { security_code: code }))
    },
    isCodeHeld: async (tokenId) =>
      needs(200, await call('GET', `/tokens/${tokenId}/security-code`))['security_code_available'] === true,
    charge: ({ token, url, withCode = true, headers }) =>
      call('POST', '/forward', {
        headers: { 'x-hellgate-token': token, 'x-destination-url': url, ...headers },
        body: chargeText(withCode),
      }),
  }
}

export const importBody = ({ number, code, month = 12, year = 2030, name }: ImportedCard): Json => ({
  account_number: number,
  expiry_month: month,
  expiry_year: year,
  ...(code !== undefined && { security_code: code }),
  ...(name !== undefined && { cardholder_name: name }),
})

/** What a browser seals where it is asked for a card. */
export const cardAnswer = ({ number, code = '123', month = 12, year = 2030, name }: ImportedCard): Json => ({
  account_number: number,
  expiry_month: month,
  expiry_year: year,
  security_code: code,
  additional_data: name === undefined ? {} : { cardholder_name: name },
})

/** As the published browser SDK seals: RSA-OAEP with SHA-1 unless the header says otherwise. */
export const sealFor = async (jwk: JWK, plain: Json | string, header: Json = {}): Promise<string> => {
  const full = { alg: 'RSA-OAEP', enc: 'A256GCM', ...header }
  const bytes = new TextEncoder().encode(typeof plain === 'string' ? plain : JSON.stringify(plain))
  return new CompactEncrypt(bytes).setProtectedHeader(full).encrypt(await importJWK(jwk, full.alg))
}

/** The key in the state of a session that waits for an answer. */
export const keyIn = (state: Json): JWK => {
  const { jwk } = (state['data'] ?? {}) as { readonly jwk?: JWK }
  if (!jwk) throw new Error(`a session waits for no answer: ${JSON.stringify(state)}`)
  return jwk
}

/** JSON to be: the two numbers stand without quotation marks. */
const chargeText = (withCode: boolean): string =>
  `{"amount": 1999, "currency": "EUR", "card": {"number": "{{ account_number }}",
    "exp_month": {{ expiration_month | unwrap }}, "exp_year": {{ expiration_year | unwrap }}${
      withCode ? ', "cvc": "{{ security_code }}"' : ''
    }}}`

/** Throws at an answer that is not as the API says. What a forward relays is another's, and a picture is no JSON. */
const checked =
  (client: Client): Client =>
  async (method, path, call?: Call) => {
    const reply = await client(method, path, call)
    const { status, headers } = reply
    const isRelayed = path === '/forward' && reply.sent === 'yes'
    const isPicture = path.startsWith('/tokens/card-art/') && status === 200
    const isOwn = !isRelayed && !isPicture
    expect({
      asked: `${method} ${path} ${status}`,
      fault: isOwn ? faultOf({ method, path, ...reply }) : undefined,
      type: isOwn ? headers['content-type'] : undefined,
      version: headers['x-hellgate-version'],
    }).toEqual({
      asked: `${method} ${path} ${status}`,
      fault: undefined,
      type: isOwn && status !== 204 ? 'application/json; charset=utf-8' : undefined,
      version: '2.0',
    })
    return reply
  }
