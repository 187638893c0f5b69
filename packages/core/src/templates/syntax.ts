/** What of a card or an account a placeholder stands for. */
export type CardValue =
  | 'card number'
  | 'expiry month'
  | 'expiry year'
  | 'code'
  | 'account number'
  | 'routing number'
  | 'first name'
  | 'last name'
  /** the whole name in one */
  | 'holder name'

/**
 * How a value is written: `given` as it was tokenised (a month has two digits), `YY` and `YYYY` years of so many
 * digits, `int` a number without quotation marks where it stands alone.
 */
export type ValueForm = 'given' | 'YY' | 'YYYY' | 'int'

export interface Placeholder {
  readonly value: CardValue
  readonly form: ValueForm
}

/**
 * A dialect's placeholders as a table: what stands between `open` and `close`, and its meaning. White space is trimmed; where
 * the dialect has filters, a name and its filter are written `name | filter`.
 */
export interface PlaceholderSyntax {
  readonly open: string
  readonly close: string
  readonly table: Readonly<Record<string, Placeholder>>
}
