import { spellYear } from '@cardkeep/core/cards/expiry'
import { defaultPolicies, testSessionPolicy, unlimitedUses } from '@cardkeep/core/codes/policy'
import type { CredentialId, ScopeId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { epochMs, yearMs } from '@cardkeep/core/kernel/time'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { TokenizeCard } from '@cardkeep/core/operations/tokenize-card'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { spellBase32, spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import { readStrictJson } from '../../http/strict-json.ts'
import { decodeDeleteSession, decodeProxy, decodeTestToken, decodeTokenize } from './decode.ts'

const tenant: Tenant = {
  id: 'tenant' as TenantId,
  name: 'shop',
  environment: 'live',
  defaultScopeId: 'scope' as ScopeId,
  codePolicy: undefined,
  createdAt: epochMs(0),
}

const callerOf = (parts: Partial<Tenant> = {}): Caller => ({
  principal: { tenant: { ...tenant, ...parts }, credentialId: 'c' as CredentialId, permissions: [] },
  requestId: 'r',
  origin: '192.0.2.1',
})

const inputOf = (
  body: unknown,
  parts: { params?: Record<string, string>; query?: Record<string, string> } = {},
) => ({
  params: {},
  query: {},
  body,
  ...parts,
})

/** What a command says, its secrets opened. */
const shown = ({ card, code, ...rest }: TokenizeCard) => ({
  ...rest,
  number: openSecret(card.pan, 'check'),
  month: card.expiry.month,
  year: spellYear(card.expiry),
  holder: card.holder,
  code: code && openSecret(code, 'check'),
})

const fields = { cardNumber: testCards.visa, expirationMonth: '12', expirationYear: '2030' }

describe('/tokenize', () => {
  const decode = (data: Record<string, unknown>, parts: Partial<Tenant> = {}) =>
    decodeTokenize(inputOf({ type: 'card', data: { ...fields, ...data } }), callerOf(parts))
  const commandOf = (data: Record<string, unknown>, parts: Partial<Tenant> = {}) => {
    const decoded = decode(data, parts)
    return decoded.ok ? shown(decoded.value) : decoded.error
  }
  const good = {
    number: testCards.visa,
    month: 12,
    year: '2030',
    holder: undefined,
    code: undefined,
    policy: defaultPolicies.ozura,
    test: false,
    lifetimeMs: undefined,
  }

  test('takes a card without a code', () => {
    expect(commandOf({})).toEqual(good)
  })

  test.each(['cvv', 'cvc'])('takes the code as %s', (name) => {
    expect(commandOf({ [name]: '007' })).toEqual({ ...good, code: '007' })
  })

  test('takes both names of the code if they agree, and refuses to choose if they do not', () => {
    expect(commandOf({ cvv: '123', cvc: '123' })).toEqual({ ...good, code: '123' })
    expect(commandOf({ cvv: '123', cvc: '124' })).toEqual({ type: 'InvalidField', field: 'cvc' })
    expect(commandOf({ cvv: '123', cvc: '' })).toEqual({ type: 'InvalidField', field: 'cvc' })
  })

  test('takes spaces and dashes out of the number and keeps the year as it was written', () => {
    const command = commandOf({
      cardNumber: '4111 1111-1111 1111',
      expirationMonth: '03',
      expirationYear: '31',
    })
    expect(command).toEqual({ ...good, month: 3, year: '31' })
  })

  test('takes the names of the holder', () => {
    expect(commandOf({ firstName: 'Ada' })).toMatchObject({
      holder: { firstName: 'Ada', lastName: undefined },
    })
    expect(commandOf({ lastName: '' })).toMatchObject({ holder: { firstName: undefined, lastName: '' } })
  })

  test("holds codes as the tenant's policy says, where it has one", () => {
    const codePolicy = { hold: false, ttlMs: 1, uses: 2 }
    expect(commandOf({}, { codePolicy })).toMatchObject({ policy: codePolicy })
    expect(defaultPolicies.ozura).toEqual({ hold: true, ttlMs: 90_000, uses: 1 })
  })

  test.each([
    [{ cardNumber: '4111111111111112' }, { type: 'InvalidCardNumber' }],
    [{ cardNumber: '' }, { type: 'InvalidCardNumber' }],
    [{ expirationMonth: '13' }, { type: 'InvalidExpiryMonth' }],
    [{ expirationMonth: '1' }, { type: 'InvalidExpiryMonth' }],
    [{ expirationYear: '203' }, { type: 'InvalidExpiryYear' }],
    [{ expirationYear: '1999' }, { type: 'InvalidExpiryYear' }],
    [{ cvv: '12' }, { type: 'InvalidField', field: 'cvv' }],
    [{ cvv: '1234' }, { type: 'InvalidField', field: 'cvv' }],
    [{ cvv: '' }, { type: 'InvalidField', field: 'cvv' }],
    [{ cvc: '12a' }, { type: 'InvalidField', field: 'cvc' }],
    [
      { cardNumber: testCards.amex, cvc: '123' },
      { type: 'InvalidField', field: 'cvc' },
    ],
  ])('refuses %j', (data, refusal) => {
    expect(decode(data)).toEqual({ ok: false, error: refusal })
  })

  test('asks four digits of American Express', () => {
    expect(commandOf({ cardNumber: testCards.amex, cvv: '1234' })).toMatchObject({ code: '1234' })
  })

  test('has nothing in clear in its command', () => {
    const decoded = decode({ cvv: '947' })
    const text = JSON.stringify(decoded)
    expect(decoded.ok).toBe(true)
    expect(text).not.toContain(testCards.visa)
    expect(text).not.toContain('947')
  })
})

describe('/test-tokens', () => {
  const decode = (data: Record<string, unknown>) =>
    decodeTestToken(inputOf({ ...fields, cvc: '123', ...data }))

  test('makes a token of one year whose code may be used as often as wanted', () => {
    const decoded = decode({ firstName: 'Ada', lastName: 'L' })
    expect(decoded.ok && shown(decoded.value)).toEqual({
      number: testCards.visa,
      month: 12,
      year: '2030',
      holder: { firstName: 'Ada', lastName: 'L' },
      code: '123',
      policy: testSessionPolicy,
      test: true,
      lifetimeMs: yearMs,
    })
    expect(testSessionPolicy).toEqual({ hold: true, ttlMs: yearMs, uses: unlimitedUses })
  })

  test('takes published test cards only', () => {
    expect(decode({ cardNumber: loadCard(7) })).toEqual({ ok: false, error: { type: 'InvalidCardNumber' } })
  })

  test.each([
    [{ cvc: '1' }, { type: 'InvalidField', field: 'cvc' }],
    [{ expirationMonth: '00' }, { type: 'InvalidExpiryMonth' }],
  ])('refuses %j', (data, refusal) => {
    expect(decode(data)).toEqual({ ok: false, error: refusal })
  })
})

describe('/proxy/transaction', () => {
  const tokenId = '0f8fad5b-d9cb-469f-a165-70867728950e' as TokenId
  const sessionId = '550e8400-e29b-41d4-a716-446655440000'
  const request = {
    token: spellPrefixed(tokenId),
    proxy_url: 'https://psp.example/v1/charges',
    request_data: { card: { number: '${cardNumber}', cvc: '${cvv}' } },
  }
  const decode = (parts: Record<string, unknown> = {}) => decodeProxy(inputOf({ ...request, ...parts }))
  const refusalOf = (parts: Record<string, unknown>) => {
    const decoded = decode(parts)
    return decoded.ok ? 'accepted' : decoded.error
  }

  test('sends a POST of JSON without further headers unless it is told otherwise', () => {
    const decoded = decode()
    expect(decoded.ok && { ...decoded.value, template: [...decoded.value.template.uses] }).toEqual({
      tokenId,
      sessionId: undefined,
      template: ['card number', 'code'],
      url: request.proxy_url,
      method: 'POST',
      headers: {},
      contentType: 'application/json',
    })
  })

  test.each([tokenId, spellBase32(tokenId), spellPrefixed(tokenId), tokenId.toUpperCase()])(
    'knows the token as %s',
    (token) => {
      const decoded = decode({ token })
      expect(decoded.ok && decoded.value.tokenId).toBe(tokenId)
    },
  )

  test.each(['', 'tok_a1b2c3d4e5f6', 'tok_'])('answers that the token "%s" is not found', (token) => {
    expect(refusalOf({ token })).toEqual({ type: 'TokenNotFound' })
  })

  test('takes a session id in either case, and answers that any other text is no session', () => {
    const decoded = decode({ cvc_session_id: sessionId.toUpperCase() })
    expect(decoded.ok && decoded.value.sessionId).toBe(sessionId)
    for (const wrong of ['', 'session_xyz', `${sessionId}0`])
      expect(refusalOf({ cvc_session_id: wrong })).toEqual({ type: 'CodeNotHeld' })
  })

  test.each([
    ['post', 'POST'],
    ['Put', 'PUT'],
    ['PATCH', 'PATCH'],
    ['delete', 'DELETE'],
  ])('takes the method %s', (given, method) => {
    const decoded = decode({ http_method: given })
    expect(decoded.ok && decoded.value.method).toBe(method)
  })

  test.each(['', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'POST ', 'ＧＥＴ'])(
    'refuses the method "%s"',
    (http_method) => {
      expect(refusalOf({ http_method })).toEqual({ type: 'InvalidField', field: 'http_method' })
    },
  )

  test('lets a GET carry no body, and refuses to lose one', () => {
    const decoded = decode({ http_method: 'GET', request_data: {} })
    expect(decoded.ok && decoded.value.method).toBe('GET')
    expect(refusalOf({ http_method: 'GET' })).toEqual({ type: 'InvalidField', field: 'request_data' })
  })

  test.each([
    [
      'a header',
      { http_headers: { 'x-card': '${cardNumber}' } },
      { type: 'HeaderNotAllowed', header: 'x-card' },
    ],
    [
      'part of a header',
      { http_headers: { a: 'b', 'x-card': 'n=${cvv};' } },
      { type: 'HeaderNotAllowed', header: 'x-card' },
    ],
    [
      'the name of a header',
      { http_headers: { 'x-${cvv}': '1' } },
      { type: 'HeaderNotAllowed', header: 'x-${cvv}' },
    ],
    ['the URL', { proxy_url: 'https://psp.example/${cardNumber}' }, { type: 'DestinationNotAllowed' }],
    [
      'the name of a field',
      { request_data: { '${cvv}': 1 } },
      { type: 'UnknownPlaceholder', placeholder: '${cvv}' },
    ],
  ])('refuses a placeholder in %s', (_, parts, refusal) => {
    expect(refusalOf(parts)).toEqual(refusal)
  })

  test.each(['${iban}', '${CVV}', '${cvv', '${${cvv}}', '${cvv:int}', '${}', '${cardNumberPlaceholder}'])(
    'refuses %s, which it does not know',
    (text) => {
      expect(refusalOf({ request_data: { a: [{ b: text }] } })).toMatchObject({ type: 'UnknownPlaceholder' })
    },
  )

  test.each([
    ['${cardNumber}', 'card number'],
    ['${expirationMonth}', 'expiry month'],
    ['${expirationMonth:int}', 'expiry month'],
    ['${expirationYear}', 'expiry year'],
    ['${expirationYear:YY}', 'expiry year'],
    ['${expirationYear:YYYY}', 'expiry year'],
    ['${expirationYear:int}', 'expiry year'],
    ['${cvv}', 'code'],
    ['${cvc}', 'code'],
  ])('knows %s as the %s', (text, value) => {
    const decoded = decode({ request_data: { a: `x ${text}` } })
    expect(decoded.ok && [...decoded.value.template.uses]).toEqual([value])
  })

  test('keeps numbers as they were written', () => {
    const body = readStrictJson(Buffer.from(JSON.stringify(request).replace('"${cvv}"', '10.00')), {
      keepsNumbers: true,
    })
    const decoded = decodeProxy(inputOf(body.ok && body.value))
    expect(decoded.ok && JSON.stringify(decoded.value.template.root)).toContain('"text":"10.00"')
  })
})

describe('/proxy/delete-cvc-session', () => {
  const inPath = '550e8400-e29b-41d4-a716-446655440001'
  const inQuery = '550e8400-e29b-41d4-a716-446655440002'
  const inBody = '550e8400-e29b-41d4-a716-446655440003'
  const path = { params: { cvc_session_id: inPath } }
  const query = { query: { cvc_session_id: inQuery } }
  const body = { cvc_session_id: inBody }

  test('takes the id from the path, from the query or from the body, in this order', () => {
    expect(decodeDeleteSession(inputOf(body, { ...path, ...query }))).toEqual({ ok: true, value: inPath })
    expect(decodeDeleteSession(inputOf(body, query))).toEqual({ ok: true, value: inQuery })
    expect(decodeDeleteSession(inputOf(body))).toEqual({ ok: true, value: inBody })
  })

  test.each([null, undefined, {}])('asks for it where it is nowhere and the body is %j', (none) => {
    expect(decodeDeleteSession(inputOf(none))).toEqual({
      ok: false,
      error: { type: 'MissingField', field: 'cvc_session_id' },
    })
  })

  test.each(['', 'session_xyz', '550e8400'])('answers that "%s" is no session', (text) => {
    expect(decodeDeleteSession(inputOf({ cvc_session_id: text }))).toEqual({
      ok: false,
      error: { type: 'CodeNotHeld' },
    })
  })
})
