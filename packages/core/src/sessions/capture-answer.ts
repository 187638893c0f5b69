import type { Card, SecurityCode } from '../cards/card.ts'
import type { Secret } from '../kernel/secret.ts'

/** What a browser sealed, once it is read. */
export type CaptureAnswer =
  | {
      readonly type: 'tokenize'
      readonly card: Card
      readonly code: SecurityCode | undefined
      /** How long the browser wants the token to live; the session's own limit is never exceeded. */
      readonly lifetimeMs: number | undefined
    }
  /** Digits, not yet held against the scheme of the card. */
  | { readonly type: 'refresh code'; readonly code: Secret<string> }
