import { digitsIn } from './digits.ts'
import { readExpiry } from './expiry.ts'
import type { FormTexts } from './form-state.ts'

/*
 * What is sealed, in the words of the wire.
 * wire: hellgate §payloads
 */

export const cardPayload = (texts: FormTexts, cardholderName: string | undefined): object => {
  const expiry = readExpiry(texts.expiry ?? '')
  return {
    account_number: digitsIn(texts.number ?? ''),
    expiry_month: expiry?.month,
    expiry_year: expiry?.year,
    security_code: digitsIn(texts.code ?? ''),
    ...(cardholderName !== undefined &&
      cardholderName.trim() !== '' && { additional_data: { cardholder_name: cardholderName.trim() } }),
  }
}

export const codePayload = (texts: FormTexts): object => ({ security_code: digitsIn(texts.code ?? '') })
