import type { Card, Holder } from '@cardkeep/core/cards/card'
import { parseExpiry, spellYear, twoDigits } from '@cardkeep/core/cards/expiry'
import { parsePan } from '@cardkeep/core/cards/pan'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'

/** A card as it is sealed: `[number, month, year, [first name, last name] or null]` in JSON. The caller wipes the bytes. */
export const writeCard = ({ pan, expiry, holder }: Card): Buffer =>
  Buffer.from(
    JSON.stringify([
      openSecret(pan, 'seal'),
      twoDigits(expiry.month),
      spellYear(expiry),
      holder ? [holder.firstName ?? null, holder.lastName ?? null] : null,
    ]),
  )

/** Throws if the bytes are no card; the message never repeats them. */
export const readCard = (bytes: Buffer): Card => {
  const fields = parseJson(bytes.toString('utf8'))
  if (!Array.isArray(fields) || fields.length !== 4) throw isNoCard()
  const [number, month, year, names] = fields.map((field): unknown => field)
  if (typeof number !== 'string' || typeof month !== 'string' || typeof year !== 'string') throw isNoCard()
  const pan = parsePan(new Secret(number))
  const expiry = parseExpiry(month, year)
  if (!pan.ok || !expiry.ok) throw isNoCard()
  return { pan: pan.value, expiry: expiry.value, holder: readHolder(names) }
}

const readHolder = (names: unknown): Holder | undefined => {
  if (names === null) return undefined
  if (!Array.isArray(names) || names.length !== 2) throw isNoCard()
  return { firstName: readName(names[0]), lastName: readName(names[1]) }
}

const readName = (name: unknown): string | undefined => {
  if (name === null) return undefined
  if (typeof name !== 'string') throw isNoCard()
  return name
}

// The engine's own message would quote what it could not parse, and that is a card.
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw isNoCard()
  }
}

const isNoCard = (): Error => new Error('what was sealed as a card is none')
