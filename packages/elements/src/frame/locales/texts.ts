import type { FailureReason, FieldName } from '../../protocol/public.ts'

/** Everything that a frame says, in one language. */
export interface Texts {
  readonly direction: 'ltr' | 'rtl'
  readonly labels: Readonly<Record<FieldName, string>>
  /** Over the card that is known, where only its code is asked for. */
  readonly knownCard: string
  readonly expiryPlaceholder: string
  /** Where a code is found on the card. */
  readonly codeOnBack: string
  readonly codeOnFront: string
  readonly numberErrors: Readonly<Record<'empty' | 'incomplete' | 'invalid', string>>
  readonly expiryErrors: Readonly<Record<'empty' | 'incomplete' | 'invalid' | 'expired', string>>
  readonly codeErrors: Readonly<Record<'empty' | 'incomplete' | 'invalid', string>>
  /** For a screen reader: `Visa ending in 4242, expires 04/33`. */
  readonly describeCard: (brand: string, last4: string, expiry: string) => string
  readonly unknownBrand: string
  readonly failures: Readonly<Record<Exclude<FailureReason, 'not ready'>, string>>
}
