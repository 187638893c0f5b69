import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deleteDigit, reformat } from './caret.ts'
import { digitsIn } from './digits.ts'
import { formatNumber } from './number.ts'

/** Shows the caret as `|`. */
const edit = (shown: string) => ({ text: shown.replace('|', ''), caret: shown.indexOf('|') })
const show = ({ text, caret }: { text: string; caret: number }) =>
  `${text.slice(0, caret)}|${text.slice(caret)}`

test.each([
  ['42424|', '4242 4|'],
  ['4|242 4', '4|242 4'],
  ['42|9|42 4242', '4294 2424 2'],
  ['429|42 4242', '429|4 2424 2'],
  ['|4242', '|4242'],
])('%s becomes %s', (before, after) => {
  const shown = show(reformat(edit(before), formatNumber))
  expect(after.includes('|') ? shown : shown.replace('|', '')).toBe(after)
})

test('the caret stays behind the digit that it was behind', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789 '.split('')), maxLength: 19 })
  fc.assert(
    fc.property(digits, fc.nat(19), (text, at) => {
      const caret = Math.min(at, text.length)
      const next = reformat({ text, caret }, formatNumber)
      const kept = digitsIn(next.text).length
      expect(digitsIn(next.text.slice(0, next.caret)).length).toBe(
        Math.min(digitsIn(text.slice(0, caret)).length, kept),
      )
    }),
    { seed: 1 },
  )
})

test('deleting a space takes the digit beside it', () => {
  expect(show(deleteDigit(edit('4242|5'), 'backward'))).toBe('424|5')
  expect(show(deleteDigit(edit('4242|5'), 'forward'))).toBe('4242|')
  expect(show(deleteDigit(edit('|'), 'backward'))).toBe('|')
})
