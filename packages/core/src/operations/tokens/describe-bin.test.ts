import { testCards } from '@cardkeep/testing/canary/cards'
import { openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { BinRecord } from '../../bins/bin.ts'
import { prefixesOf } from '../../bins/prefixes.ts'
import type { Pan } from '../../cards/pan.ts'
import type { BinSetId } from '../../kernel/ids.ts'
import { Secret } from '../../kernel/secret.ts'
import { describeBin } from './describe-bin.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const binOf = (prefix: string): BinRecord => ({
  prefix,
  brand: undefined,
  funding: 'debit',
  segment: undefined,
  product: undefined,
  issuer: `the issuer of ${prefix}`,
  country: 'DE',
  currency: undefined,
})

const open = async (...prefixes: readonly string[]) => {
  const vault = await openTestVault()
  opened.push(vault)
  const set = vault.ids.uuid() as BinSetId
  await vault.store.commit([{ type: 'put-bins', set, bins: prefixes.map(binOf) }])
  await vault.store.commit([{ type: 'use-bins', set, at: vault.clock.now() }])
  return (number: string) => describeBin(vault.store, new Secret(number) as Pan)
}

test('a card is what the longest prefix says that the table has of it', async () => {
  const { visa } = testCards
  const all = [visa.slice(0, 6), visa.slice(0, 7), visa.slice(0, 8)]
  for (let known = 1; known <= all.length; known++) {
    const describe = await open('400000', ...all.slice(0, known))
    expect(await describe(visa)).toEqual(binOf(all[known - 1] ?? ''))
  }
})

test('a card that the table does not know is not guessed at', async () => {
  const describe = await open('41111112', '511111', '4111119')
  expect(await describe(testCards.visa)).toBeUndefined()
})

test('where there is no table nothing is known', async () => {
  const vault = await openTestVault()
  opened.push(vault)
  expect(await describeBin(vault.store, new Secret(testCards.visa) as Pan)).toBeUndefined()
})

test.each([
  ['4111111111111111', ['41111111', '4111111', '411111']],
  ['41111111', ['41111111', '4111111', '411111']],
  ['4111111', ['4111111', '411111']],
  ['411111', ['411111']],
  ['41111', []],
])('%s may be listed under %j', (digits, prefixes) => {
  expect(prefixesOf(digits)).toEqual(prefixes)
})
