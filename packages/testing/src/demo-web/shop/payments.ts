import { randomUUID } from 'node:crypto'
import type { Chapter, Journal } from './journal.ts'
import type { CardToken, Forwarded, Json, Vault } from './vault.ts'

/*
 * A payment is opened with the page that asks for it and settled once, however often its form is sent:
 *
 *   opened    a session of the vault waits for what the customer types
 *   settling  the charge is under way; whoever sends the form again waits for the same outcome
 *   settled   paid, declined, not sent, or unclear
 */

export interface Payment {
  readonly id: string
  readonly wish: 'card' | 'code'
  readonly sessionId: string
  readonly amount: Amount
  readonly chapter: Chapter
  outcome: Promise<Outcome> | undefined
}

export type Outcome =
  | { readonly type: 'paid'; readonly order: Order }
  | { readonly type: 'declined'; readonly reason: string }
  /** Nothing has reached the provider: paying again is safe. */
  | { readonly type: 'not sent' }
  /** The provider may have charged: paying again is not safe before somebody has looked. */
  | { readonly type: 'unclear' }

export interface Order {
  readonly id: string
  readonly card: CardToken
  readonly amount: Amount
}

/** In the currency's smallest unit. */
export interface Amount {
  readonly value: number
  readonly currency: string
}

export interface Till {
  readonly vault: Vault
  /** Where charges go. */
  readonly providerUrl: string
  /** What the provider says that it received, for the demo to show; a real shop has no such thing. */
  readonly receivedFor: (reference: string) => Json | undefined
}

/** Opens a payment with a new card, or with the one that is saved. */
export const openPayment = async (
  { vault }: Till,
  amount: Amount,
  saved: CardToken | undefined,
  journal: Journal,
): Promise<Payment> => {
  const chapter = journal.begin(saved ? 'Payment with the saved card' : 'Payment with a new card')
  const sessionId = saved
    ? await vault.openCodeSession(saved.id, chapter)
    : await vault.openCardSession(chapter)
  return { id: randomUUID(), wish: saved ? 'code' : 'card', sessionId, amount, chapter, outcome: undefined }
}

export const settlePayment = (till: Till, payment: Payment): Promise<Outcome> => {
  // Where anything fails that has no outcome of its own, nobody can say what the provider has done.
  payment.outcome ??= charge(till, payment).catch(() => ({ type: 'unclear' }))
  return payment.outcome
}

const charge = async (
  { vault, providerUrl, receivedFor }: Till,
  { wish, sessionId, amount, chapter }: Payment,
): Promise<Outcome> => {
  chapter.note({
    from: 'frame',
    to: 'vault',
    purpose:
      'What the customer typed, encrypted in the vault’s own frame. Neither the shop’s page nor its server takes part in this request.',
    request: `POST /sessions/${sessionId}/complete-action`,
    sent: { result: { enc_payload: 'opens only in the vault' } },
  })
  const tokenId = await vault.findTokenOf(sessionId, chapter)
  if (tokenId === undefined) return { type: 'not sent' }
  const card = await vault.findCard(tokenId, chapter)

  const reference = orderNumber()
  const body = writeCharge(amount, reference)
  const reply = await vault.forward({ tokenId, url: providerUrl, body }, chapter)
  const received = receivedFor(reference)
  if (received)
    chapter.note({
      from: 'vault',
      to: 'provider',
      purpose: 'The same body as the provider received it. This page masks it; the shop never had more.',
      request: `POST ${new URL(providerUrl).pathname}`,
      sent: received,
      status: reply.status,
    })

  const outcome = decideOutcome(reply, { id: reference, card, amount })
  // Nobody asked for a card to be kept that was declined.
  if (outcome.type === 'declined' && wish === 'card') await vault.removeCard(tokenId, chapter)
  return outcome
}

/** The vault replaces what stands in double braces, or sends nothing. */
const writeCharge = (amount: Amount, reference: string): Json => ({
  reference,
  amount: amount.value,
  currency: amount.currency,
  card: {
    number: '{{ account_number }}',
    exp_month: '{{ expiration_month }}',
    exp_year: '{{ expiration_year }}',
    cvc: '{{ security_code }}',
  },
})

const decideOutcome = ({ status, body, sent }: Forwarded, order: Order): Outcome => {
  if (status === 200 && body['status'] === 'approved') return { type: 'paid', order }
  if (status === 402) return { type: 'declined', reason: String(body['decline_code']) }
  return sent === 'no' ? { type: 'not sent' } : { type: 'unclear' }
}

const orderNumber = (): string => `L-${randomUUID().slice(0, 8).toUpperCase()}`
