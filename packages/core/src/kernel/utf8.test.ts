import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8Length } from './utf8.ts'

test('a text is as long as the bytes that are sent of it', () => {
  for (const text of ['', 'abc', 'Zürich', '☂', '😀', '\ud800', 'a\udc00b'])
    expect(utf8Length(text)).toBe(Buffer.byteLength(text))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => utf8Length(text) === Buffer.byteLength(text)),
    { seed: 1, numRuns: 200 },
  )
})
