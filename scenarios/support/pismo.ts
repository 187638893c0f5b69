import { devNull } from 'node:os'
import { expect } from 'vitest'
import { type Client, type ClientOptions, createClient, type Json, type Reply } from './client.ts'
import { faultOf } from './pismo-schemas.ts'
import { checkedBy, needs } from './published-answers.ts'

export interface ClientKeys {
  readonly client_id: string
  readonly client_secret: string
}

export interface NewCard {
  /** Unique among the customer's cards; one that nobody had, unless told otherwise. */
  readonly name?: string
  readonly hours?: number | undefined
  readonly customer?: number
  /** Of the idempotency key. */
  readonly key?: string
  readonly more?: Json
}

/** What GET info tells of a card. */
export interface PciInfo {
  readonly card_number: string
  readonly cvv: string
  readonly service_code: string
  /** `MM/YY` */
  readonly expiration_date: string
}

export interface TokenWish {
  readonly uid?: string | number | undefined
  readonly scope?: string
}

/** An issuer's program, as a client that has a credential. Every answer is held against the schemas. */
export interface Bank {
  /** Without a token. */
  readonly ask: Client
  readonly exchange: (wish?: TokenWish) => Promise<Reply>
  /** Throws unless a token was given. */
  readonly token: (wish?: TokenWish) => Promise<string>
  /** Whoever has this token. */
  readonly withToken: (token: string) => Cards
  /** With a token that names this account. */
  readonly account: (uid: number, scope?: string) => Promise<Cards>
  /** With a token that names none, as the authorisation path has. */
  readonly authoriser: (scope?: string) => Promise<Cards>
}

export interface Cards {
  readonly token: string
  readonly call: Client
  readonly post: (card?: NewCard) => Promise<Reply>
  /** Throws unless the card was made; answers its id. */
  readonly create: (card?: NewCard) => Promise<number>
  readonly get: (id: number) => Promise<Reply>
  readonly patch: (id: number, body: Json) => Promise<Reply>
  /** The answer, which is written nowhere. */
  readonly askInfo: (id: number | string) => Promise<Reply>
  /** Throws unless it was told. */
  readonly info: (id: number) => Promise<PciInfo>
  readonly force: (id: number, serviceCode?: string) => Promise<Reply>
  readonly change: (id: number, hours: unknown) => Promise<Reply>
  readonly stop: (id: number) => Promise<Reply>
  readonly verify: (id: number, cvv: string, expiry?: string) => Promise<Reply>
  readonly resetTries: (id: number, tenant: string) => Promise<Reply>
}

const pci = '/pcicards/v2/pcicards'

export const pathsOf = (id: number | string) => ({
  card: `/wallet/v2/cards/${id}`,
  info: `${pci}/info/${id}`,
  reset: `${pci}/cvv/${id}/reset`,
  change: `${pci}/cvv/${id}/change-rotation`,
  stop: `${pci}/cvv/${id}/delete-rotation`,
  verify: `${pci}/cvv/${id}/verify`,
  resetTries: `/cards-tokenization/v1/cards/${id}/config/reset-cvv2-try-counter`,
})

export const createBank = (options: Omit<ClientOptions, 'headers'>, keys: ClientKeys): Bank => {
  const ask = checked(createClient({ ...options, headers: {} }))
  const exchange: Bank['exchange'] = ({ uid, scope } = {}) =>
    ask('POST', '/passport/v2/oauth/token', {
      body: {
        grant_type: 'client_credentials',
        client_id: keys.client_id,
        client_secret_string: keys.client_secret,
        ...(uid !== undefined && { uid: String(uid) }),
        ...(scope !== undefined && { scope }),
      },
    })
  const token: Bank['token'] = async (wish) => String(needs(200, await exchange(wish))['access_token'])
  const withToken = (bearer: string): Cards => createCards(options, bearer)
  return {
    ask,
    exchange,
    token,
    withToken,
    account: async (uid, scope) => withToken(await token({ uid, ...(scope !== undefined && { scope }) })),
    authoriser: async (scope) => withToken(await token(scope === undefined ? {} : { scope })),
  }
}

let names = 0

const createCards = (options: Omit<ClientOptions, 'headers'>, token: string): Cards => {
  const headers = { authorization: `Bearer ${token}` }
  const call = checked(createClient({ ...options, headers }))
  // It holds a number and a CVV, and whatever is kept is searched for them.
  const unrecorded = checked(createClient({ ...options, headers, record: devNull }))
  const post: Cards['post'] = ({ name, hours, customer = 1, key, more } = {}) =>
    call('POST', '/wallet/v2/cards', {
      headers: { 'x-customer-id': String(customer), ...(key !== undefined && { 'x-idempotency-key': key }) },
      body: {
        name: name ?? `card ${++names}`,
        printed_name: 'JANE HOLDER',
        type: 'VIRTUAL',
        ...(hours !== undefined && { cvv_rotation_interval_hours: hours }),
        ...more,
      },
    })
  const askInfo: Cards['askInfo'] = (id) => unrecorded('GET', pathsOf(id).info)
  return {
    token,
    call,
    post,
    create: async (card) => Number(needs(201, await post(card))['id']),
    get: (id) => call('GET', pathsOf(id).card),
    patch: (id, body) => call('PATCH', pathsOf(id).card, { body }),
    askInfo,
    info: async (id) => {
      const { status, body } = await askInfo(id)
      if (status !== 200) throw new Error(`a card was not told: ${status}`)
      return body as unknown as PciInfo
    },
    force: (id, service_code) =>
      call('POST', pathsOf(id).reset, { body: service_code === undefined ? {} : { service_code } }),
    change: (id, cvv_rotation_interval_hours) =>
      call('PATCH', pathsOf(id).change, { body: { cvv_rotation_interval_hours } }),
    stop: (id) => call('DELETE', pathsOf(id).stop),
    verify: (id, cvv, expiration_date) =>
      call('POST', pathsOf(id).verify, {
        body: { cvv, ...(expiration_date !== undefined && { expiration_date }) },
      }),
    resetTries: (id, tenant) =>
      call('PATCH', pathsOf(id).resetTries, { headers: { 'x-tenant': tenant }, body: {} }),
  }
}

const checked = checkedBy(faultOf)

/** What a verification says: `locked` where nothing was compared. */
export const verdictOf = ({ status, headers, body }: Reply): 'right' | 'wrong' | 'locked' | 'later' => {
  if (status === 429) return 'later'
  if (status !== 200) throw new Error(`a CVV was not judged: ${status}`)
  if (headers['cardkeep-cvv'] === 'locked') {
    expect(body).toEqual({ valid: false })
    return 'locked'
  }
  return body['valid'] === true ? 'right' : 'wrong'
}

/** Another CVV, never the one given. */
export const otherThan = (cvv: string, by = 1): string => String((Number(cvv) + by) % 1_000).padStart(3, '0')
