import { expect, test } from 'vitest'
import { fewerThanTwelveDigits, unwritten } from './schemas.ts'

const name = new RegExp(`${fewerThanTwelveDigits}[^${unwritten}]*$`, 'u')

test.each([
  ['eleven digits', '12345678901', true],
  ['twelve digits', '123456789012', false],
  ['twelve digits with other signs between them', 'a1b2c3 4-5.6/7 8 9 0 1 2z', false],
  ['twelve full-width digits', '１２３４５６７８９０１２', false],
  ['twelve digits in circles', '①②③④⑤⑥⑦⑧⑨①②③', false],
  ['twelve raised digits', '¹²³⁴⁵⁶⁷⁸⁹⁰¹²', false],
  ['twelve Arabic digits', '١٢٣٤٥٦٧٨٩٠١٢', false],
  ['letters of any script', 'Łucja Παππά 山田', true],
  ['nothing', '', true],
])('a name of %s: %j is one: %s', (_, text, isOne) => {
  expect(name.test(text)).toBe(isOne)
})

test.each([
  ['a line feed', 'a\nb'],
  ['a separator of lines', 'a\u2028b'],
  ['a separator of paragraphs', 'a\u2029b'],
  ['a mark of the direction of writing', 'a\u202eb'],
  ['half a character', 'a\ud83db'],
  ['a deletion', 'a\u007fb'],
])('%s stands in no text that is told again', (_, text) => {
  expect(name.test(text)).toBe(false)
})
