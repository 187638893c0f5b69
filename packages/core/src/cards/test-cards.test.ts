import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { expect, test } from 'vitest'
import { Secret } from '../kernel/secret.ts'
import { type Pan, parsePan } from './pan.ts'
import { isPublishedTestCard } from './test-cards.ts'

const isPublished = (number: string): boolean => isPublishedTestCard(new Secret(number) as Pan)

test.each(Object.entries(testCards))('%s is published for tests', (_, number) => {
  expect(isPublished(number)).toBe(true)
})

test('a number that nobody published is not', () => {
  const number = loadCard(0)
  expect(parsePan(new Secret(number)).ok).toBe(true)
  expect(isPublished(number)).toBe(false)
})
