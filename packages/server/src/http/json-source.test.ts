import { expect, test } from 'vitest'
import { toJsonSource } from './json-source.ts'
import { readStrictJson } from './strict-json.ts'

const sourceOf = (text: string) => {
  const read = readStrictJson(Buffer.from(text), { keepsNumbers: true })
  if (!read.ok) throw new Error('not JSON')
  return toJsonSource(read.value)
}

test('every kind of value becomes a node of its kind', () => {
  expect(sourceOf('{"a":"x","b":[true,null,1],"c":{}}')).toEqual({
    type: 'object',
    entries: [
      ['a', { type: 'text', text: 'x' }],
      [
        'b',
        {
          type: 'array',
          items: [
            { type: 'literal', text: 'true' },
            { type: 'literal', text: 'null' },
            { type: 'literal', text: '1' },
          ],
        },
      ],
      ['c', { type: 'object', entries: [] }],
    ],
  })
})

test.each(['10.00', '1E5', '-0', '12345678901234567890', '0.30'])(
  '%s is a literal with the digits it came with',
  (text) => {
    expect(sourceOf(text)).toEqual({ type: 'literal', text })
  },
)

test('the name of the prototype is an entry like any other', () => {
  expect(sourceOf('{"__proto__":{"a":1}}')).toEqual({
    type: 'object',
    entries: [['__proto__', { type: 'object', entries: [['a', { type: 'literal', text: '1' }]] }]],
  })
})
