import type { CodePolicy } from '@cardkeep/core/codes/policy'
import { describe, expect, test } from 'vitest'
import { readCodePolicy } from './code-policy-header.ts'

const [a, b] = ['https://a.example', 'https://b.example:8443'] as const

const base: CodePolicy = { hold: true, ttlMs: 90_000, uses: 3, destinations: undefined }

const read = (text: string, policy = base) => readCodePolicy({ 'cardkeep-code-policy': text }, policy)

const refused = { ok: false, error: { type: 'InvalidField', field: 'Cardkeep-Code-Policy' } }

test('without the header the policy stays', () => {
  expect(readCodePolicy({ 'x-other': 'ttl=1' }, base)).toEqual({ ok: true, value: base })
})

describe('a caller narrows', () => {
  test.each<readonly [string, Partial<CodePolicy>]>([
    ['ttl=60', { ttlMs: 60_000 }],
    ['ttl=1', { ttlMs: 1_000 }],
    ['ttl=90', {}],
    ['uses=1', { uses: 1 }],
    ['uses=3', {}],
    ['hold=off', { hold: false }],
    ['hold=on', {}],
    [`destinations="${a}"`, { destinations: [a] }],
    [`destinations="${a} ${b}"`, { destinations: [a, b] }],
    ['destinations="http://127.0.0.1:8080"', { destinations: ['http://127.0.0.1:8080'] }],
    ['destinations="https://[2001:db8::1]"', { destinations: ['https://[2001:db8::1]'] }],
    [
      `ttl=60, uses=2, hold=off, destinations="${a} ${b}"`,
      { ttlMs: 60_000, uses: 2, hold: false, destinations: [a, b] },
    ],
    [' uses=2 ,\tttl=60', { ttlMs: 60_000, uses: 2 }],
  ])('with %s', (text, parts) => {
    expect(read(text)).toEqual({ ok: true, value: { ...base, ...parts } })
  })
})

describe('is refused where it would be wider:', () => {
  const narrow: CodePolicy = { hold: false, ttlMs: 90_000, uses: 1, destinations: [a] }
  test.each([
    'ttl=91',
    'uses=2',
    'hold=on',
    `destinations="${b}"`,
    `destinations="${a} ${b}"`,
    'ttl=1, uses=2',
  ])('%s', (text) => {
    expect(read(text, narrow)).toEqual(refused)
  })
})

describe('is refused where it is not understood:', () => {
  const many = Array.from({ length: 11 }, (_, at) => `https://${at}.example`).join(' ')
  test.each([
    ['nothing', ''],
    ['a blank', ' '],
    ['an unknown key', 'ttl=60, cvv=1'],
    ['a key in capitals', 'TTL=60'],
    ['a key of every object', 'constructor=1'],
    ['a key twice', 'ttl=60, ttl=30'],
    ['a key twice, as two headers are joined', 'uses=1, hold=off, uses=1'],
    ['a key alone', 'ttl'],
    ['a time of nothing', 'ttl=0'],
    ['a time below nothing', 'ttl=-1'],
    ['a part of a second', 'ttl=1.5'],
    ['a whole number that is written as a decimal', 'ttl=60.0'],
    ['a time as text', 'ttl="60"'],
    ['a time as a word', 'ttl=forever'],
    ['a time as a date', 'ttl=@60'],
    ['a time beyond counting', 'ttl=9999999999999999'],
    ['a time with a unit', 'ttl=60s'],
    ['a time in a list', 'ttl=(60)'],
    ['a time with a parameter', 'ttl=60;max=90'],
    ['no uses', 'uses=0'],
    ['uses below nothing', 'uses=-1'],
    ['a part of a use', 'uses=1.5'],
    ['a use that is written as a decimal', 'uses=1.0'],
    ['hold as a boolean', 'hold=?0'],
    ['hold as text', 'hold="off"'],
    ['hold as a number', 'hold=0'],
    ['hold alone', 'hold'],
    ['hold as another word', 'hold=no'],
    ['hold in capitals', 'hold=OFF'],
    ['destinations as a word', 'destinations=https'],
    ['destinations as a list', `destinations=("${a}")`],
    ['no destinations', 'destinations=""'],
    ['destinations with two blanks', `destinations="${a}  ${b}"`],
    ['destinations with a blank at the end', `destinations="${a} "`],
    ['destinations with commas', `destinations="${a},${b}"`],
    ['too many destinations', `destinations="${many}"`],
    ['a destination with a path', `destinations="${a}/charges"`],
    ['a destination with a slash', `destinations="${a}/"`],
    ['a destination in capitals', 'destinations="https://A.example"'],
    ['a destination with the port it has anyway', `destinations="${a}:443"`],
    ['a destination with a user', 'destinations="https://me@a.example"'],
    ['a destination without a scheme', 'destinations="a.example"'],
    ['a destination of another scheme', 'destinations="ftp://a.example"'],
    ['a destination without an origin', 'destinations="null"'],
    ['a comma at the end', 'ttl=60,'],
    ['a semicolon between', 'ttl=60; uses=1'],
    ['an open string', `destinations="${a}`],
    ['JSON', '{"ttl":60}'],
    ['letters of another alphabet', 'ttl=6\u0660'],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual(refused)
  })

  test('more text than any policy needs', () => {
    expect(read(`ttl=60${' '.repeat(4 * 1024)}`)).toEqual(refused)
    expect(read(`ttl=60${' '.repeat(4 * 1024 - 6)}`).ok).toBe(true)
  })

  test('a header that came as a list', () => {
    expect(readCodePolicy({ 'cardkeep-code-policy': ['ttl=60', 'uses=1'] }, base)).toEqual(refused)
    expect(readCodePolicy({ 'cardkeep-code-policy': ['ttl=60'] }, base)).toEqual(refused)
  })
})
