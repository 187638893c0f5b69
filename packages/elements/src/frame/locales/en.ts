import type { Texts } from './texts.ts'

export const en: Texts = {
  direction: 'ltr',
  labels: { number: 'Card number', expiry: 'Expiry date', code: 'Security code' },
  knownCard: 'Card',
  expiryPlaceholder: 'MM / YY',
  codeOnBack: '3 digits on the back of the card',
  codeOnFront: '4 digits on the front of the card',
  numberErrors: {
    empty: 'Enter the card number.',
    incomplete: 'The card number is not complete.',
    invalid: 'Check the card number.',
  },
  expiryErrors: {
    empty: 'Enter the expiry date.',
    incomplete: 'The expiry date is not complete.',
    invalid: 'Check the expiry date.',
    expired: 'This card has expired.',
  },
  codeErrors: {
    empty: 'Enter the security code.',
    incomplete: 'The security code is not complete.',
    invalid: 'Check the security code.',
  },
  describeCard: (brand, last4, expiry) => `${brand} ending in ${last4}, expires ${expiry}`,
  unknownBrand: 'Card',
  failures: {
    invalid: 'Please check the marked fields.',
    busy: 'One moment, please: your card is being processed.',
    session: 'The time to enter your card is over. Please start again.',
    refused: 'The card was not accepted. Please check your entries.',
    unreachable: 'The connection failed. Please try again.',
  },
}
