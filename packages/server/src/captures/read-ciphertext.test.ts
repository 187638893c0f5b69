import { readdirSync, readFileSync } from 'node:fs'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { expect, test } from 'vitest'
import { readCiphertext } from './read-ciphertext.ts'

const message = '-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n'

test.each([
  ['as it is', message],
  ['behind other lines', `of a client:\n\n${message}`],
  ['behind a line that is like its first', `this is not it: -----BEGIN PGP MESSAGE-----\n${message}`],
  ['with the line ends of another system', message.replaceAll('\n', '\r\n')],
])('a message is found: %s', (_, text) => {
  expect(readCiphertext(text)).toEqual(ok(text))
  expect(readCiphertext(Buffer.from(text).toString('base64'))).toEqual(ok(text))
})

test.each([
  ['another block before it', `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${message}`, 'not a message'],
  ['a text that is signed', message.replace('PGP', 'PGP SIGNED'), 'not encrypted'],
  ['its first line within another', 'of -----BEGIN PGP MESSAGE-----', 'not a message'],
  ['its first line and more in it', '-----BEGIN PGP MESSAGE-----AAAA', 'not a message'],
] as const)('what is no message is refused: %s', (_, text, fault) => {
  expect(readCiphertext(text)).toEqual(refuse(fault))
})

/**
 * Each reads a text of any kind once: it begins where the text begins, or is of one character, so that there is one way to fit.
 * An expression that may begin at any line, or in any run of spaces, has to be tried from each.
 */
const harmless = ['/\\s/g', '/^[A-Za-z0-9+/]+={0,2}$/', '/^0+$/']

test('no expression reads what strangers sent but those of which somebody has thought', () => {
  const folder = new URL('./', import.meta.url)
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.includes('.test.'))
  const lines = files.flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split('\n'))
  const code = lines.filter((line) => !/^\s*(?:\/\/|\/\*|\*|import )/.test(line)).join('\n')
  const found = [...code.matchAll(/(?<=[(=:,\s])\/(?![/*\s])(?:\\.|\[(?:\\.|[^\]\n])*\]|[^/\n])+\/[a-z]*/g)]
  expect(new Set(found.map(([expression]) => expression))).toEqual(new Set(harmless))
  expect(code).not.toContain('RegExp')
})
