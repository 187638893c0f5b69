import type { Refusal } from '@cardkeep/core/errors'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import type { Result } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { ForwardRequest } from '@cardkeep/core/operations/forwards/forward-request'
import { writeValues } from '@cardkeep/core/templates/instrument-values'
import { renderTemplate } from '@cardkeep/core/templates/template'
import { spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { cardOf } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import type { ContentKind } from '../../http/route.ts'
import { decodeForward } from './decode-forward.ts'

const tokenId = '0f8fad5b-d9cb-469f-a165-70867728950e' as TokenId
const sessionId = '550e8400-e29b-41d4-a716-446655440000'
const url = 'https://psp.example/v1/charges'
const needed = { 'x-hellgate-token': tokenId, 'x-destination-url': url, 'content-type': 'application/json' }

const decode = (
  body: string | undefined,
  headers: Readonly<Record<string, string>> = needed,
  content: ContentKind = 'json',
) => decodeForward({ params: {}, query: {}, headers, content, baseUrl: '', body })

const card = {
  ...cardOf(testCards.visa),
  expiry: { month: 4, year: 2033, yearDigits: 2 as const },
  holder: { firstName: undefined, lastName: undefined, fullName: 'Jane "J" Holder' },
}

const sentOf = (forward: Result<ForwardRequest, Refusal>): string => {
  if (!forward.ok) return JSON.stringify(forward.error)
  return openSecret(renderTemplate(forward.value.template, writeValues(card, new Secret('947'))), 'render')
}

const sent = (body: string, content: ContentKind = 'json') => sentOf(decode(body, needed, content))

test('a forward is a POST to what its headers name', () => {
  const headers = {
    ...needed,
    'x-hellgate-token': spellPrefixed(tokenId),
    'x-cvc-session-id': sessionId.toUpperCase(),
    'x-trace': '1',
  }
  expect(decode('{"n":"{{ account_number }}"}', headers)).toMatchObject({
    value: {
      tokenId,
      sessionId,
      url,
      method: 'POST',
      headers: { 'x-trace': '1' },
      contentType: 'application/json',
    },
  })
})

describe('what its headers lack or have wrong', () => {
  test.each([
    ['no token', { 'x-destination-url': url }, { type: 'MissingField', field: 'x-hellgate-token' }],
    ['no destination', { 'x-hellgate-token': tokenId }, { type: 'MissingField', field: 'x-destination-url' }],
    ['a token that is none', { ...needed, 'x-hellgate-token': 'x' }, { type: 'TokenNotFound' }],
    ['a session that is none', { ...needed, 'x-cvc-session-id': 'x' }, { type: 'CodeNotHeld' }],
    [
      'a placeholder in the destination',
      { ...needed, 'x-destination-url': `${url}/{{ account_number }}` },
      { type: 'InvalidField', field: 'x-destination-url' },
    ],
    // As two headers of the name arrive.
    [
      'two destinations',
      { ...needed, 'x-destination-url': `${url}, https://other.example/` },
      { type: 'InvalidField', field: 'x-destination-url' },
    ],
    [
      'a placeholder in the content type',
      { ...needed, 'content-type': 'application/json; a="{{ security_code }}"' },
      { type: 'HeaderNotAllowed', header: 'content-type' },
    ],
    ['half a pair', { ...needed, 'x-a-name': 'b' }, { type: 'MissingField', field: 'x-a-value' }],
  ])('is told: %s', (_, headers, error) => {
    expect(decode('{}', headers)).toEqual({ ok: false, error })
  })
})

describe('JSON', () => {
  test('has each value where its placeholder stands', () => {
    expect(
      sent(`{"card":{"number":"{{ account_number }}","name":"{{cardholder_name}}","cvc":"{{ security_code }}",
        "month":"{{ expiration_month }}","year":"{{ expiration_year }}","exp":"{{ expiration_month }}/{{ expiration_year }}",
        "bare":[{{ expiration_month | unwrap }},{{expiration_year|unwrap}},{{ expiration_month }}],
        "quoted":["{{ expiration_month | unwrap }}"]},"amount":10.00,"id":12345678901234567890}`),
    ).toBe(
      `{"card":{"number":"${testCards.visa}","name":"Jane \\"J\\" Holder","cvc":"947","month":"04","year":"2033",` +
        '"exp":"04/2033","bare":[4,2033,4],"quoted":[4]},"amount":10.00,"id":12345678901234567890}',
    )
  })

  test.each([
    ['{"a":"{{ iban }}"}', '{{ iban }}'],
    ['{"a":"{{ Account_Number }}"}', '{{ Account_Number }}'],
    ['{"a":"{{ account_number"}', '{{ account_number'],
    ['{"a":"{{ account_number | unwrap }}"}', '{{ account_number | unwrap }}'],
    ['{"a":"{{ security_code | unwrap }}"}', '{{ security_code | unwrap }}'],
    ['{"a":"{{ expiry_month }}"}', '{{ expiry_month }}'],
    ['{"{{ account_number }}":1}', '{{ account_number }}'],
    ['{{{ expiration_month }}:1}', '{{{ expiration_month }}'],
    ['{"a":{{ account_number }}}', '{{ account_number }}'],
    ['{"a":"\\u007b{ iban }}"}', '{{ iban }}'],
  ])('with a placeholder that cannot stand there is refused: %s', (body, placeholder) => {
    expect(decode(body)).toEqual({ ok: false, error: { type: 'UnknownPlaceholder', placeholder } })
  })

  test('without quotation marks around a key is refused too', () => {
    expect(decode('{"b":1,{{ expiration_month }}:1}')).toEqual({
      ok: false,
      error: { type: 'UnknownPlaceholder', placeholder: '{{expiration_month | unwrap}}' },
    })
  })

  test.each(['', '{', '{"a":1,"a":2}', '{"a":{{ expiration_month }}4}', 'null null', '{"a":04}'])(
    'that is none, also with its placeholders, is refused: %s',
    (body) => {
      expect(decode(body)).toEqual({ ok: false, error: { type: 'BodyNotReadable' } })
    },
  )

  test('that did not come is refused', () => {
    expect(decode(undefined)).toEqual({ ok: false, error: { type: 'BodyNotReadable' } })
  })
})

describe('a form and XML', () => {
  test('have the values escaped for where they stand', () => {
    expect(
      sent('n={{ account_number }}&name=%7B%7B+cardholder_name+%7D%7D&m={{expiration_month|unwrap}}', 'form'),
    ).toBe(`n=${testCards.visa}&name=Jane+%22J%22+Holder&m=4`)
    expect(sent('<a b="{{ cardholder_name }}">{{ account_number }}</a>', 'xml')).toBe(
      `<a b="Jane &quot;J&quot; Holder">${testCards.visa}</a>`,
    )
  })

  test('are refused where they are not what they say, or have placeholders in names', () => {
    expect(decode('a=%', needed, 'form')).toMatchObject({ error: { type: 'BodyNotReadable' } })
    expect(decode('<a>', needed, 'xml')).toMatchObject({ error: { type: 'BodyNotReadable' } })
    expect(decode('{{ security_code }}=1', needed, 'form')).toMatchObject({
      error: { type: 'UnknownPlaceholder' },
    })
    expect(decode('<!--{{ security_code }}--><a/>', needed, 'xml')).toMatchObject({
      error: { type: 'UnknownPlaceholder' },
    })
  })
})
