import type { Provider } from '@cardkeep/testing/provider/provider'
import { type Client, type ClientOptions, createClient, type Json, type Reply } from './client.ts'

export interface CardInput {
  readonly number: string
  readonly code?: string | undefined
  readonly month?: string
  readonly year?: string
}

export interface Tokenized {
  readonly token: string
  /** Empty where no code came. */
  readonly session: string
  readonly body: Json
}

export interface Charge {
  readonly token: string
  /** With it the code is asked for. */
  readonly session?: string | undefined
  readonly url: string
  readonly amount?: number
}

/** A caller with a credential, and what callers do most. */
export interface Shop {
  readonly call: Client
  /** Throws unless the card was taken. */
  readonly tokenize: (card: CardInput) => Promise<Tokenized>
  readonly testToken: (card: CardInput) => Promise<Tokenized>
  readonly charge: (charge: Charge) => Promise<Reply>
}

export interface Keys {
  readonly api_key: string
  readonly pub_key?: string
}

export const createShop = (options: Omit<ClientOptions, 'headers'>, keys: Keys): Shop => {
  const headers = { 'x-api-key': keys.api_key, ...(keys.pub_key && { 'x-pub-key': keys.pub_key }) }
  const call = createClient({ ...options, headers })
  return {
    call,
    tokenize: async (card) => toTokenized(await call('POST', '/tokenize', { body: tokenizeBody(card) })),
    testToken: async (card) => toTokenized(await call('POST', '/test-tokens', { body: testTokenBody(card) })),
    charge: (charge) => call('POST', '/proxy/transaction', { body: chargeBody(charge) }),
  }
}

export const tokenizeBody = ({ number, code, month = '12', year = '2030' }: CardInput): Json => ({
  type: 'card',
  data: {
    cardNumber: number,
    expirationMonth: month,
    expirationYear: year,
    ...(code === undefined ? {} : { cvv: code }),
  },
})

export const testTokenBody = ({ number, code = '123', month = '12', year = '2030' }: CardInput): Json => ({
  cardNumber: number,
  expirationMonth: month,
  expirationYear: year,
  cvc: code,
})

export const chargeBody = ({ token, session, url, amount = 1999 }: Charge): Json => ({
  token,
  ...(session === undefined ? {} : { cvc_session_id: session }),
  proxy_url: url,
  request_data: {
    amount,
    currency: 'EUR',
    card: {
      number: '${cardNumber}',
      exp_month: '${expirationMonth}',
      exp_year: '${expirationYear}',
      ...(session === undefined ? {} : { cvc: '${cvv}' }),
    },
  },
})

export const chargesOf = ({ origin }: Provider): string => `${origin}/v1/charges`

const toTokenized = ({ status, body, text }: Reply): Tokenized => {
  if (status !== 201) throw new Error(`a card was not taken: ${status} ${text}`)
  const { token, cvc_session_id: session = '' } = body as { token: string; cvc_session_id?: string }
  return { token, session, body }
}
