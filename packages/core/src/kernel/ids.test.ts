import { expect, test } from 'vitest'
import { bytesOfId, idOfBytes, parseId } from './ids.ts'

const id = '0f8fad5b-d9cb-469f-a165-70867728950e'

test('an id is read in either case and kept in lower case', () => {
  expect(parseId(id)).toBe(id)
  expect(parseId(id.toUpperCase())).toBe(id)
})

test.each([
  ['of version 1', '0f8fad5b-d9cb-169f-a165-70867728950e'],
  ['of version 7', '0f8fad5b-d9cb-769f-a165-70867728950e'],
  ['of another variant', '0f8fad5b-d9cb-469f-c165-70867728950e'],
  ['without hyphens', '0f8fad5bd9cb469fa16570867728950e'],
  ['in braces', `{${id}}`],
  ['with a line break behind it', `${id}\n`],
  ['with a space before it', ` ${id}`],
  ['one digit short', id.slice(1)],
  ['with a letter that is no digit', id.replace('f', 'g')],
  ['with a letter that only looks like a digit', id.replace('a', '\u0430')],
  ['that is nothing', ''],
])('one %s is none', (_, text) => {
  expect(parseId(text)).toBeUndefined()
})

test('an id is its sixteen bytes, and they are the id', () => {
  const parsed = parseId(id)
  if (!parsed) throw new Error('not an id')
  expect([...bytesOfId(parsed)]).toEqual([...Buffer.from(id.replaceAll('-', ''), 'hex')])
  expect(idOfBytes(bytesOfId(parsed))).toBe(id)
})

test.each([
  ['too few', new Uint8Array(15)],
  ['of no version', new Uint8Array(16)],
  ['none', new Uint8Array()],
])('bytes that are %s are no id', (_, bytes) => {
  expect(idOfBytes(bytes)).toBeUndefined()
})
