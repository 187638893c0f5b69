import type { Card } from '@cardkeep/core/cards/card'
import { parseExpiry, spellYear, twoDigits } from '@cardkeep/core/cards/expiry'
import { parsePan } from '@cardkeep/core/cards/pan'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { isNeither, readHolder, writeHolder } from './sealed-text.ts'

/** A card as it is sealed: `[number, month, year, [first name, last name] or null]` in JSON, the holder as sealed-text.ts writes it. The caller wipes the bytes. */
export const writeCard = ({ pan, expiry, holder }: Card): Buffer =>
  Buffer.from(
    JSON.stringify([
      openSecret(pan, 'seal'),
      twoDigits(expiry.month),
      spellYear(expiry),
      writeHolder(holder),
    ]),
  )

/** Throws if the fields are no card. */
export const readCard = (fields: readonly unknown[]): Card => {
  const [number, month, year, names] = fields
  const isText = typeof number === 'string' && typeof month === 'string' && typeof year === 'string'
  if (!isText || fields.length !== 4) throw isNeither()
  const pan = parsePan(new Secret(number))
  const expiry = parseExpiry(month, year)
  if (!pan.ok || !expiry.ok) throw isNeither()
  return { type: 'card', pan: pan.value, expiry: expiry.value, holder: readHolder(names) }
}
