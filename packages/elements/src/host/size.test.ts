import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

const sizeOf = (name: string): number =>
  gzipSync(readFileSync(new URL(`../../dist/${name}`, import.meta.url)), { level: 9 }).length

test('what a merchant loads into a page is small', () => {
  expect(sizeOf('elements.js')).toBeLessThan(6_000)
  expect(sizeOf('elements.mjs')).toBeLessThan(6_000)
})

test('what is loaded into the frame is small', () => {
  expect(sizeOf('frame.js')).toBeLessThan(18_000)
})

test('what encrypts a card is small, and its library is in none of the files', () => {
  expect(sizeOf('encrypt-card.js')).toBeLessThan(2_500)
  expect(sizeOf('encrypt-card.mjs')).toBeLessThan(2_500)
  expect(sizeOf('encrypt-card.package.mjs')).toBeLessThan(2_000)
})
