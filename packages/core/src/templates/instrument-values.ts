import type { BankAccount } from '../accounts/account.ts'
import { type Card, type SecurityCode, spellHolder } from '../cards/card.ts'
import { type Expiry, spellYear, twoDigits } from '../cards/expiry.ts'
import { openSecret } from '../kernel/secret.ts'
import type { Instrument } from '../tokens/instrument.ts'
import type { WriteValue } from './parts.ts'
import type { CardValue, Placeholder, ValueForm } from './syntax.ts'

/** Writes the values of one card or account. Precondition: it has all that the template uses, a code included. */
export const writeValues =
  (instrument: Instrument, code: SecurityCode | undefined): WriteValue =>
  (placeholder) => {
    const text = valueOf(instrument, placeholder, code)
    if (text === undefined) throw new Error(`a template was rendered without its ${placeholder.value}`)
    return text
  }

/** One value as text; `undefined` where the card or account has none: an empty name is none. wire: ozura §proxy, inferred */
export const valueOf = (
  instrument: Instrument,
  { value, form }: Placeholder,
  code: SecurityCode | undefined,
): string | undefined =>
  instrument.type === 'card'
    ? cardValues[value]?.(instrument, form, code)
    : accountValues[value]?.(instrument, form)

type CardTable = Partial<
  Record<CardValue, (card: Card, form: ValueForm, code: SecurityCode | undefined) => string | undefined>
>

const cardValues: CardTable = {
  'card number': ({ pan }) => openSecret(pan, 'render'),
  'expiry month': ({ expiry }, form) => (form === 'int' ? String(expiry.month) : twoDigits(expiry.month)),
  'expiry year': ({ expiry }, form) => writeYear(expiry, form),
  code: (_card, _form, code) => code && openSecret(code, 'render'),
  'first name': ({ holder }) => holder?.firstName || undefined,
  'last name': ({ holder }) => holder?.lastName || undefined,
  'holder name': ({ holder }) => spellHolder(holder),
}

type AccountTable = Partial<Record<CardValue, (account: BankAccount, form: ValueForm) => string | undefined>>

const accountValues: AccountTable = {
  'account number': ({ accountNumber }) => openSecret(accountNumber, 'render'),
  'routing number': ({ routingNumber }) => routingNumber,
  'first name': ({ holder }) => holder?.firstName || undefined,
  'last name': ({ holder }) => holder?.lastName || undefined,
  'holder name': ({ holder }) => spellHolder(holder),
}

const writeYear = (expiry: Expiry, form: ValueForm): string => {
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
