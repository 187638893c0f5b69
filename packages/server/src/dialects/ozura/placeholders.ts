import type { PlaceholderSyntax } from '@cardkeep/core/templates/syntax'

/**
 * wire: ozura §proxy, verified; that a year is as it was tokenised is inferred, the forms after a colon and the names of the
 * holder are Cardkeep's own.
 */
export const placeholders: PlaceholderSyntax = {
  open: '${',
  close: '}',
  table: {
    cardNumber: { value: 'card number', form: 'given' },
    expirationMonth: { value: 'expiry month', form: 'given' },
    'expirationMonth:int': { value: 'expiry month', form: 'int' },
    expirationYear: { value: 'expiry year', form: 'given' },
    'expirationYear:YY': { value: 'expiry year', form: 'YY' },
    'expirationYear:YYYY': { value: 'expiry year', form: 'YYYY' },
    'expirationYear:int': { value: 'expiry year', form: 'int' },
    cvv: { value: 'code', form: 'given' },
    cvc: { value: 'code', form: 'given' },
    accountNumber: { value: 'account number', form: 'given' },
    routingNumber: { value: 'routing number', form: 'given' },
    firstName: { value: 'first name', form: 'given' },
    lastName: { value: 'last name', form: 'given' },
  },
}
