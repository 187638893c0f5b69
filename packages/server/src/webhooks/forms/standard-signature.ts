import { createHmac, randomBytes } from 'node:crypto'
import type { EventId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { Form, SignedEvent } from './form.ts'

/*
 * Standard Webhooks 1.0.0, symmetric signatures. The id is the event's own and the same at every attempt, so that a
 * receiver can tell what it has taken already; the time is the attempt's, so that an old request cannot be shown again.
 */

/** A body with the headers that sign it. */
export const signStandard = (
  { id, body }: { readonly id: EventId; readonly body: string },
  secret: Secret<string>,
  at: EpochMs,
): SignedEvent => {
  const timestamp = String(Math.floor(at / 1000))
  return {
    headers: {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`,
    },
    body,
  }
}

export const makeStandardSecret = (): Secret<string> =>
  new Secret(`${prefix}${randomBytes(secretBytes).toString('base64')}`)

/** An endpoint that answers 410 wants no more (RFC 9110 section 15.5.11). An operator can replay what was given up. */
export const judgeStandard: Form['judge'] = (status) => {
  if (status >= 200 && status < 300) return 'received'
  return status === 410 ? 'gone' : 'failed'
}

const prefix = 'whsec_'
/** The standard asks for 24 to 64. */
const secretBytes = 32

const sign = (secret: Secret<string>, text: string): string => {
  const key = Buffer.from(openSecret(secret, 'sign').slice(prefix.length), 'base64')
  try {
    return createHmac('sha256', key).update(text).digest('base64')
  } finally {
    key.fill(0)
  }
}
