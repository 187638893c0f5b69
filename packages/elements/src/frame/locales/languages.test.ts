import { expect, test } from 'vitest'
import { languageOf } from './languages.ts'

const tags = ['ar', 'de', 'en', 'es', 'fr', 'ja', 'pt']

test.each(tags)('%s says everything, in words of its own', (tag) => {
  const { texts } = languageOf(tag)
  const { direction: _, describeCard, expiryPlaceholder: __, ...rest } = texts
  const said = JSON.stringify(rest)
  expect(languageOf(tag).tag).toBe(tag)
  expect(said).not.toContain('""')
  expect(describeCard('Visa', '4242', '04 / 33')).toMatch(/Visa.*4242.*04 \/ 33/)
  // Every text but a word that two languages share.
  const english = new Set(Object.values(languageOf('en').texts.failures))
  expect(tag === 'en' || Object.values(texts.failures).every((text) => !english.has(text))).toBe(true)
})

test('a language is found by the first part of its tag, and English stands in for others', () => {
  expect(['pt-BR', 'DE', 'ja-JP', 'nl', 'constructor', ''].map((locale) => languageOf(locale).tag)).toEqual([
    ...['pt', 'de', 'ja', 'en', 'en', 'en'],
  ])
})

test('only languages that are written so run from right to left', () => {
  expect(tags.filter((tag) => languageOf(tag).texts.direction === 'rtl')).toEqual(['ar'])
})
