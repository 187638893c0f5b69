import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'

/** In the order in which they came. */
export type FormFields = readonly (readonly [name: string, value: string])[]

/** More than any request needs. */
const maxFields = 1_000

/**
 * The fields of an `application/x-www-form-urlencoded` text. What other programs would read in their own ways is
 * refused: an escape that is not complete or not UTF-8, and an empty field.
 */
export const readForm = (text: string): Result<FormFields, Refusal> => {
  if (text === '') return ok([])
  const pairs = text.split('&', maxFields + 1)
  if (pairs.length > maxFields || pairs.includes('')) return refuse({ type: 'BodyNotReadable' })
  try {
    return ok(pairs.map(readPair))
  } catch {
    // The engine's message says nothing that a caller needs.
    return refuse({ type: 'BodyNotReadable' })
  }
}

const readPair = (pair: string): FormFields[number] => {
  const at = pair.indexOf('=')
  return at < 0 ? [unescape(pair), ''] : [unescape(pair.slice(0, at)), unescape(pair.slice(at + 1))]
}

/** Throws for a percent sign without two hexadecimal digits, and for bytes that are not UTF-8. */
const unescape = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))
