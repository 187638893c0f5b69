import { eventTypes, type VaultEvent } from '@cardkeep/core/events/event'
import type { EventId, TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { standardForm } from './standard.ts'

const at = epochMs(Date.UTC(2026, 0, 1, 12, 0, 0, 750))
beforeEach(() => void vi.useFakeTimers({ now: at }))
afterEach(() => void vi.useRealTimers())

const event: VaultEvent = {
  id: '00000000-0000-4000-8000-0000000000e1' as EventId,
  tenantId: '00000000-0000-4000-8000-0000000000a1' as TenantId,
  type: 'token.suspended',
  subject: { type: 'token', id: '00000000-0000-4000-8000-0000000000c1' },
  at: epochMs(Date.UTC(2025, 11, 31, 23, 59, 59, 5)),
  data: { type: 'card', status: 'suspended', last4: '1111', bin: '411111', scheme: 'visa', length: 16 },
}

const write = (...wish: Parameters<typeof standardForm.write>) => {
  const signed = standardForm.write(...wish)
  if (!signed) throw new Error('the standard form has words for everything')
  return signed
}

test('a receiver that keeps to the standard accepts what is signed', () => {
  const secret = standardForm.makeSecret()
  const { headers, body } = write(event, secret, at)
  const receiver = new Webhook(openSecret(secret, 'hand out'))
  expect(receiver.verify(body, { ...headers })).toEqual({
    type: 'token.suspended',
    timestamp: '2025-12-31T23:59:59.005Z',
    data: {
      token: '00000000-0000-4000-8000-0000000000c1',
      type: 'card',
      status: 'suspended',
      last4: '1111',
      bin: '411111',
      scheme: 'visa',
      length: 16,
    },
  })
})

test('the signature covers the body, the id and the time', () => {
  const secret = standardForm.makeSecret()
  const { headers, body } = write(event, secret, at)
  const receiver = new Webhook(openSecret(secret, 'hand out'))
  expect(() => receiver.verify(`${body} `, { ...headers })).toThrow('No matching')
  expect(() => receiver.verify(body, { ...headers, 'webhook-id': 'other' })).toThrow('No matching')
  const later = String(Number(headers['webhook-timestamp']) + 1)
  expect(() => receiver.verify(body, { ...headers, 'webhook-timestamp': later })).toThrow('No matching')
  const stranger = new Webhook(openSecret(standardForm.makeSecret(), 'hand out'))
  expect(() => stranger.verify(body, { ...headers })).toThrow('No matching')
})

test('each attempt has the id of the event and a time and signature of its own', () => {
  const secret = standardForm.makeSecret()
  const first = write(event, secret, at)
  const second = write(event, secret, epochMs(at + 60_000))
  expect(first.headers).toMatchObject({
    'webhook-id': event.id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
  })
  expect(second.headers['webhook-id']).toBe(event.id)
  expect(second.headers['webhook-signature']).not.toBe(first.headers['webhook-signature'])
  expect(second.body).toBe(first.body)
})

// Computed with OpenSSL: printf '%s' "$id.$time.$body" | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64
test('the signature is the one that others compute', () => {
  const secret = new Secret(`whsec_${Buffer.alloc(32, 7).toString('base64')}`)
  const { headers } = write({ ...event, data: {} }, secret, at)
  expect(headers['webhook-signature']).toBe('v1,AKqrlynmQ8b0csYsbBbTHZabX/y12Fgt8atW3u1wW+Y=')
})

test('a secret is whsec_ and 32 random bytes', () => {
  const [one, other] = [standardForm.makeSecret(), standardForm.makeSecret()].map((made) =>
    openSecret(made, 'hand out'),
  )
  expect(one).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(other).not.toBe(one)
})

test('every event is offered under its own name', () => {
  expect(standardForm.events).toEqual(Object.fromEntries(eventTypes.map((type) => [type, [type]])))
})

test.each([
  [200, 'received'],
  [204, 'received'],
  [299, 'received'],
  [199, 'failed'],
  [300, 'failed'],
  [404, 'failed'],
  [410, 'gone'],
  [500, 'failed'],
])('an answer of %i means: %s', (status, judgement) => {
  expect(standardForm.judge(status)).toBe(judgement)
})
