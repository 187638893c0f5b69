import { createHmac, randomInt } from 'node:crypto'
import { spellMask } from '@cardkeep/core/cards/mask'
import type { Scheme } from '@cardkeep/core/cards/scheme'
import { nameScheme } from '@cardkeep/core/cards/scheme-names'
import type { EventType, VaultEvent } from '@cardkeep/core/events/event'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { Form } from './form.ts'

/*
 * The token notifications of Hellgate. They know three events, of cards only; an account has no words there. The
 * signature covers the body alone, and says nothing of when it was sent. wire: hellgate §webhooks, verified; in lower case,
 * and which of the vault's events are told as which, is inferred.
 */
const told = {
  'token.created': ['token.created'],
  'token.updated': ['token.updated', 'token.suspended', 'token.activated', 'token.invalidated'],
  'token.deleted': ['token.deleted', 'token.expired'],
} as const satisfies Readonly<Record<string, readonly EventType[]>>

export const hellgateForm: Form = {
  events: told,
  makeSecret: () =>
    new Secret(Array.from({ length: secretLength }, () => letters[randomInt(letters.length)]).join('')),
  write: (event, secret) => {
    if (event.data['type'] !== 'card') return undefined
    const body = writeBody(event)
    return { headers: { 'x-hmac-signature': sign(secret, body) }, body }
  },
  // wire: hellgate §webhooks, verified: exactly this status, and whatever else is answered comes again.
  judge: (status) => (status === 200 ? 'received' : 'failed'),
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const secretLength = 64

type TokenData = VaultEvent['data']

/** wire: hellgate §webhooks, verified */
const writeBody = ({ id, at, type, subject, data }: VaultEvent): string =>
  JSON.stringify({
    id,
    created_at: new Date(at).toISOString(),
    event_type: nameOf[type],
    token: spellToken(subject.id, data, isUsable(type, data)),
  })

/** Without what only the card or the table of BINs says: an event is kept in clear until it is delivered. */
const spellToken = (id: string, data: TokenData, usable: boolean): object => ({
  id,
  created_at: data['createdAt'],
  expiry_month: data['expiryMonth'],
  expiry_year: data['expiryYear'],
  expires_at: data['expiresAt'] ?? undefined,
  invalidated_at: data['invalidatedAt'] ?? undefined,
  issuer_identification_number: data['issuerNumber'] ?? data['bin'],
  account_number_last_four: data['last4'],
  account_number_length: data['length'],
  masked_account_number: spellMask({
    bin: String(data['bin']),
    last4: String(data['last4']),
    length: Number(data['length']),
  }),
  status: usable ? 'active' : 'invalid',
  network_token_status: 'not_available',
  scheme: nameScheme(data['scheme'] as Scheme),
  identity_and_verification: 'none',
})

const isUsable = (type: EventType, { status, invalidatedAt }: TokenData): boolean =>
  type !== 'token.expired' && status === 'active' && invalidatedAt === null

/** Each of the vault's events has one name there. */
const nameOf = Object.fromEntries(
  Object.entries(told).flatMap(([name, types]) => types.map((type) => [type, name])),
) as Readonly<Record<EventType, string>>

const sign = (secret: Secret<string>, body: string): string =>
  createHmac('sha256', openSecret(secret, 'sign')).update(body).digest('hex')
