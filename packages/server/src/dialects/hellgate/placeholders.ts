import type { PlaceholderSyntax } from '@cardkeep/core/templates/syntax'

/** wire: hellgate §placeholders, verified; that `unwrap` is for numbers alone and that a quoted month has two digits is inferred. */
export const placeholders: PlaceholderSyntax = {
  open: '{{',
  close: '}}',
  table: {
    account_number: { value: 'card number', form: 'given' },
    cardholder_name: { value: 'holder name', form: 'given' },
    expiration_month: { value: 'expiry month', form: 'given' },
    'expiration_month | unwrap': { value: 'expiry month', form: 'int' },
    expiration_year: { value: 'expiry year', form: 'YYYY' },
    'expiration_year | unwrap': { value: 'expiry year', form: 'int' },
    security_code: { value: 'code', form: 'given' },
  },
}

/** What a placeholder is without its quotation marks: JSON has none around a number. */
export const bareNames: Readonly<Record<string, string>> = {
  expiration_month: 'expiration_month | unwrap',
  'expiration_month | unwrap': 'expiration_month | unwrap',
  expiration_year: 'expiration_year | unwrap',
  'expiration_year | unwrap': 'expiration_year | unwrap',
}
