import { parsePan } from '@cardkeep/core/cards/pan'
import { Secret } from '@cardkeep/core/kernel/secret'
import { expect, test } from 'vitest'
import { loadCard } from './cards.ts'

test('every number of a load is a valid card number', () => {
  for (let index = 0; index < 1000; index++)
    expect(parsePan(new Secret(loadCard(index * 7919))).ok).toBe(true)
})
