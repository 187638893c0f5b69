import { InvalidArgumentError } from 'commander'
import { expect, test } from 'vitest'
import { asOrigins } from './options.ts'

const read = asOrigins(3)

test.each([
  ['https://a.example', ['https://a.example']],
  ['https://a.example,https://b.example:8443', ['https://a.example', 'https://b.example:8443']],
  ['https://a.example, http://127.0.0.1:8080', ['https://a.example', 'http://127.0.0.1:8080']],
  ['https://[2001:db8::1]', ['https://[2001:db8::1]']],
])('%s are origins', (text, origins) => {
  expect(read(text)).toEqual(origins)
})

test.each([
  ['nothing', ''],
  ['a comma too many', 'https://a.example,'],
  ['a path', 'https://a.example/x'],
  ['a slash', 'https://a.example/'],
  ['capitals', 'https://A.example'],
  ['the port that it has anyway', 'https://a.example:443'],
  ['a user', 'https://me@a.example'],
  ['no scheme', 'a.example'],
  ['another scheme', 'ftp://a.example'],
  ['what has no origin', 'null'],
  ['one good and one bad', 'https://a.example,b.example'],
  ['blanks between', 'https://a.example https://b.example'],
  ['more than there may be', 'https://a.example,https://b.example,https://c.example,https://d.example'],
])('%s is refused', (_, text) => {
  expect(() => read(text)).toThrow(InvalidArgumentError)
})
