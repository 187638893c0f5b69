import type { SecurityCode } from '../cards/card.ts'
import type { Pan } from '../cards/pan.ts'
import type { Refusal } from '../errors.ts'
import type { Result } from '../kernel/result.ts'
import type { Secret } from '../kernel/secret.ts'
import type { EpochMs } from '../kernel/time.ts'

/** What a client captured of a card, each part well-formed by itself. What it did not ask its customer for is missing. */
export interface CapturedCard {
  /** When the customer gave it, by the client's clock. */
  readonly capturedAt: EpochMs
  readonly pan: Pan | undefined
  /** 1 to 12 */
  readonly expiryMonth: number | undefined
  readonly expiryYear: CapturedYear | undefined
  readonly holderName: string | undefined
  /** Not yet held against the length that the card's scheme prints. */
  readonly code: SecurityCode | undefined
}

export interface CapturedYear {
  /** four digits */
  readonly year: number
  /** How it was written. */
  readonly yearDigits: 2 | 4
}

/** A captured card as it came: encrypted for a capture key of the tenant. */
export interface SealedCapture {
  readonly alias: string
  readonly ciphertext: string
  /** Reads what was encrypted, in the form of its dialect. */
  readonly read: (text: Secret<string>) => Result<CapturedCard, Refusal>
}
