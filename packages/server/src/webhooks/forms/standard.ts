import { createHmac, randomBytes } from 'node:crypto'
import { eventTypes, type VaultEvent } from '@cardkeep/core/events/event'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { Form } from './form.ts'

/*
 * Standard Webhooks 1.0.0, symmetric signatures. The id is the event's own and the same at every attempt, so that a
 * receiver can tell what it has taken already; the time is the attempt's, so that an old request cannot be shown again.
 */
export const standardForm: Form = {
  events: Object.fromEntries(eventTypes.map((type) => [type, [type]])),
  makeSecret: () => new Secret(`${prefix}${randomBytes(secretBytes).toString('base64')}`),
  write: (event, secret, at) => {
    const timestamp = String(Math.floor(at / 1000))
    const body = writeBody(event)
    return {
      headers: {
        'webhook-id': event.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${sign(secret, `${event.id}.${timestamp}.${body}`)}`,
      },
      body,
    }
  },
  // An endpoint that answers 410 wants no more (RFC 9110 section 15.5.11). An operator can replay what was given up.
  judge: (status) => {
    if (status >= 200 && status < 300) return 'received'
    return status === 410 ? 'gone' : 'failed'
  },
}

const prefix = 'whsec_'
/** The standard asks for 24 to 64. */
const secretBytes = 32

const writeBody = ({ type, at, subject, data }: VaultEvent): string =>
  JSON.stringify({
    type,
    timestamp: new Date(at).toISOString(),
    data: { [subject.type]: subject.id, ...data },
  })

const sign = (secret: Secret<string>, text: string): string => {
  const key = Buffer.from(openSecret(secret, 'sign').slice(prefix.length), 'base64')
  try {
    return createHmac('sha256', key).update(text).digest('base64')
  } finally {
    key.fill(0)
  }
}
