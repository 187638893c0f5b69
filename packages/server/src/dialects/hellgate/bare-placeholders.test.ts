import { describe, expect, test } from 'vitest'
import { quoteBarePlaceholders } from './bare-placeholders.ts'

test.each([
  ['{"m":{{ expiration_month | unwrap }}}', '{"m":"{{expiration_month | unwrap}}"}'],
  ['{"m":{{expiration_month|unwrap}}}', '{"m":"{{expiration_month | unwrap}}"}'],
  ['{"m": {{ expiration_month }} }', '{"m": "{{expiration_month | unwrap}}" }'],
  [
    '[{{ expiration_year }},{"a":{"b":{{ expiration_year\t|\n unwrap }}}}]',
    '["{{expiration_year | unwrap}}",{"a":{"b":"{{expiration_year | unwrap}}"}}]',
  ],
])('a number may stand without quotation marks: %s', (text, quoted) => {
  expect(quoteBarePlaceholders(text)).toEqual({ ok: true, value: quoted })
})

test.each([
  '{"n":"{{ account_number }}","m":"{{ expiration_month }}"}',
  '{"a":"\\"{{ security_code }}","b":"\\\\","c":{"d":{}}}',
  '{"a":"{{ expiration_month"}',
  '[1,"}}",{"x":{"y":{"z":10.00}}}]',
  '',
  '}}',
])('what stands in strings, and JSON without placeholders, stays as it is: %s', (text) => {
  expect(quoteBarePlaceholders(text)).toEqual({ ok: true, value: text })
})

describe('anything else that stands without quotation marks is refused', () => {
  test.each([
    ['a number that is too long for one', '{"n":{{ account_number }}}', '{{ account_number }}'],
    ['a name', '{"n":{{ cardholder_name | unwrap }}}', '{{ cardholder_name | unwrap }}'],
    ['a code', '{"n":{{ security_code | unwrap }}}', '{{ security_code | unwrap }}'],
    ['another filter', '{"n":{{ expiration_month | upper }}}', '{{ expiration_month | upper }}'],
    [
      'two filters',
      '{"n":{{ expiration_month | unwrap | unwrap }}}',
      '{{ expiration_month | unwrap | unwrap }}',
    ],
    ['a word of every object', '{"n":{{ constructor }}}', '{{ constructor }}'],
    ['JSON in braces', '{{"n":1}}', '{{"n":1}}'],
    ['what is not closed', '{"n":{{ expiration_month', '{{ expiration_month'],
    ['what is long', `{"n":{{ ${'x'.repeat(100)} }}}`, `{{ ${'x'.repeat(61)}`],
  ])('%s', (_, text, placeholder) => {
    expect(quoteBarePlaceholders(text)).toEqual({
      ok: false,
      error: { type: 'UnknownPlaceholder', placeholder },
    })
  })
})
