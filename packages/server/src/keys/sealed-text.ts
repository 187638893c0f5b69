import type { Holder } from '@cardkeep/core/cards/card'

/* What the texts of cards and accounts share. No message ever repeats what was read: it is a card or an account. */

/** The fields of an array in JSON. */
export const readFields = (bytes: Buffer): readonly unknown[] => {
  const fields = parse(bytes.toString('utf8'))
  if (!Array.isArray(fields)) throw isNeither()
  return fields
}

/** `[first name, last name]`, or null where nobody is named. */
export const writeHolder = (holder: Holder | undefined): readonly (string | null)[] | null =>
  holder ? [holder.firstName ?? null, holder.lastName ?? null] : null

export const readHolder = (names: unknown): Holder | undefined => {
  if (names === null) return undefined
  if (!Array.isArray(names) || names.length !== 2) throw isNeither()
  return { firstName: readName(names[0]), lastName: readName(names[1]) }
}

export const isNeither = (): Error => new Error('what was sealed is neither a card nor an account')

const readName = (name: unknown): string | undefined => {
  if (name === null) return undefined
  if (typeof name !== 'string') throw isNeither()
  return name
}

// The engine's own message would quote what it could not parse.
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw isNeither()
  }
}
