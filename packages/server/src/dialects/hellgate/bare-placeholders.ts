import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { bareName } from '@cardkeep/core/templates/parts'
import { bareNames, placeholders } from './placeholders.ts'

const { open, close } = placeholders
const quote = '"'
const backslash = '\\'

/**
 * Puts quotation marks around the placeholders that stand in JSON without them, so that it is JSON before any value is put
 * in. Only what writes a number may stand so. Two braces in a row begin nothing else in JSON, outside of its strings.
 */
export const quoteBarePlaceholders = (text: string): Result<string, Refusal> => {
  const pieces: string[] = []
  let kept = 0
  let isInString = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isInString) {
      if (character === backslash) at++
      else if (character === quote) isInString = false
    } else if (character === quote) isInString = true
    else if (text.startsWith(open, at)) {
      const end = text.indexOf(close, at + open.length)
      const name = end < 0 ? undefined : numberOf(text.slice(at + open.length, end))
      if (name === undefined) {
        const placeholder = text.slice(at, end < 0 ? undefined : end + close.length).slice(0, shownLength)
        return refuse({ type: 'UnknownPlaceholder', placeholder })
      }
      pieces.push(text.slice(kept, at), quote, open, name, close, quote)
      kept = end + close.length
      at = kept - 1
    }
  }
  return ok([...pieces, text.slice(kept)].join(''))
}

/** As much as is told of any unknown placeholder. */
const shownLength = 64

const numberOf = (text: string): string | undefined => {
  const name = bareName(text)
  return Object.hasOwn(bareNames, name) ? bareNames[name] : undefined
}
