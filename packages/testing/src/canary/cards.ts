/**
 * Card numbers that processors and schemes publish for tests. Every test uses one of these, so that after the run each
 * can be searched for in all that the run wrote: none may be found.
 */
export const testCards = {
  visa: '4111111111111111',
  visa2: '4242424242424242',
  visa3: '4012888888881881',
  visa13: '4222222222222',
  visaDeclined: '4000000000000002',
  visaWithoutFunds: '4000000000009995',
  mastercard: '5555555555554444',
  mastercard2: '5105105105105100',
  mastercard2Series: '2223003122003222',
  amex: '378282246310005',
  amex2: '371449635398431',
  discover: '6011111111111117',
  discover2: '6011000990139424',
  diners: '30569309025904',
  diners2: '38520000023237',
  jcb: '3530111333300000',
  unionpay: '6200000000000005',
  maestro: '6759649826438453',
} as const

/** Numbers for loads begin so: a range that processors reserve for tests. */
export const loadPrefix = '4000009'

/** The `index`-th of a hundred million distinct valid 16-digit numbers of the load range. */
export const loadCard = (index: number): string => {
  const body = loadPrefix + String(index % 100_000_000).padStart(8, '0')
  let sum = 0
  for (let at = 0; at < body.length; at++) {
    const digit = Number(body[body.length - 1 - at])
    const doubled = at % 2 === 0 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return body + ((10 - (sum % 10)) % 10)
}
