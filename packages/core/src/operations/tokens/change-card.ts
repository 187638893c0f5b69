import { type Card, type Holder, spellHolder } from '../../cards/card.ts'
import { type Expiry, isExpired, isFarOff } from '../../cards/expiry.ts'
import type { Pan } from '../../cards/pan.ts'
import type { Refusal } from '../../errors.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret } from '../../kernel/secret.ts'
import type { EpochMs } from '../../kernel/time.ts'

/** What a card becomes; what is `undefined` stays. */
export interface CardChange {
  readonly pan: Pan
  readonly expiry: Expiry
  readonly holderName: string | undefined
  readonly email?: string | undefined
}

export type CardPart = 'number' | 'expiry' | 'holder' | 'email'

/** The stored card itself where nothing of it changes. */
export const changeCard = (stored: Card, { pan, expiry, holderName, email }: CardChange): Card => {
  const changed: Card = {
    ...stored,
    pan: isSameNumber(stored.pan, pan) ? stored.pan : pan,
    expiry: isSameExpiry(stored.expiry, expiry) ? stored.expiry : expiry,
    holder: nameHolder(stored.holder, holderName),
    email: email ?? stored.email,
  }
  return partsOf(stored, changed).length === 0 ? stored : changed
}

/** Which parts of a card became others, by name: this is for the audit log. */
export const partsOf = (stored: Card, changed: Card): readonly CardPart[] => {
  const parts: Readonly<Record<CardPart, boolean>> = {
    number: !isSameNumber(stored.pan, changed.pan),
    expiry: !isSameExpiry(stored.expiry, changed.expiry),
    holder: !isSameHolder(stored.holder, changed.holder),
    email: changed.email !== stored.email,
  }
  return (Object.keys(parts) as CardPart[]).filter((part) => parts[part])
}

/** What keeps a number and an expiry that came together, or were put together, from being a card that is good. */
export const refusalOf = (expiry: Expiry, at: EpochMs): Refusal | undefined => {
  if (isExpired(expiry, at)) return { type: 'CardExpired' }
  return isFarOff(expiry, at) ? { type: 'InvalidExpiryYear' } : undefined
}

/** A captured card that would have to be whole and has no such part. */
export const missing = (field: string) =>
  refuse({ type: 'MissingField', field, within: ['encrypted_card'] } as const)

/** A name that is the same is left in the parts that it has. */
export const nameHolder = (stored: Holder | undefined, name: string | undefined): Holder | undefined =>
  name === undefined || name === spellHolder(stored)
    ? stored
    : { firstName: undefined, lastName: undefined, fullName: name }

export const isSameNumber = (one: Pan, other: Pan): boolean =>
  openSecret(one, 'check') === openSecret(other, 'check')

/** In however many digits either year came. */
const isSameExpiry = (one: Expiry, other: Expiry): boolean =>
  one.month === other.month && one.year === other.year

const isSameHolder = (one: Holder | undefined, other: Holder | undefined): boolean =>
  one?.firstName === other?.firstName &&
  one?.lastName === other?.lastName &&
  one?.fullName === other?.fullName
