import type { Card, SecurityCode } from '../cards/card.ts'
import { spellYear, twoDigits } from '../cards/expiry.ts'
import { openSecret } from '../kernel/secret.ts'
import type { Placeholder } from './syntax.ts'
import type { WriteValue } from './template.ts'

/** Writes the values of one card. A template that uses the code must come with one. */
export const writeCardValues =
  (card: Card, code: SecurityCode | undefined): WriteValue =>
  (placeholder) => {
    switch (placeholder.value) {
      case 'card number':
        return openSecret(card.pan, 'render')
      case 'expiry month':
        return placeholder.form === 'int' ? String(card.expiry.month) : twoDigits(card.expiry.month)
      case 'expiry year':
        return writeYear(card, placeholder)
      case 'code': {
        // Precondition: the operation took a code because the template uses one.
        if (!code) throw new Error('a template that uses the code was rendered without one')
        return openSecret(code, 'render')
      }
    }
  }

const writeYear = ({ expiry }: Card, { form }: Placeholder): string => {
  switch (form) {
    case 'given':
      return spellYear(expiry)
    case 'YY':
      return twoDigits(expiry.year)
    case 'YYYY':
    case 'int':
      return String(expiry.year)
  }
}
