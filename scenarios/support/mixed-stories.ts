import { randomUUID } from 'node:crypto'
import { parseToken } from '@cardkeep/core/tokens/spelling'
import { loadCard } from '@cardkeep/testing/canary/cards'
import type { Reply } from './client.ts'
import { cardAnswer, importBody, keyIn, sealFor } from './hellgate.ts'
import type { Book } from './mixed-book.ts'
import type { Callers, Taker } from './mixed-callers.ts'
import { type Cards, type PciInfo, pathsOf, verdictOf } from './pismo.ts'
import { tokenizeBody } from './shop.ts'
import { chargeByProxy } from './verifone-scenario.ts'

/** What one caller does, again and again: each of its steps at whichever vault is chosen for it. */
export type Story = (teller: Teller) => Promise<void>

export interface Teller {
  /** Whose steps these are, from 1. */
  readonly account: number
  readonly book: Book
  readonly taker: Taker
  /** The answer, if it is the one that is wanted; `undefined` where it was counted as a failure, or where the connection ended. */
  readonly step: (
    kind: string,
    send: (at: Callers) => Promise<Reply>,
    wanted?: Wanted,
  ) => Promise<Reply | undefined>
}

/** A status, or whatever is not the fault of the vault: below 500. */
type Wanted = number | 'an answer'

const next = { card: 1_000_000, charge: 0 }
const drawNumber = (): string => loadCard(next.card++)

/** A card by Ozura's API, charged with the code of its session. Where no answer came it is sent again, with its key. */
const ozura: Story = async (teller) => {
  const { step, book } = teller
  const call = {
    body: tokenizeBody({ number: drawNumber(), code: '123' }),
    headers: { 'idempotency-key': randomUUID() },
  }
  const tokenize = ({ shop }: Callers): Promise<Reply> => shop.call('POST', '/tokenize', call)
  const { reply: made } = await insist(step, 'tokenize', tokenize, 201)
  if (made.status !== 201) return
  const { token, cvc_session_id: session } = made.body as { token: string; cvc_session_id?: string }
  acknowledge(book, token)
  await charge(teller, 'charge', ({ shop }, url) => shop.charge({ token, session, url }))
  await charge(teller, 'charge', ({ shop }, url) => shop.charge({ token, url }))
}

/** A card by Hellgate's API, charged with the code that it came with, and with one that its customer types. */
const hellgate: Story = async (teller) => {
  const { step, book } = teller
  const body = importBody({ number: drawNumber(), code: '234' })
  const made = await step('import', ({ merchant }) => merchant.call('POST', '/cde-import', { body }))
  if (!made) return
  const token = String(made.body['id'])
  acknowledge(book, token)
  await charge(teller, 'forward', ({ merchant }, url) => merchant.charge({ token, url }))

  const opened = await step('refresh', ({ merchant }) =>
    merchant.call('POST', `/tokens/${token}/refresh-session`),
  )
  const session = opened && String(opened.body['session_id'])
  const asked =
    session && (await step('session', ({ merchant }) => merchant.browse('GET', `/sessions/${session}`)))
  if (!asked) return
  const payload = await sealFor(keyIn(asked.body), { security_code: '345' })
  const completed = await step('answer', ({ merchant }) =>
    merchant.complete(session, 'refresh_security_code', payload),
  )
  if (completed) await charge(teller, 'forward', ({ merchant }, url) => merchant.charge({ token, url }))
}

/** A card that a browser seals for a session of Hellgate's API. An answer that was lost is sent again. */
const browser: Story = async (teller) => {
  const { step, book } = teller
  const opened = await step('open', ({ merchant }) => merchant.call('POST', '/tokens/session'))
  const session = opened && String(opened.body['session_id'])
  const asked =
    session && (await step('session', ({ merchant }) => merchant.browse('GET', `/sessions/${session}`)))
  if (!asked) return
  const payload = await sealFor(keyIn(asked.body), cardAnswer({ number: drawNumber(), code: '567' }))
  const { reply, tries } = await insist(step, 'answer', ({ merchant }) =>
    merchant.complete(session, 'tokenize_card', payload),
  )
  const { token_id: token } = (reply.body['data'] ?? {}) as { readonly token_id?: string }
  if (token === undefined) return
  acknowledge(book, token)
  // Where the first answer was lost, whoever had it may have died before it held the code.
  const wanted = tries === 1 ? 200 : 'an answer'
  await charge(teller, 'forward', ({ merchant }, url) => merchant.charge({ token, url }), wanted)
}

/** A card that Verifone's client encrypts. It comes again and again, and brings its code once; at the end its token is deleted. */
const verifone: Story = async (teller) => {
  const { step, book } = teller
  const body = { current: undefined as unknown }
  const put = async ({ site }: Callers): Promise<Reply> => {
    body.current ??= await site.putBody({ number: drawNumber(), code: '456' })
    return site.call('PUT', '/api/v2/card', { body: body.current })
  }
  const { reply: made, tries } = await insist(step, 'put', put)
  if (made.status !== 200) return
  const token = String(made.body['reuse_token'])
  const id = acknowledge(book, token)
  const again = await step('put', put)
  needs(!again || again.body['reuse_token'] === token, 'a capture that came twice has one token')
  // Whoever took it first may have died before it held the code, and its code comes once.
  const wanted = tries === 1 ? 200 : 'an answer'
  await charge(teller, 'charge', ({ shop }, url) => chargeByProxy(shop, { token, url }), wanted)
  await step('put', put)
  const asked = await step('held', ({ merchant }) => merchant.call('GET', `/tokens/${token}/security-code`))
  needs(asked?.body['security_code_available'] !== true, 'a capture brings its code once')

  if (await step('patch', ({ site }) => site.patch(token, { expiry_month: 11 })))
    book.told.add(`${id} token.updated`)
  const shown = await step('show', ({ site }) => site.get(token))
  needs(!shown || shown.body['reuse_token'] === token, 'a token is found by its name')
  move(id, book.tokens, book.suspended)
  if (!(await step('suspend', ({ site }) => site.suspend(token), 204))) return
  book.told.add(`${id} token.suspended`)
  if (!(await step('activate', ({ site }) => site.activate(token), 204))) return
  book.told.add(`${id} token.activated`)
  move(id, book.suspended, book.ended)
  if (await step('remove', ({ site }) => site.remove(token), 204)) book.told.add(`${id} token.deleted`)
}

/** A card that an issuer makes, whose CVV is told, rotated and verified. */
const pismo: Story = async (teller) => {
  const { step, book, account } = teller
  const exchanged = await step('exchange', ({ bank }) => bank.exchange({ uid: account }))
  const authorised = await step('exchange', ({ bank }) => bank.exchange())
  if (!exchanged || !authorised) return
  const own = ({ bank }: Callers): Cards => bank.withToken(String(exchanged.body['access_token']))
  const authoriser = ({ bank }: Callers): Cards => bank.withToken(String(authorised.body['access_token']))

  const key = randomUUID()
  const issue = (at: Callers): Promise<Reply> => own(at).post({ name: key, key, hours: 24 })
  const { reply: made } = await insist(step, 'issue', issue, 201)
  if (made.status !== 201) return
  const id = Number(made.body['id'])
  needs(!book.cards.has(id), 'no two cards have one id')
  book.cards.set(id, { rotations: 0, isUncertain: false })

  const judge = async (): Promise<void> => {
    const told = await step('info', (at) => own(at).askInfo(id))
    const { cvv } = (told?.body ?? {}) as Partial<PciInfo>
    const judged = cvv && (await step('verify', (at) => authoriser(at).verify(id, cvv)))
    needs(!judged || verdictOf(judged) === 'right', 'the CVV that was told is right')
  }
  await judge()
  for (const rotations of [1, 2]) {
    const rotated = await step('rotate', (at) => own(at).call('POST', pathsOf(id).reset, { body: {} }))
    book.cards.set(id, { rotations: rotated ? rotations : rotations - 1, isUncertain: !rotated })
    if (!rotated) return
  }
  await judge()
}

export const stories: readonly Story[] = [ozura, hellgate, browser, verifone, pismo]

const acknowledge = ({ tokens, told }: Book, token: string): string => {
  const id = String(parseToken(token))
  needs(!tokens.has(id), 'no two cards have one token')
  tokens.add(id)
  told.add(`${id} token.created`)
  return id
}

const move = (id: string, from: Set<string>, to: Set<string>): void => {
  from.delete(id)
  to.add(id)
}

/** Charges, and insists: whatever is answered in the end, the provider must not get the code twice. */
const charge = async (
  { step, book, taker }: Teller,
  kind: string,
  send: (at: Callers, url: string) => Promise<Reply>,
  wanted: Wanted = 200,
): Promise<void> => {
  const number = next.charge++
  const { reply } = await insist(step, kind, (at) => send(at, taker.urlOf(number, at)), wanted)
  if (reply.status === 200) book.charges.add(number)
}

/** Sends it again until it is answered, since nobody knows whether it was done. */
const insist = async (
  step: Teller['step'],
  kind: string,
  send: (at: Callers) => Promise<Reply>,
  wanted: Wanted = 200,
): Promise<{ readonly reply: Reply; readonly tries: number }> => {
  let reply = await step(kind, send, wanted)
  let tries = 1
  for (; !reply; tries++) reply = await step(`${kind} again`, send, 'an answer')
  return { reply, tries }
}

const needs = (isSo: boolean, rule: string): void => {
  if (!isSo) throw new Error(`a rule was broken: ${rule}`)
}
