import { eventTypes, type VaultEvent } from '@cardkeep/core/events/event'
import { type IssuedCard, issuedCardIdOf } from '@cardkeep/core/issuing/issued-card'
import { usualIssuerSettings } from '@cardkeep/core/issuing/issuer'
import type { CardHashId, TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { epochMs, hourMs } from '@cardkeep/core/kernel/time'
import { type RotationNews, tellRotation } from '@cardkeep/core/operations/issuing/tell-rotation'
import { createCountingIds } from '@cardkeep/testing/clock'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readEvents } from './forms.ts'
import { pismoForm } from './pismo.ts'

const at = epochMs(Date.UTC(2026, 0, 1, 15))
beforeEach(() => void vi.useFakeTimers({ now: at }))
afterEach(() => void vi.useRealTimers())

const tenantId = '00000000-0000-4000-8000-0000000000a1' as TenantId
const cardId = issuedCardIdOf(epochMs(Date.UTC(2026, 0, 1)), 7)

const card: IssuedCard = {
  ...{ id: cardId, tenantId, hash: '00112233-4455-4677-8899-aabbccddeeff' as CardHashId },
  ...{ accountId: 42, customerId: 43, status: 'NORMAL', name: 'Al Fresco', printedName: 'HO LEE' },
  ...{
    last4: '0007',
    numberHash: new Uint8Array(32).fill(0xa1),
    sealedNumber: new Uint8Array(64).fill(0xa2),
  },
  ...{ expiryMonth: 1, expiryYear: 2032, contactless: true, accountUpdater: false },
  ...{ transactionLimit: 10, metadata: '{"secret":"metadata"}' },
  ...{ createdAt: epochMs(Date.UTC(2026, 0, 1)), updatedAt: epochMs(Date.UTC(2026, 0, 1)), version: 1 },
}

const news: RotationNews = {
  operation: 'ROTATE_CVV',
  rotationType: 'AUTOMATIC',
  correlationId: '00000000-0000-4000-8000-0000000000c1',
}

/** The event as operations make it, so that both ends are held together. */
const eventOf = (wish: {
  readonly news?: Partial<RotationNews>
  readonly nextAt?: number | undefined
  readonly eventType?: 'rotate_cvv' | 'rotate_cvv-1'
}): VaultEvent => {
  const nextAt = 'nextAt' in wish ? wish.nextAt : at + 24 * hourMs
  const change = tellRotation(
    createCountingIds(),
    {
      tenantId,
      settings: { ...usualIssuerSettings, eventType: wish.eventType ?? 'rotate_cvv' },
      ...{ cvk: undefined, componentsExpected: undefined, createdAt: at },
    },
    {
      card,
      rotation: {
        ...{ cardId, tenantId, sealedServiceCode: new Uint8Array(19).fill(0xa3), serial: 3 },
        schedule: {
          intervalMs: nextAt === undefined ? undefined : 24 * hourMs,
          nextAt: nextAt === undefined ? undefined : epochMs(nextAt),
          ...{ lastScheduledAt: at, lastRotatedAt: at },
        },
        ...{ dueAt: undefined, previous: undefined, version: 4 },
      },
    },
    { ...news, ...wish.news },
    at,
  )
  if (change.type !== 'emit-event') throw new Error('a rotation is told by an event')
  return change.event
}

const secret = pismoForm.makeSecret()

const write = (event: VaultEvent) => {
  const signed = pismoForm.write(event, secret, at)
  if (!signed) throw new Error('a rotation has words')
  return signed
}

// wire: pismo §envelope, §event
test('a rotation is told in its envelope, field by field', () => {
  const { body } = write(eventOf({}))
  expect(JSON.parse(body)).toStrictEqual({
    event_id: '00000000-0000-4000-8000-000000000001',
    domain: 'cards',
    event_type: 'rotate_cvv',
    schema_version: 1,
    org_id: `TN-${tenantId}`,
    cid: news.correlationId,
    timestamp: '2026-01-01T15:00:00.000Z',
    data: {
      account_id: 42,
      card_hash: 'ABEiM0RVRneImaq7zN3u/w==',
      card_id: cardId,
      card_last_four_numbers: '0007',
      card_name: 'Al Fresco',
      card_printed_name: 'HO LEE',
      card_status: 'NORMAL',
      contactless_enabled: true,
      cvv_next_rotation_date: '2026-01-02T15:00:00.000Z',
      cvv_rotation_type: 'AUTOMATIC',
      expiration_date: '2032-01-31T23:59:59.999Z',
      issuing_date: '2026-01-01T00:00:00.000Z',
      program_id: 1,
      status: 'SUCCESS',
      abu_enabled: false,
      operation_type: 'ROTATE_CVV',
    },
  })
})

test.each([
  ['ROTATE_CVV', 'MANUAL'],
  ['CHANGE_CVV_ROTATION', 'MANUAL'],
  ['DELETE_CVV_ROTATION', 'MANUAL'],
] as const)('%s says what was done', (operation, rotationType) => {
  const { data } = JSON.parse(write(eventOf({ news: { operation, rotationType } })).body) as {
    data: Record<string, unknown>
  }
  expect(data).toMatchObject({ operation_type: operation, cvv_rotation_type: rotationType })
})

test('a card without a schedule has no next rotation, and says so', () => {
  expect(write(eventOf({ nextAt: undefined })).body).toContain('"cvv_next_rotation_date":null')
})

test('the type of the event is the one that the issuer chose', () => {
  expect(write(eventOf({ eventType: 'rotate_cvv-1' })).body).toContain('"event_type":"rotate_cvv-1"')
})

test('a receiver that keeps to Standard Webhooks accepts what is signed, and finds the id in both places', () => {
  const { headers, body } = write(eventOf({}))
  const receiver = new Webhook(openSecret(secret, 'hand out'))
  const { event_id: id } = receiver.verify(body, { ...headers }) as { event_id: string }
  expect(headers['webhook-id']).toBe(id)
  expect(() => receiver.verify(`${body} `, { ...headers })).toThrow('No matching')
})

test('each attempt is the same body under a signature of its own', () => {
  const event = eventOf({})
  const later = pismoForm.write(event, secret, epochMs(at + 60_000))
  expect(later?.body).toBe(write(event).body)
  expect(later?.headers['webhook-signature']).not.toBe(write(event).headers['webhook-signature'])
})

test('it offers one event, and has no words for tokens', () => {
  expect(readEvents('pismo', ['rotate_cvv'])).toEqual(['rotate_cvv'])
  const subject = { type: 'token', id: card.hash } as const
  for (const type of eventTypes.filter((other) => other !== 'rotate_cvv')) {
    expect(readEvents('pismo', [type])).toBeUndefined()
    expect(pismoForm.write({ ...eventOf({}), type, subject }, secret, at)).toBeUndefined()
  }
})

test.each([
  [200, 'received'],
  [204, 'received'],
  [300, 'failed'],
  [410, 'gone'],
  [500, 'failed'],
])('an answer of %i means: %s', (status, judgement) => {
  expect(pismoForm.judge(status)).toBe(judgement)
})
