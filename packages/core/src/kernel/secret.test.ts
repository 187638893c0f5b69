import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { openSecret, Secret } from './secret.ts'

const hidden = '4111111111111111'
const secret = new Secret(hidden)
const nested = { list: [{ card: secret }], map: new Map([['card', secret]]), set: new Set([secret]) }

const spread = (value: object): object => ({ ...value })

test('a secret opens to what was put in', () => {
  const bytes = new Uint8Array([1, 2, 3])
  expect(openSecret(secret, 'check')).toBe(hidden)
  expect(openSecret(new Secret(bytes), 'seal')).toBe(bytes)
})

describe('a secret is not printed by', () => {
  test.each<readonly [string, () => string]>([
    ['String', () => String(secret)],
    ['a template literal', () => `${secret.toString()} ${String([secret])}`],
    ['concatenation', () => ''.concat(secret as unknown as string)],
    ['a join of a list', () => [secret, secret].join()],
    ['toLocaleString', () => secret.toLocaleString()],
    ['JSON.stringify', () => JSON.stringify({ secret, list: [secret] })],
    ['inspect', () => inspect(secret)],
    [
      'inspect, deep inside and with all that is hidden',
      () => inspect(nested, { showHidden: true, depth: 9 }),
    ],
    ['inspect without its own form', () => inspect(secret, { customInspect: false, showHidden: true })],
    ['the message of an error', () => new Error(`bad: ${String(secret)}`).message],
    ['Object.entries', () => JSON.stringify(Object.entries(secret))],
    ['Reflect.ownKeys', () => Reflect.ownKeys(secret).map(String).join()],
    ['spreading', () => inspect(spread(secret), { showHidden: true })],
    ['Object.assign', () => inspect(Object.assign({}, secret), { showHidden: true })],
    ['structuredClone', () => inspect(structuredClone(secret), { customInspect: false, showHidden: true })],
  ])('%s', (_, print) => {
    const printed = print()
    expect(printed).not.toContain(hidden)
    expect(printed).not.toContain('1111')
  })
})

test('what is printed instead says that something is hidden', () => {
  expect(String(secret)).toBe('[secret]')
  expect(JSON.stringify({ secret })).toBe('{"secret":"[secret]"}')
  expect(inspect({ secret })).toBe('{ secret: [secret] }')
})

test('a copy that is no secret opens to nothing', () => {
  const copy = spread(secret) as Secret<string>
  expect(() => openSecret(copy, 'check')).toThrow(TypeError)
})
