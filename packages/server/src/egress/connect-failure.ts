import type { ForwardFailure } from '@cardkeep/core/errors'

/**
 * Thrown where a connection could not be made, so nothing of a request was sent. Its code is none that undici knows: to
 * some of its own it answers by connecting again.
 */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure'
  readonly code = 'CARDKEEP_CONNECT'
  readonly reason: ForwardFailure | 'timed out'

  constructor(reason: ForwardFailure | 'timed out') {
    super(reason)
    this.reason = reason
  }
}

/** Rejects when the time, by `performance.now()`, is over. */
export const expiry = (deadline: number): { readonly promise: Promise<never>; clear(): void } => {
  const { promise, reject } = Promise.withResolvers<never>()
  // The race it stands in may be over before it is looked at.
  promise.catch(ignore)
  const timer = setTimeout(
    () => reject(new ConnectFailure('timed out')),
    Math.max(0, deadline - performance.now()),
  )
  return { promise, clear: () => clearTimeout(timer) }
}

const ignore = (): void => undefined
