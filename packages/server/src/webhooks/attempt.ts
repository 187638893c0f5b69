import type { Destination } from '@cardkeep/core/destinations/destination'
import { type Refusal, UnavailableError } from '@cardkeep/core/errors'
import type { DeliveryFailure } from '@cardkeep/core/events/delivery-schedule'
import type { VaultEvent } from '@cardkeep/core/events/event'
import type { Webhook } from '@cardkeep/core/events/webhook'
import type { DestinationId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { Answer, Clock, Egress } from '@cardkeep/core/ports'
import type { Form } from './forms/form.ts'
import { needsForm } from './forms/forms.ts'
import { readRetryAfter } from './retry-after.ts'

export interface AttemptPorts {
  /** Its timeouts are shorter than those of forwards. */
  readonly egress: Pick<Egress, 'admit' | 'send'>
  readonly openSecret: (webhook: Webhook) => Promise<Secret<string>>
  readonly clock: Clock
}

export type Attempt =
  | { readonly type: 'taken' }
  /** The form has no words for it: nobody waits for it. */
  | { readonly type: 'passed over' }
  | { readonly type: 'failed'; readonly failure: DeliveryFailure }
  /** The vault itself could not try; nobody is to blame, and it does not count. */
  | { readonly type: 'not made' }

/** Sends an event to a webhook once. Only an answer within the time, as its form wants it, takes it; no redirect is followed. */
export const attemptDelivery = async (
  { egress, openSecret, clock }: AttemptPorts,
  webhook: Webhook,
  event: VaultEvent,
): Promise<Attempt> => {
  try {
    const form = needsForm(webhook.form)
    const signed = form.write(event, await openSecret(webhook), clock.now())
    if (!signed) return { type: 'passed over' }
    const admitted = egress.admit({
      url: webhook.url,
      method: 'POST',
      headers: { ...signed.headers, 'user-agent': 'Cardkeep' },
      destinations: [asDestination(webhook)],
    })
    if (!admitted.ok) return judgeRefusal(admitted.error)
    const outcome = await egress.send(admitted.value, {
      body: new Secret(signed.body),
      contentType: 'application/json',
      pan: undefined,
      accountNumber: undefined,
      code: undefined,
    })
    return outcome.type === 'refused'
      ? judgeRefusal(outcome.refusal)
      : judgeAnswer(form, outcome.answer, clock)
  } catch (error) {
    if (error instanceof UnavailableError) return { type: 'not made' }
    throw error
  }
}

const asDestination = (webhook: Webhook): Destination => ({
  // Connections are kept apart by this id, and ids of both kinds are random.
  id: webhook.id as string as DestinationId,
  tenantId: webhook.tenantId,
  origin: new URL(webhook.url).origin,
  pathPrefix: undefined,
  methods: ['POST'],
  ca: webhook.ca,
  client: undefined,
  headers: [],
  allowPrivate: webhook.allowPrivate,
  createdAt: webhook.createdAt,
})

const judgeAnswer = (form: Form, { status, headers }: Answer, clock: Clock): Attempt => {
  const judgement = form.judge(status)
  if (judgement === 'received') return { type: 'taken' }
  const isRedirect = status >= 300 && status < 400
  return failed(isRedirect ? `answered ${status}, and redirects are not followed` : `answered ${status}`, {
    retryAfterMs: readRetryAfter(headers['retry-after'], clock.now()),
    isGone: judgement === 'gone',
  })
}

const judgeRefusal = (refusal: Refusal): Attempt => {
  switch (refusal.type) {
    case 'Unavailable':
    case 'Sealed':
      return { type: 'not made' }
    case 'ForwardFailed':
      return failed(refusal.reason)
    case 'ForwardTimedOut':
      return failed('no answer in time')
    case 'DestinationNotAllowed':
      return failed('address refused')
    default:
      return failed('not sent')
  }
}

const failed = (reason: string, parts: Partial<DeliveryFailure> = {}): Attempt => ({
  type: 'failed',
  failure: { retryAfterMs: undefined, isGone: false, ...parts, reason },
})
