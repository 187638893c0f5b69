import type { CaptureFault } from './captures/capture-fault.ts'
import type { HoldReceipt } from './codes/held-code.ts'
import type { CardValue } from './templates/syntax.ts'

/**
 * Everything that the vault may refuse to do, in one union. Each dialect maps every row to its own status and body;
 * a missing row does not compile. Refusals that differ only in what they would teach an attacker are one refusal.
 */
export type Refusal =
  // what was sent
  | { readonly type: 'MissingField'; readonly field: string; readonly within?: FieldPath }
  | FieldFault
  /** two of them at least, where the dialect lists all that is wrong */
  | { readonly type: 'InvalidFields'; readonly faults: readonly FieldFault[] }
  | { readonly type: 'InvalidCardNumber' }
  | { readonly type: 'InvalidExpiryMonth' }
  | { readonly type: 'InvalidExpiryYear' }
  | { readonly type: 'InvalidCode' }
  | { readonly type: 'CardExpired' }
  /** what a browser sealed: changed, for another session, seen before, too large, or in a form that is not ours */
  | { readonly type: 'PayloadNotReadable' }
  /** what a client encrypted for a capture key, and what is wrong with it: its sender has credentials and may know */
  | { readonly type: 'CaptureRefused'; readonly fault: CaptureFault }
  /** a capture key that is unknown, retired, or another tenant's */
  | { readonly type: 'CaptureKeyNotFound' }
  | { readonly type: 'BodyNotReadable' }
  | { readonly type: 'BodyTooLarge' }
  | { readonly type: 'ContentTypeNotSupported' }
  | { readonly type: 'RouteNotFound' }
  // who sent it
  | { readonly type: 'NotAuthenticated' }
  | { readonly type: 'NotPermitted' }
  | { readonly type: 'LockedOut'; readonly retryAfterSeconds: number }
  /** too many codes were asked for that are not held */
  | { readonly type: 'TooManyGuesses'; readonly retryAfterSeconds: number }
  // what it names
  /** unknown, deleted, expired, suspended, invalidated, or of a scope that the tenant is not linked to */
  | { readonly type: 'TokenNotFound' }
  /** unknown, cancelled, expired, of another account, or not yet there for whoever asks for its PCI data */
  | { readonly type: 'IssuedCardNotFound' }
  /** the card has none that could be stopped */
  | { readonly type: 'RotationNotFound' }
  /** the tenant cannot issue cards: why stands in `reason` */
  | { readonly type: 'IssuerNotReady'; readonly reason: IssuerFault }
  /** unknown, or not linked to the tenant */
  | { readonly type: 'ScopeNotFound' }
  /** what is asked of a token's network token cannot be: why stands in `reason` */
  | { readonly type: 'NetworkTokenRefused'; readonly reason: NetworkTokenFault }
  /** unknown, expired, spent, of another token, or of another tenant */
  | { readonly type: 'CodeNotHeld' }
  /** a capture session that is unknown or past its time */
  | { readonly type: 'SessionNotFound' }
  // what a forward asks
  /** the template wants a code, and neither names a session nor holds one by its token */
  | { readonly type: 'CodeRequired' }
  | { readonly type: 'UnknownPlaceholder'; readonly placeholder: string }
  /** the template wants something that this kind of token does not have, such as the routing number of a card */
  | { readonly type: 'ValueNotInToken'; readonly value: CardValue }
  /** not a URL we send to, not on the allow-list, or an address that is refused */
  | { readonly type: 'DestinationNotAllowed' }
  | { readonly type: 'HeaderNotAllowed'; readonly header: string }
  | { readonly type: 'RequestTooLarge' }
  | { readonly type: 'ForwardFailed'; readonly sent: Sent; readonly reason: ForwardFailure }
  | { readonly type: 'ForwardTimedOut'; readonly sent: Sent }
  // what an idempotency key says
  /** the request under this key is still under way */
  | { readonly type: 'IdempotencyKeyInUse' }
  /** another request came under this key before */
  | { readonly type: 'IdempotencyKeyReused' }

  // what the vault can do now
  | { readonly type: 'TooManyCodes' }
  | { readonly type: 'TooManySessions' }
  | { readonly type: 'TooManyCaptureKeys' }
  | { readonly type: 'Unavailable' }
  | { readonly type: 'Sealed' }

export type NetworkTokenFault =
  /** its scope asks nothing of card schemes */
  | 'scope without network tokens'
  /** nobody issues them to tenants of this environment */
  | 'no provider'
  /** there is none that could be suspended or deleted */
  | 'no network token'

export type IssuerFault =
  | 'not enabled'
  /** no BIN that its numbers could begin with */
  | 'no BIN'
  /** the card verification keys are not complete */
  | 'no CVK'
  /** nearly all numbers of its BINs are given out */
  | 'no number left'

export interface FieldFault {
  readonly type: 'InvalidField'
  readonly field: string
  readonly within?: FieldPath
  /** What is wrong with it, for dialects that say so: `must be 30 characters at most`. Never what was sent. */
  readonly why?: string
}

/** The names, from the outermost one, of what a field stands in; none at the top. */
export type FieldPath = readonly string[]

/** Whether any byte of a request reached the wire; `unknown` once some were handed over and no answer came. */
export type Sent = 'yes' | 'no' | 'unknown'

export type ForwardFailure =
  | 'name not resolved'
  | 'address refused'
  | 'connection refused'
  | 'tls'
  | 'connection lost'
  | 'answer too large'
  | 'answer not readable'

/** Thrown where a store, a key service or the audit log cannot be reached: the answer is 503, and nothing was changed. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
}

/** A code may be held or not: the answer of its store was lost. Whoever is told this can undo the hold. */
export class HoldLostError extends UnavailableError {
  readonly held: HoldReceipt

  constructor(message: string, held: HoldReceipt) {
    super(message)
    this.held = held
  }
}

/** It is there and must not be used; the text says why and what would do. To wait for it would be for nothing. */
export class UnfitError extends UnavailableError {}
