import type { Card } from '@cardkeep/core/cards/card'
import { parseExpiry, spellYear, twoDigits } from '@cardkeep/core/cards/expiry'
import { parsePan } from '@cardkeep/core/cards/pan'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { isNeither, readHolder, writeHolder } from './sealed-text.ts'

/** A card as it is sealed: `[number, month, year, [first name, last name] or null]` in JSON, the holder as sealed-text.ts writes it, and the email after it where there is one. The caller wipes the bytes. */
export const writeCard = ({ pan, expiry, holder, email }: Card): Buffer =>
  Buffer.from(
    JSON.stringify([
      openSecret(pan, 'seal'),
      twoDigits(expiry.month),
      spellYear(expiry),
      writeHolder(holder),
      ...(email === undefined ? [] : [email]),
    ]),
  )

/** Throws if the fields are no card. */
export const readCard = (fields: readonly unknown[]): Card => {
  const [number, month, year, names, email] = fields
  const isText = typeof number === 'string' && typeof month === 'string' && typeof year === 'string'
  const isWhole = fields.length === 4 || (fields.length === 5 && typeof email === 'string')
  if (!isText || !isWhole) throw isNeither()
  const pan = parsePan(new Secret(number))
  const expiry = parseExpiry(month, year)
  if (!pan.ok || !expiry.ok) throw isNeither()
  const card = { type: 'card', pan: pan.value, expiry: expiry.value, holder: readHolder(names) } as const
  return typeof email === 'string' ? { ...card, email } : card
}
