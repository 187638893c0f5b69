import { describe, expect, test } from 'vitest'
import { isProviderHeader, mayComeBack, withContentType } from './headers.ts'

test('headers name the type of the body once, as the caller named it', () => {
  expect(withContentType({ 'Content-type': 'text/xml' }, 'application/json')).toEqual({
    'Content-type': 'text/xml',
  })
  expect(withContentType({ a: 'b' }, 'text/xml')).toEqual({ a: 'b', 'content-type': 'text/xml' })
})

describe('a destination may have a header added', () => {
  test.each([
    ['authorization', 'Bearer sk_live_1'],
    ['x-api-key', 'é'],
    ['cookie', 'a=b; c=d'],
    ['x', 'a'.repeat(8 * 1024)],
  ])('such as %s', (name, value) => expect(isProviderHeader(name, value)).toBe(true))

  test.each([
    ['host', 'x'],
    ['content-length', '1'],
    ['transfer-encoding', 'chunked'],
    ['proxy-authorization', 'x'],
    ['content-type', 'text/xml'],
    ['content-encoding', 'gzip'],
    ['accept-encoding', 'gzip'],
    ['', 'x'],
    ['x y', 'x'],
    ['x:', 'x'],
    ['x', ''],
    ['x', ' a'],
    ['x', 'a '],
    ['x', 'a\nb'],
    ['x', 'a\r\nHost: b'],
    ['x', 'a\0'],
    ['x', 'a\tb'],
    ['x', 'ā'],
    ['x', 'a'.repeat(8 * 1024 + 1)],
  ])('but not "%s" with %j', (name, value) => expect(isProviderHeader(name, value)).toBe(false))
})

test.each(['accept', 'accept-language', 'user-agent', 'stripe-version', 'x-api-version', 'version'])(
  'what %s says is no secret',
  (name) => expect(mayComeBack(name)).toBe(true),
)

test.each(['authorization', 'x-api-key', 'cookie', 'stripe-account', 'x-version-key'])(
  'what %s says must not come back',
  (name) => expect(mayComeBack(name)).toBe(false),
)
