import { createDigitFinder } from './echo-digits.ts'
import { createEncodedFinder } from './echo-encoded.ts'
import { mergeSpans, type Span } from './spans.ts'

/** The parts of a text that must be covered so that it no longer shows the card number; in order, without overlap. */
export type PanFinder = (text: string) => readonly Span[]

/** Takes time in proportion to the text, whatever the text says. */
export const createPanFinder = (pan: string): PanFinder => {
  const findDigits = createDigitFinder(pan)
  const findEncoded = createEncodedFinder(pan)
  return (text) => {
    // Every form is at least as long as the number.
    if (text.length < pan.length) return []
    const spans = [...findDigits(text), ...findEncoded(text)]
    return spans.length > 0 ? mergeSpans(spans) : spans
  }
}
