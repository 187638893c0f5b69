import { createMessage, encrypt, readKey } from 'openpgp'
import { type Client, type ClientOptions, createClient, type Json, type Reply } from './client.ts'
import { checkedBy, needs } from './published-answers.ts'
import { faultOf } from './verifone-schemas.ts'

/** What a client captures of a card; what is missing is not in it. */
export interface CapturedInput {
  readonly number?: string
  readonly code?: string
  readonly month?: number
  readonly year?: number
  readonly name?: string
  /** Now, unless told otherwise; `null`: it is left out. */
  readonly at?: Date | string | null
  readonly writtenBy?: Writer
}

/**
 * How clients write what they encrypt: the browser script one line of texts, the SDK for Android numbers, and that for iOS
 * numbers, a year of two digits and line breaks.
 */
type Writer = 'browser' | 'android' | 'ios'

export interface CaptureKey {
  readonly alias: string
  readonly armored: string
}

/** As a command or a route answers it. */
export interface CaptureKeyAnswer {
  readonly public_key: string
  readonly public_key_alias: string
}

export const keyOf = ({ public_key, public_key_alias }: CaptureKeyAnswer): CaptureKey => ({
  alias: public_key_alias,
  armored: Buffer.from(public_key, 'base64').toString(),
})

let latest = 0
/** One capture is told from another by what was encrypted alone, so no two are of one moment. */
const now = (): Date => {
  latest = Math.max(Date.now(), latest + 1)
  return new Date(latest)
}

/** What is encrypted. */
export const captureText = ({
  number,
  code,
  month,
  year,
  name,
  at = now(),
  writtenBy = 'browser',
}: CapturedInput): string => {
  const spell = writtenBy === 'browser' ? (value: number) => String(value).padStart(2, '0') : Number
  const isShort = writtenBy === 'ios'
  const captured = {
    ...(number !== undefined && { cardNumber: number }),
    ...(month !== undefined && { expiryMonth: spell(month) }),
    ...(year !== undefined && { expiryYear: spell(isShort ? year % 100 : year) }),
    ...(code !== undefined && { cvv: code }),
    ...(name !== undefined && { cardholderName: name }),
    ...(at !== null && { captureTime: typeof at === 'string' ? at : at.toISOString() }),
  }
  return writtenBy === 'ios' ? JSON.stringify(captured, null, 2) : JSON.stringify(captured)
}

/** As published clients encrypt: the base64 of an armored message. */
export const encryptText = async ({ armored }: CaptureKey, text: string): Promise<string> => {
  const [message, encryptionKeys] = await Promise.all([
    createMessage({ text }),
    readKey({ armoredKey: armored }),
  ])
  return toBase64(await encrypt({ message, encryptionKeys }))
}

export const toBase64 = (text: string): string => Buffer.from(text).toString('base64')

export interface SiteKeys {
  readonly user_id: string
  readonly api_key: string
}

/** A merchant's server with its credential. Every answer is held against the schemas. */
export interface Site {
  readonly call: Client
  /** The same without a credential. */
  readonly ask: Client
  readonly scope: string
  readonly key: CaptureKey
  readonly encrypt: (card: CapturedInput) => Promise<string>
  /** The body that brings a card, with a scope and the alias of its key. */
  readonly putBody: (card: CapturedInput, more?: Json) => Promise<Json>
  readonly put: (card: CapturedInput, more?: Json) => Promise<Reply>
  /** Throws unless the card was taken; answers the token. */
  readonly bring: (card: CapturedInput, more?: Json) => Promise<string>
  readonly get: (token: string) => Promise<Reply>
  readonly patch: (token: string, body: Json) => Promise<Reply>
  /** PATCH with what a client captured. */
  readonly patchCard: (token: string, card: CapturedInput, more?: Json) => Promise<Reply>
  readonly suspend: (token: string) => Promise<Reply>
  readonly activate: (token: string) => Promise<Reply>
  readonly remove: (token: string) => Promise<Reply>
}

export const basicOf = ({ user_id, api_key }: SiteKeys): string =>
  `Basic ${Buffer.from(`${user_id}:${api_key}`).toString('base64')}`

export const createSite = (
  options: Omit<ClientOptions, 'headers'>,
  keys: SiteKeys,
  { scope, key }: Pick<Site, 'scope' | 'key'>,
): Site => {
  const call = checked(createClient({ ...options, headers: { authorization: basicOf(keys) } }))
  const encryptCard: Site['encrypt'] = (card) => encryptText(key, captureText(card))
  const captured = async (card: CapturedInput, more: Json): Promise<Json> => ({
    encrypted_card: await encryptCard(card),
    public_key_alias: key.alias,
    ...more,
  })
  const putBody: Site['putBody'] = (card, more = {}) =>
    captured({ ...usual, ...card }, { token_scope: scope, ...more })
  const put: Site['put'] = async (card, more) =>
    call('PUT', '/api/v2/card', { body: await putBody(card, more) })
  const at = (token: string) => `/api/v2/card/${token}`
  const patch: Site['patch'] = (token, body) => call('PATCH', at(token), { body })
  return {
    call,
    ask: checked(createClient({ ...options, headers: {} })),
    scope,
    key,
    encrypt: encryptCard,
    putBody,
    put,
    bring: async (card, more) => String(needs(200, await put(card, more))['reuse_token']),
    get: (token) => call('GET', at(token)),
    patch,
    patchCard: async (token, card, more = {}) => patch(token, await captured(card, more)),
    suspend: (token) => call('PATCH', `${at(token)}/suspend`),
    activate: (token) => call('PATCH', `${at(token)}/activate`),
    remove: (token) => call('DELETE', at(token)),
  }
}

const usual = { month: 12, year: 2030 }

const checked = checkedBy(faultOf)
