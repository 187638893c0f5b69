import { digitRuns, digitsInARow, squeeze } from '@cardkeep/core/cards/digit-runs'
import { foldDigits } from '@cardkeep/core/cards/fold-digits'
import { findCardNumbers, isCardNumber, isSchemeCardNumber } from '../../log/scrub.ts'

/*
 * Names and metadata are kept and told in clear, so no card number may stand in them, however it is spelled. Ids, times
 * and amounts should: of digits that stand beside others only those are refused that are a number of a known scheme.
 */

/** An id of digits alone may be a number in groups. */
const idWithLetters = /(?=[\d-]*[a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi

/** As in ISO 8601, or with a space for its letter. */
const time =
  /(?<!\d)(?:19|2[01])\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?)?(?!\d)/g

const foldText = (text: string): string =>
  foldDigits(text.replaceAll(idWithLetters, 'id').replaceAll(time, 'time'))

/** Whether a card number stands in it. Letters part numbers, and nothing else does. */
export const holdsCardNumber = (text: string): boolean => {
  const folded = foldText(text)
  const groups = folded.match(digitsInARow) ?? []
  const runs = digitRuns(folded)
  return [...groups, ...runs].some(isCardNumber) || runs.some((run) => findCardNumbers(run).length > 0)
}

/** Whether one stands in a name or a text of it, in a number, or in several that follow one another. */
export const valuesHoldCardNumber = (metadata: unknown): boolean => {
  const names: string[] = []
  const values: string[] = []
  JSON.stringify(metadata, (name, value: unknown) => {
    names.push(name)
    if (typeof value !== 'object' || value === null) values.push(String(value))
    return value
  })
  return [...names, ...values].some(holdsCardNumber) || partsHoldCardNumber(values)
}

/** Whether values that follow one another are one together. */
const partsHoldCardNumber = (values: readonly string[]): boolean => {
  const parts = values.map(readPart)
  for (let from = 0; from < parts.length; from++) {
    let digits = ''
    for (let to = from; to < parts.length && digits.length < 19; to++) {
      const part = parts[to]
      if (part === undefined) break
      digits += part
      if (isSchemeCardNumber(digits)) return true
    }
  }
  return false
}

/** The digits of a value without letters. An amount is no part of a number. */
const readPart = (value: string): string | undefined => {
  const squeezed = squeeze(foldText(value))
  return /^[0-9]*$/.test(squeezed) && !/^-?\d+\.\d\d?$/.test(value) ? squeezed : undefined
}
