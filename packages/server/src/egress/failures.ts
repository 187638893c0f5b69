import type { ForwardFailure, Refusal, Sent } from '@cardkeep/core/errors'

export const failed = (sent: Sent, reason: ForwardFailure): Refusal => ({
  type: 'ForwardFailed',
  sent,
  reason,
})

export const timedOut = (sent: Sent): Refusal => ({ type: 'ForwardTimedOut', sent })
