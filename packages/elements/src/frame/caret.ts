import { digitsIn } from './digits.ts'

/** What stands in a field, and the index of the caret in it. */
export interface Edit {
  readonly text: string
  readonly caret: number
}

/** The same digits in their proper form, with the caret behind the digit that it was behind. */
export const reformat = ({ text, caret }: Edit, format: (text: string) => string): Edit => {
  const formatted = format(text)
  if (caret >= text.length) return { text: formatted, caret: formatted.length }
  const before = digitsIn(text.slice(0, caret)).length
  return { text: formatted, caret: behindDigit(formatted, before) }
}

/**
 * Backspace behind a space takes away the space alone, and the form puts it back: what is meant is the digit before it.
 * The same for a key that deletes forwards.
 */
export const deleteDigit = (edit: Edit, direction: 'backward' | 'forward'): Edit => {
  const count = digitsIn(edit.text.slice(0, edit.caret)).length
  const end = behindDigit(edit.text, direction === 'backward' ? count : count + 1)
  if (end === 0) return edit
  return { text: edit.text.slice(0, end - 1) + edit.text.slice(end), caret: end - 1 }
}

const behindDigit = (text: string, count: number): number => {
  if (count === 0) return 0
  let seen = 0
  for (const [at, character] of text.split('').entries()) {
    if (digitsIn(character) === '') continue
    seen++
    if (seen === count) return at + 1
  }
  return text.length
}
