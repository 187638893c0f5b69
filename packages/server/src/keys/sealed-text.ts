import type { Holder } from '@cardkeep/core/cards/card'

/* What the texts of cards and accounts share. No message ever repeats what was read: it is a card or an account. */

/** The fields of an array in JSON. */
export const readFields = (bytes: Buffer): readonly unknown[] => {
  const fields = parse(bytes.toString('utf8'))
  if (!Array.isArray(fields)) throw isNeither()
  return fields
}

/** `[first name, last name]`, `[null, null, full name]`, or null where nobody is named. */
export const writeHolder = (holder: Holder | undefined): readonly (string | null)[] | null => {
  if (!holder) return null
  const { firstName = null, lastName = null, fullName } = holder
  return fullName === undefined ? [firstName, lastName] : [firstName, lastName, fullName]
}

export const readHolder = (names: unknown): Holder | undefined => {
  if (names === null) return undefined
  if (!Array.isArray(names) || names.length < 2 || names.length > 3) throw isNeither()
  const parts = { firstName: readName(names[0]), lastName: readName(names[1]) }
  return names.length === 2 ? parts : { ...parts, fullName: readName(names[2]) }
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
