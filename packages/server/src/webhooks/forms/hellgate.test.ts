import type { EventType, VaultEvent } from '@cardkeep/core/events/event'
import { eventTypes } from '@cardkeep/core/events/event'
import type { EventId, TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import { Type } from 'typebox'
import { Check } from 'typebox/value'
import { expect, test } from 'vitest'
import { tokenReply } from '../../dialects/hellgate/wire.ts'
import { needsForm, offeredForms, readEvents, spellEvents } from './forms.ts'
import { hellgateForm } from './hellgate.ts'

const at = epochMs(Date.UTC(2026, 0, 1, 12))
const secret = new Secret('A1'.repeat(32))

const event: VaultEvent = {
  id: '00000000-0000-4000-8000-0000000000e1' as EventId,
  tenantId: '00000000-0000-4000-8000-0000000000a1' as TenantId,
  type: 'token.suspended',
  subject: { type: 'token', id: '00000000-0000-4000-8000-0000000000c1' },
  at: epochMs(Date.UTC(2025, 11, 31, 23, 59, 59, 5)),
  data: {
    ...{ type: 'card', status: 'suspended', last4: '4242', length: 16, bin: '424242', scheme: 'visa' },
    ...{ createdAt: '2025-12-01T00:00:00.000Z', expiresAt: null, invalidatedAt: null },
    ...{ issuerNumber: '42424242', expiryMonth: 4, expiryYear: 2033 },
  },
}

interface Body {
  readonly event_type: string
  readonly token: Readonly<Record<string, unknown>>
}

const write = (fields: Partial<VaultEvent> = {}, data: VaultEvent['data'] = {}) => {
  const signed = hellgateForm.write({ ...event, ...fields, data: { ...event.data, ...data } }, secret, at)
  if (!signed) throw new Error('a card has words')
  return { ...signed, told: JSON.parse(signed.body) as Body }
}

test('a card is told of as its receivers know it', () => {
  expect(write().body).toBe(
    `{"id":"${event.id}","created_at":"2025-12-31T23:59:59.005Z","event_type":"token.updated",` +
      `"token":{"id":"${event.subject.id}","created_at":"2025-12-01T00:00:00.000Z","expiry_month":4,"expiry_year":2033,` +
      '"issuer_identification_number":"42424242","account_number_last_four":"4242","account_number_length":16,' +
      '"masked_account_number":"424242******4242","status":"invalid","network_token_status":"not_available",' +
      '"scheme":"VISA","identity_and_verification":"none"}}',
  )
})

test('each field of the token is one that the API answers with, and of the same form', () => {
  const times = { expiresAt: '2026-01-02T00:00:00.000Z', invalidatedAt: '2025-12-30T00:00:00.000Z' }
  for (const { token } of [
    write({}, times).told,
    write({}, { scheme: 'maestro', issuerNumber: '424242' }).told,
  ])
    expect(Check(Type.Omit(tokenReply, ['card_art_url'], { additionalProperties: false }), token)).toBe(true)
})

// Computed with OpenSSL over the body above: openssl dgst -sha256 -hmac A1A1…
test('the signature is the one that others compute over the body, in lower-case hex', () => {
  expect(write().headers).toEqual({
    'x-hmac-signature': 'dbf1090846447edde5e37dd1d24466d98e3cd365409a5e3d146f6f7aa7a7a47e',
  })
})

test('another body or another secret has another signature', () => {
  const { headers } = write()
  expect(write({}, { last4: '4243' }).headers).not.toEqual(headers)
  expect(hellgateForm.write(event, new Secret('A2'.repeat(32)), at)?.headers).not.toEqual(headers)
})

test('a secret is 64 capital letters and digits, each of them used', () => {
  const secrets = Array.from({ length: 100 }, () => openSecret(hellgateForm.makeSecret(), 'hand out'))
  for (const one of secrets) expect(one).toMatch(/^[A-Z0-9]{64}$/)
  expect(new Set(secrets).size).toBe(100)
  expect(new Set(secrets.join('')).size).toBe(36)
})

const names: Readonly<Record<Exclude<EventType, 'rotate_cvv'>, string>> = {
  'token.created': 'token.created',
  'token.updated': 'token.updated',
  'token.suspended': 'token.updated',
  'token.activated': 'token.updated',
  'token.invalidated': 'token.updated',
  'token.deleted': 'token.deleted',
  'token.expired': 'token.deleted',
}

const tokenEvents = eventTypes.filter((type) => type !== 'rotate_cvv')

test.each(tokenEvents)('%s has one name of three', (type) => {
  expect(write({ type }).told.event_type).toBe(names[type])
  const offering = Object.entries(hellgateForm.events).filter(([, types]) => types.includes(type))
  expect(offering.map(([name]) => name)).toEqual([names[type]])
})

test.each([
  ['token.created', { status: 'active' }, 'active'],
  ['token.updated', { status: 'active' }, 'active'],
  ['token.activated', { status: 'active' }, 'active'],
  ['token.activated', { status: 'active', invalidatedAt: '2025-12-30T00:00:00.000Z' }, 'invalid'],
  ['token.suspended', { status: 'suspended' }, 'invalid'],
  ['token.invalidated', { status: 'active', invalidatedAt: '2025-12-30T00:00:00.000Z' }, 'invalid'],
  ['token.deleted', { status: 'deleted' }, 'invalid'],
  ['token.expired', { status: 'active' }, 'invalid'],
] as const)('after %s a token with %j is told as %s', (type, data, status) => {
  expect(write({ type }, data).told.token['status']).toBe(status)
})

test('times that a token has are told, those that it has not are left out', () => {
  const times = { expiresAt: '2026-01-02T00:00:00.000Z', invalidatedAt: '2025-12-30T00:00:00.000Z' }
  expect(write({}, times).told.token).toMatchObject({
    expires_at: times.expiresAt,
    invalidated_at: times.invalidatedAt,
  })
  expect(Object.keys(write().told.token)).not.toContain('expires_at')
  expect(Object.keys(write().told.token)).not.toContain('invalidated_at')
})

test.each([
  ['visa', 'VISA'],
  ['mastercard', 'Mastercard'],
  ['amex', 'American Express'],
  ['discover', 'Discover'],
  ['diners', 'Diners Club'],
  ['jcb', 'JCB'],
  ['unionpay', 'UnionPay'],
  ['maestro', 'Unknown'],
  ['unknown', 'Unknown'],
])('%s is spelled %s', (scheme, name) => {
  expect(write({}, { scheme }).told.token['scheme']).toBe(name)
})

test('of a card that could not be opened it tells six digits of the issuer and no expiry', () => {
  const { issuerNumber: _, expiryMonth: _month, expiryYear: _year, ...data } = event.data
  const signed = hellgateForm.write({ ...event, data }, secret, at)
  const { token } = JSON.parse(signed?.body ?? '') as Body
  expect(token['issuer_identification_number']).toBe('424242')
  expect(Object.keys(token).filter((name) => name.startsWith('expiry'))).toEqual([])
})

test('it has no words for an issued card', () => {
  const subject = { type: 'issued-card', id: event.subject.id } as const
  expect(
    hellgateForm.write({ ...event, type: 'rotate_cvv', subject, data: { cardId: 7 } }, secret, at),
  ).toBeUndefined()
  expect(readEvents('hellgate', ['rotate_cvv'])).toBeUndefined()
})

test('it has no words for an account', () => {
  const data = { type: 'bank', status: 'active', last4: '6789', length: 9 }
  expect(hellgateForm.write({ ...event, data }, secret, at)).toBeUndefined()
})

test.each([201, 202, 204, 299, 300, 400, 404, 410, 500])('an answer of %i is tried again', (status) => {
  expect(hellgateForm.judge(status)).toBe('failed')
})

test('an answer of 200 says that it was received', () => {
  expect(hellgateForm.judge(200)).toBe('received')
})

test('a webhook is told all that its names mean, and shows them again', () => {
  expect(readEvents('hellgate', ['token.updated', 'token.created', 'token.updated'])).toEqual([
    'token.updated',
    'token.suspended',
    'token.activated',
    'token.invalidated',
    'token.created',
  ])
  for (const form of offeredForms)
    for (const name of Object.keys(needsForm(form).events))
      expect(spellEvents({ form, events: readEvents(form, [name]) ?? [] })).toEqual([name])
})

test.each([
  ['hellgate', 'token.suspended'],
  ['hellgate', 'token.expired'],
  ['hellgate', 'toString'],
  ['standard', 'token.refreshed'],
  ['standard', ''],
] as const)('the form %s offers no event %j', (form, name) => {
  expect(readEvents(form, ['token.created', name])).toBeUndefined()
})
