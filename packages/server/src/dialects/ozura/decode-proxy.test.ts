import type { Refusal } from '@cardkeep/core/errors'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import { ok, type Result } from '@cardkeep/core/kernel/result'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { ForwardRequest } from '@cardkeep/core/operations/forwards/forward-request'
import { renderTemplate } from '@cardkeep/core/templates/template'
import { spellBase32, spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { describe, expect, test } from 'vitest'
import type { RouteInput } from '../../http/route.ts'
import { readStrictJson } from '../../http/strict-json.ts'
import { decodeProxy } from './decode-proxy.ts'

const inputOf = (body: unknown, parts: Partial<RouteInput> = {}): RouteInput => ({
  params: {},
  query: {},
  headers: {},
  content: 'json',
  baseUrl: 'https://vault.example',
  body,
  ...parts,
})

const forwardOf = (input: RouteInput): Result<ForwardRequest, Refusal> => {
  const decoded = decodeProxy(input)
  return decoded.ok ? ok(decoded.value.forward) : decoded
}

const tokenId = '0f8fad5b-d9cb-469f-a165-70867728950e' as TokenId
const sessionId = '550e8400-e29b-41d4-a716-446655440000'
const request = {
  token: spellPrefixed(tokenId),
  proxy_url: 'https://psp.example/v1/charges',
  request_data: { card: { number: '${cardNumber}', cvc: '${cvv}' } },
}
describe('as JSON', () => {
  const decode = (parts: Record<string, unknown> = {}) => forwardOf(inputOf({ ...request, ...parts }))
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
    ['${accountNumber}', 'account number'],
    ['${routingNumber}', 'routing number'],
    ['${firstName}', 'first name'],
    ['${lastName}', 'last name'],
  ])('knows %s as the %s', (text, value) => {
    const decoded = decode({ request_data: { a: `x ${text}` } })
    expect(decoded.ok && [...decoded.value.template.uses]).toEqual([value])
  })

  test('keeps numbers as they were written', () => {
    const body = readStrictJson(Buffer.from(JSON.stringify(request).replace('"${cvv}"', '10.00')), {
      keepsNumbers: true,
    })
    const decoded = forwardOf(inputOf(body.ok && body.value))
    expect(decoded.ok && JSON.stringify(decoded.value.template.root)).toContain('"text":"10.00"')
  })

  test('takes nothing from the query, where it would be passed over', () => {
    const input = inputOf(request, { query: { token: request.token } })
    expect(forwardOf(input)).toEqual({ ok: false, error: { type: 'InvalidField', field: 'token' } })
  })

  test('without a body is not readable', () => {
    expect(forwardOf(inputOf(undefined))).toEqual({ ok: false, error: { type: 'BodyNotReadable' } })
  })
})

test('a dry run is one where the query says so', () => {
  for (const [query, isDryRun] of [
    [{}, false],
    [{ dry_run: 'false' }, false],
    [{ dry_run: 'true' }, true],
  ] as const)
    expect(decodeProxy(inputOf(request, { query }))).toMatchObject({ ok: true, value: { isDryRun } })
})

describe('as a form or XML', () => {
  const formType = 'application/x-www-form-urlencoded'
  const controls = { 'x-token': request.token, 'x-proxy-url': request.proxy_url }
  const formOf = (body: string, parts: { headers?: object; query?: Record<string, string> } = {}) =>
    forwardOf(
      inputOf(body, {
        content: 'form',
        query: parts.query ?? {},
        headers: { 'content-type': formType, ...(parts.headers ?? controls) },
      }),
    )
  const xmlOf = (body: string, headers: object = {}) =>
    forwardOf(
      inputOf(body, { content: 'xml', headers: { 'content-type': 'text/xml', ...controls, ...headers } }),
    )
  const bodyOf = (forward: Result<ForwardRequest, Refusal>): string => {
    if (!forward.ok) return forward.error.type
    return openSecret(
      renderTemplate(forward.value.template, ({ value }) => value),
      'render',
    )
  }

  test('takes what it must know from headers, and sends the body as the type that it came as', () => {
    const headers = { ...controls, 'x-cvc-session-id': sessionId.toUpperCase(), 'x-http-method': 'put' }
    const common = { tokenId, sessionId, url: request.proxy_url, method: 'PUT', headers: {} }
    expect(formOf('n=${cardNumber}', { headers })).toMatchObject({
      value: { ...common, contentType: formType },
    })
    expect(
      xmlOf('<a>${cardNumber}</a>', { ...headers, 'content-type': 'application/soap+xml; action="x"' }),
    ).toMatchObject({
      value: { ...common, contentType: 'application/soap+xml; action="x"' },
    })
  })

  test('takes it from the query, or from the form, of which it is not sent on', () => {
    const query = {
      token: request.token,
      proxy_url: request.proxy_url,
      cvc_session_id: sessionId,
      http_method: 'PATCH',
    }
    const said = { tokenId, sessionId, url: request.proxy_url, method: 'PATCH' }
    const fromQuery = formOf('n=${cardNumber}', { headers: {}, query })
    expect(fromQuery).toMatchObject({ value: said })
    expect(bodyOf(fromQuery)).toBe('n=card+number')
    const fromForm = formOf(`a=1&${new URLSearchParams(query).toString()}&n=%24%7BcardNumber%7D&a=2`, {
      headers: {},
    })
    expect(fromForm).toMatchObject({ value: said })
    expect(bodyOf(fromForm)).toBe('a=1&n=card+number&a=2')
  })

  test("leaves a field of such a name to the provider where the vault's own came elsewhere", () => {
    expect(bodyOf(formOf('token=theirs&n=${cvv}'))).toBe('token=theirs&n=code')
  })

  test.each([
    [
      'twice in the form',
      `token=${request.token}&token=${request.token}`,
      { headers: { 'x-proxy-url': 'https://a' } },
    ],
    ['in a header and in the query', '', { query: { token: request.token } }],
    ['that is far too long', '', { headers: { ...controls, 'x-token': 'a'.repeat(2_049) } }],
  ])('refuses a token %s', (_, body, parts) => {
    expect(formOf(body, parts)).toEqual({ ok: false, error: { type: 'InvalidField', field: 'token' } })
  })

  test('does not take a dry run that is asked for in the form for a field of the provider', () => {
    expect(formOf('dry_run=true&a=1')).toEqual({
      ok: false,
      error: { type: 'InvalidField', field: 'dry_run' },
    })
    expect(bodyOf(formOf('dry_run=true&a=1', { headers: controls, query: { dry_run: 'false' } }))).toBe(
      'dry_run=true&a=1',
    )
  })

  test.each(['token', 'proxy_url'])('asks for %s where it is nowhere', (field) => {
    const headers = Object.fromEntries(
      Object.entries(controls).filter(([name]) => name !== `x-${field.replace('_', '-')}`),
    )
    const refusal = { ok: false, error: { type: 'MissingField', field } }
    expect(formOf('a=1', { headers })).toEqual(refusal)
    expect(forwardOf(inputOf('<a/>', { content: 'xml', headers }))).toEqual(refusal)
  })

  test('sends the headers that are for the provider without their prefix, and no other', () => {
    const headers = {
      ...controls,
      'x-forward-authorization': 'Bearer a',
      'x-forward-x-trace': '1',
      'x-forwarded-for': '192.0.2.1',
      'x-other': '2',
    }
    expect(formOf('', { headers })).toMatchObject({
      value: { headers: { authorization: 'Bearer a', 'x-trace': '1' } },
    })
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`x-forward-${at}`, '1']))
    expect(formOf('', { headers: { ...controls, ...many } })).toMatchObject({
      error: { type: 'HeaderNotAllowed' },
    })
  })

  test.each([
    ['in a header', { 'x-forward-x-card': '${cardNumber}' }, { type: 'HeaderNotAllowed', header: 'x-card' }],
    [
      'in the type',
      { 'content-type': 'text/xml; a="${cvv}"' },
      { type: 'HeaderNotAllowed', header: 'Content-Type' },
    ],
    ['in the URL', { 'x-proxy-url': 'https://psp.example/${cvv}' }, { type: 'DestinationNotAllowed' }],
  ])('refuses a placeholder %s', (_, headers, error) => {
    expect(xmlOf('<a/>', headers)).toEqual({ ok: false, error })
    expect(formOf('', { headers: { ...controls, ...headers } })).toEqual({ ok: false, error })
  })

  test('refuses a body that is not what it says', () => {
    expect(formOf('a=%')).toEqual({ ok: false, error: { type: 'BodyNotReadable' } })
    expect(xmlOf('<a>')).toEqual({ ok: false, error: { type: 'BodyNotReadable' } })
    expect(xmlOf('<!DOCTYPE a><a/>')).toEqual({ ok: false, error: { type: 'BodyNotReadable' } })
    expect(formOf('${cvv}=1')).toMatchObject({ error: { type: 'UnknownPlaceholder' } })
    expect(xmlOf('<!--${cvv}--><a/>')).toMatchObject({ error: { type: 'UnknownPlaceholder' } })
  })

  test('lets a GET carry no body, and refuses to lose one', () => {
    const headers = { ...controls, 'x-http-method': 'GET' }
    const lost = { ok: false, error: { type: 'InvalidField', field: 'request_data' } }
    expect(formOf('', { headers })).toMatchObject({ value: { method: 'GET' } })
    expect(formOf('a=1', { headers })).toEqual(lost)
    expect(xmlOf('<a/>', headers)).toEqual(lost)
  })
})
