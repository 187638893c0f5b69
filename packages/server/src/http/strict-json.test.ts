import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readStrictJson } from './strict-json.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const read = (text: string, keepsNumbers = false) => readStrictJson(bytesOf(text), { keepsNumbers })

const refused = { ok: false, error: { type: 'BodyNotReadable' } }

const nested = (depth: number, open: string, close: string): string =>
  open.repeat(depth) + '1' + close.repeat(depth)

test.each([
  'null',
  'true',
  '0',
  '-1.5',
  '"text"',
  '[]',
  '{}',
  ' {"a" : [1, {"b": null}]}\r\n\t',
  '"\\u00e9\\n"',
  '"é😀"',
])('%s is read as JSON is', (text) => {
  expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) })
  expect(JSON.stringify(read(text, true))).toBe(JSON.stringify({ ok: true, value: JSON.parse(text) }))
})

describe('no object may have a key twice', () => {
  test.each([
    ['at the top', '{"cardNumber":"1","cardNumber":"2"}'],
    ['with the same value', '{"a":1,"a":1}'],
    ['apart from each other', '{"a":1,"b":2,"c":3,"a":4}'],
    ['in an object in an object', '{"a":{"b":{"c":1,"c":2}}}'],
    ['in an object in a list', '[1,[{"x":1,"x":2}]]'],
    ['one of them escaped', '{"a":1,"\\u0061":2}'],
    ['both escaped, in other letters', '{"\\u006B":1,"\\u006b":2}'],
    ['a slash, once escaped', '{"/":1,"\\/":2}'],
    ['the empty one', '{"":1,"":2}'],
    ['numbers that are keys', '{"1":1,"1":2}'],
    ['the name of the prototype', '{"__proto__":1,"__proto__":2}'],
    ['the name of the prototype, with objects', '{"__proto__":{},"__proto__":{"a":1}}'],
    ['whose first value is an object with more keys', '{"a":{"b":1,"c":2},"a":3}'],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual(refused)
    expect(read(text, true)).toEqual(refused)
  })

  test.each([
    ['in different objects', '{"a":{"x":1},"b":{"x":2}}'],
    ['in objects of one list', '[{"x":1},{"x":2}]'],
    ['within itself', '{"a":{"a":{"a":1}}}'],
    ['in two cases', '{"a":1,"A":2}'],
    ['in two forms of one letter', '{"é":1,"e\u0301":2}'],
    ['as text with a colon', '{"a":"\\"a\\":1","b":":::"}'],
    ['behind a backslash at the end of a text', '{"a":"\\\\","b":1}'],
    ['a text with brackets', `{"a":"${'['.repeat(100)}"}`],
  ])('the same key is good %s', (_, text) => {
    expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) })
    expect(read(text, true)).toEqual({ ok: true, value: JSON.parse(text) })
  })

  test('whatever the keys are', () => {
    const key = fc.constantFrom('a', 'b', '"', ':', '{', '\n', 'é', '\ud800', '__proto__', '1')
    const spell = (text: string, escaped: boolean): string =>
      escaped
        ? `"${text
            .split('')
            .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
            .join('')}"`
        : JSON.stringify(text)
    const entries = fc.array(fc.tuple(key, fc.boolean()), { maxLength: 6 })
    fc.assert(
      fc.property(entries, (given) => {
        const text = `{${given.map(([name, escaped]) => `${spell(name, escaped)}:1`).join(',')}}`
        expect(read(text).ok).toBe(new Set(given.map(([name]) => name)).size === given.length)
      }),
      { seed: 1, numRuns: 1_000 },
    )
  })
})

describe('the name of the prototype', () => {
  test.each([false, true])('is a key like any other, with its numbers kept: %s', (keepsNumbers) => {
    const result = read('{"__proto__":{"admin":true},"x":1}', keepsNumbers)
    const value = result.ok ? (result.value as object) : {}
    expect(Object.keys(value)).toEqual(['__proto__', 'x'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect('admin' in value).toBe(false)
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"x":1}')
  })
})

describe('depth', () => {
  test.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('of %s is bounded at 64', (_, open, close) => {
    expect(read(nested(64, open, close)).ok).toBe(true)
    expect(read(nested(65, open, close))).toEqual(refused)
    expect(read(nested(100_000, open, close))).toEqual(refused)
  })

  test('counts what is open at a time, not what was opened in all', () => {
    expect(read(`[${Array(1_000).fill('[[]]').join(',')}]`).ok).toBe(true)
  })
})

test('a key that ends with a backslash is refused, so that no key is taken for one that came before', () => {
  const before = read('{"a\\\\":1}')
  const after = read('{"a\\"":1}')
  expect(before).toEqual(refused)
  expect(after.ok ? after.value : { 'a"': 1 }).toEqual({ 'a"': 1 })
})

describe('the number of values', () => {
  const list = (values: number): string => `[${Array(values).fill('1').join(',')}]`
  const object = (values: number): string =>
    `{${Array.from({ length: values }, (_, at) => `"k${at}":[[]]`).join(',')}}`

  test('is bounded at twenty thousand, in lists and in objects', () => {
    expect(read(list(20_000)).ok).toBe(true)
    expect(read(list(20_001))).toEqual(refused)
    expect(read(object(20_000)).ok).toBe(true)
    expect(read(object(20_001))).toEqual(refused)
    expect(read(`[${list(10_000)},${list(10_001)}]`)).toEqual(refused)
  })

  test('does not count commas in text', () => {
    expect(read(JSON.stringify(','.repeat(30_000))).ok).toBe(true)
  })
})

describe('bytes that are no UTF-8 are refused', () => {
  test.each<readonly [string, readonly number[]]>([
    ['a byte that never occurs', [0xff]],
    ['a continuation alone', [0x80]],
    ['a character cut off', [0xc3]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong NUL', [0xc0, 0x80]],
    ['half of a pair', [0xed, 0xa0, 0x80]],
    ['a character beyond the last', [0xf4, 0x90, 0x80, 0x80]],
  ])('%s', (_, bytes) => {
    const body = Uint8Array.from([0x22, ...bytes, 0x22])
    expect(readStrictJson(body, { keepsNumbers: false })).toEqual(refused)
  })

  test('and so are other encodings and a byte order mark', () => {
    expect(readStrictJson(Buffer.from('{"a":1}', 'utf16le'), { keepsNumbers: false })).toEqual(refused)
    expect(read('\ufeff{"a":1}')).toEqual(refused)
    expect(read('"\ufeff"')).toEqual({ ok: true, value: '\ufeff' })
  })
})

test('half of a pair that is escaped stays what it is', () => {
  const result = read('{"a":"\\ud800","\\udfff":1}')
  expect(result).toEqual({ ok: true, value: { a: '\ud800', '\udfff': 1 } })
  expect(JSON.stringify(result.ok && result.value)).toBe('{"a":"\\ud800","\\udfff":1}')
})

test.each([
  ['nothing', ''],
  ['white space', ' '],
  ['two values', '{}{}'],
  ['something behind', '{}x'],
  ['a comma behind', '[1,]'],
  ['a comment', '{/**/}'],
  ['single quotes', "{'a':1}"],
  ['a key without quotes', '{a:1}'],
  ['a NUL in a text', '"\0"'],
  ['a NUL behind', '{}\0'],
  ['a line break in a text', '"\n"'],
  ['a tab in a text', '"\t"'],
  ['a number that is none', 'NaN'],
  ['an infinite number', 'Infinity'],
  ['a zero in front', '01'],
  ['a plus in front', '+1'],
  ['a bracket too few', '{"a":[1}'],
  ['a bracket too many', ']'],
  ['a text that is not closed', '{"a":"b'],
  ['a backslash at the end', '"\\'],
  ['a no-break space', '\u00a0{}'],
  ['a colon more', '{"a"::1}'],
])('%s is refused', (_, text) => {
  expect(read(text)).toEqual(refused)
  expect(read(text, true)).toEqual(refused)
})

describe('numbers', () => {
  const spellings = [
    '9007199254740993',
    '10.00',
    '1E5',
    '1e+5',
    '-0',
    '0.10',
    '12345678901234567890',
    '1e400',
    '0.1',
    '5',
    '-7.25',
    '1e21',
  ]

  test.each(spellings)('%s keeps its spelling where that is asked for', (spelling) => {
    const result = read(`{"a":${spelling},"b":[${spelling}]}`, true)
    expect(JSON.stringify(result.ok && result.value)).toBe(`{"a":${spelling},"b":[${spelling}]}`)
  })

  test('become numbers where it is not', () => {
    expect(read('[10.00,1E5,12345678901234567890]')).toEqual({
      ok: true,
      value: [10, 1e5, 12345678901234567000],
    })
  })

  test('that are text stay text', () => {
    expect(read('{"a":"10.00"}', true)).toEqual({ ok: true, value: { a: '10.00' } })
  })

  test('whatever number is written', () => {
    const spelling = fc.stringMatching(/^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,5})?(?:[eE][+-]?\d{1,3})?$/)
    fc.assert(
      fc.property(spelling, (text) => {
        const result = read(`[${text}]`, true)
        expect(JSON.stringify(result.ok && result.value)).toBe(`[${text}]`)
      }),
      { seed: 2, numRuns: 500 },
    )
  })
})

// No backslashes: the engine's own `JSON.parse` may take the key `\"` for a key `\` that it saw before.
const anyJson = fc.json({
  depthSize: 'small',
  stringUnit: fc.constantFrom('a', '"', ':', '{', ',', '\n', 'é', '😀', '\ud800'),
})

test('any JSON that the platform writes is read back', () => {
  fc.assert(
    fc.property(anyJson, fc.boolean(), (text, keepsNumbers) => {
      const result = read(text, keepsNumbers)
      expect(JSON.stringify(result.ok && result.value)).toBe(JSON.stringify(JSON.parse(text)))
    }),
    { seed: 3, numRuns: 500 },
  )
})

test('a refusal says nothing of what was read', () => {
  expect(JSON.stringify(read('{"cardNumber":4111111111111111x}'))).toBe(JSON.stringify(refused))
})
