import { createDigitFinder, type Shown } from './echo-digits.ts'
import { createEncodedFinder } from './echo-encoded.ts'
import { mergeSpans, type Span } from './spans.ts'

/** The parts of a text that must be covered so that it no longer shows a number; in order, without overlap. */
export type NumberFinder = (text: string) => readonly Span[]

/** PCI DSS 3.4.1. */
const shownOfCard: Shown = { first: 6, last: 4 }

/** The last four of eight digits and more: never more than half, as everywhere else. */
const shownOfAccount: Shown = { first: 0, last: 4 }

/** An account number with fewer digits is found by a name only, as a code is. */
export const shortestFoundAccount = 8

export const createPanFinder = (pan: string): NumberFinder => createNumberFinder(pan, shownOfCard)

export const createAccountFinder = (number: string): NumberFinder =>
  createNumberFinder(number, shownOfAccount)

/** Takes time in proportion to the text, whatever the text says. */
const createNumberFinder = (number: string, shown: Shown): NumberFinder => {
  const findDigits = createDigitFinder(number, shown)
  const findEncoded = createEncodedFinder(number)
  return (text) => {
    // Every form is at least as long as the number.
    if (text.length < number.length) return []
    const spans = [...findDigits(text), ...findEncoded(text)]
    return spans.length > 0 ? mergeSpans(spans) : spans
  }
}
