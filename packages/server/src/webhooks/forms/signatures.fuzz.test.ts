import { createHmac } from 'node:crypto'
import { eventTypes, type VaultEvent } from '@cardkeep/core/events/event'
import type { EventId, TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { epochMs } from '@cardkeep/core/kernel/time'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { runs } from '@cardkeep/testing/fuzz/runs'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { needsForm } from './forms.ts'

/* Whatever an event tells, its receiver reads it as it was told and finds it signed; and finds any change to it. */

const at = epochMs(Date.UTC(2026, 0, 1, 12, 0, 0, 750))
beforeEach(() => void vi.useFakeTimers({ now: at, toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** What somebody may be called, as far as text goes. */
const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '\n', '\0', 'é', '😀', '\ud800', '\u2028', '.'),
})

const drawEvent: fc.Arbitrary<VaultEvent> = fc
  .record({
    type: fc.constantFrom(...eventTypes.filter((type) => type !== 'rotate_cvv')),
    ...{ id: fc.uuid(), subject: fc.uuid(), name: text, other: text },
  })
  .map(({ type, id, subject, ...data }) => ({
    ...{ type, at, id: id as EventId, tenantId: 'a' as TenantId },
    subject: { type: 'token' as const, id: subject },
    data: { ...card, ...data },
  }))

const card = {
  ...{ type: 'card', bin: '411111', last4: '1111', length: 16, scheme: 'visa' },
  ...{ status: 'active', invalidatedAt: null },
}

const standard = needsForm('standard')
const hellgate = needsForm('hellgate')

describe('an event in the form of Standard Webhooks', () => {
  const secret = standard.makeSecret()
  const receiver = new Webhook(openSecret(secret, 'hand out'))

  test('is read by a receiver as it was told', () => {
    fc.assert(
      fc.property(drawEvent, (event) => {
        const { headers, body } = standard.write(event, secret, at) ?? { headers: {}, body: '' }
        const { type, subject, data } = event
        expect(receiver.verify(Buffer.from(body), headers)).toEqual({
          ...{ type, timestamp: new Date(at).toISOString() },
          data: JSON.parse(JSON.stringify({ token: subject.id, ...data })),
        })
      }),
      runs(500),
    )
  })

  test('is refused by a receiver once a byte of it was changed', () => {
    fc.assert(
      fc.property(drawEvent, drawEdits(['"', '\\', '}', '\n', '.'], 2), (event, edits) => {
        const { headers, body } = standard.write(event, secret, at) ?? { headers: {}, body: '' }
        const edited = applyEdits(Buffer.from(body), edits)
        fc.pre(!edited.equals(Buffer.from(body)) && Buffer.from(edited.toString()).equals(edited))
        expect(() => receiver.verify(edited, headers)).toThrow('No matching signature')
      }),
      runs(500),
    )
  })
})

test('an event in the form of Hellgate is signed as the bytes that are sent', () => {
  const secret = hellgate.makeSecret()
  fc.assert(
    fc.property(drawEvent, (event) => {
      const { headers, body } = hellgate.write(event, secret, at) ?? { headers: {}, body: '' }
      const mac = createHmac('sha256', openSecret(secret, 'hand out')).update(Buffer.from(body)).digest('hex')
      expect(headers['x-hmac-signature']).toBe(mac)
      expect(JSON.parse(body)).toMatchObject({ id: event.id, token: { id: event.subject.id } })
    }),
    runs(500),
  )
})
