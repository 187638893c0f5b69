import { afterEach, describe, expect, test, vi } from 'vitest'
import { needsElementOptions, needsOptions } from './options.ts'

const sessionId = '00000000-0000-4000-8000-000000000001'
const good = { vaultUrl: 'https://vault.example', sessionId }

test('the frame is found below the address of the vault, whatever stands behind its host', () => {
  const urls = [
    'https://vault.example',
    'https://vault.example/',
    'https://pay.example/vault',
    'http://localhost:8080',
  ]
  expect(urls.map((vaultUrl) => needsOptions({ ...good, vaultUrl }).frameUrl.href)).toEqual([
    `https://vault.example/elements/v1/frame/${sessionId}`,
    `https://vault.example/elements/v1/frame/${sessionId}`,
    `https://pay.example/vault/elements/v1/frame/${sessionId}`,
    `http://localhost:8080/elements/v1/frame/${sessionId}`,
  ])
})

describe('an option that is not right is named', () => {
  test.each([
    ['a plain address', { vaultUrl: 'http://vault.example' }, 'vaultUrl'],
    ['a script', { vaultUrl: 'javascript:alert(1)' }, 'vaultUrl'],
    [
      'a host that only looks like the own machine',
      { vaultUrl: 'http://localhost.evil.example' },
      'vaultUrl',
    ],
    ['a password in the address', { vaultUrl: 'https://a:b@vault.example' }, 'vaultUrl'],
    ['a query', { vaultUrl: 'https://vault.example/?x=1' }, 'vaultUrl'],
    ['no address', { vaultUrl: 'vault' }, 'vaultUrl'],
    ['a session that leads elsewhere', { sessionId: '../../health/live' }, 'sessionId'],
    ['a language that is none', { locale: 'english please' }, 'locale'],
    ['a colour that loads', { appearance: { variables: { colorText: 'url(x)' } } }, 'variables.colorText'],
    ['no time at all', { deadlineMs: 0 }, 'deadlineMs'],
  ])('%s', (_, change, named) => {
    expect(() => needsOptions({ ...good, ...change })).toThrow(new RegExp(`^Cardkeep elements: .*${named}`))
  })
})

test('what goes to the frame is a copy, because an observed object cannot be posted', () => {
  const observed = <T extends object>(options: T): T => new Proxy(options, {})
  const { appearance } = needsOptions({
    ...good,
    appearance: observed({ variables: observed({ colorText: '#000' }) }),
  })
  expect(structuredClone(appearance)).toEqual({ variables: { colorText: '#000' } })
  const words = needsElementOptions({ labels: observed({ code: 'CVC' }), placeholders: observed({}) })
  expect(structuredClone(words)).toEqual({ labels: { code: 'CVC' }, placeholders: {} })
})

describe('in the oldest browsers that are served', () => {
  afterEach(() => void vi.unstubAllGlobals())

  test('an address is read without what they do not have yet', () => {
    vi.stubGlobal(
      'URL',
      class extends URL {
        static override canParse = undefined as never
      },
    )
    expect(needsOptions(good).frameUrl.origin).toBe('https://vault.example')
    expect(() => needsOptions({ ...good, vaultUrl: 'vault' })).toThrow('vaultUrl')
  })
})

test('labels are for the fields that there are', () => {
  expect(needsElementOptions({ labels: { code: 'CVC' } })).toEqual({
    labels: { code: 'CVC' },
    placeholders: {},
  })
  expect(() => needsElementOptions({ labels: { pin: 'PIN' } as object })).toThrow('labels')
})
