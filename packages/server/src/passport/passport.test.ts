import { parseId } from '@cardkeep/core/kernel/ids'
import { hourMs, minuteMs } from '@cardkeep/core/kernel/time'
import { purgeAccessKeys, rotateAccessKey } from '@cardkeep/core/operations/issuing/change-access-keys'
import { type Bank, openBank } from '@cardkeep/testing/doubles/bank'
import { testOperator } from '@cardkeep/testing/doubles/vault'
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'

let bank: Bank
beforeEach(async () => {
  bank = await openBank()
})
afterEach(() => bank.vault.close())

test('the public keys verify the tokens of all issuers, and show nothing private', async () => {
  const otherTenant = await bank.addBank('other bank')
  const old = await bank.tokenOf()
  await rotateAccessKey(bank.vault, testOperator, bank.tenant)
  const tokens = [old, await bank.tokenOf(), await bank.tokenOf(await bank.addClient(otherTenant))]
  const set = await bank.vault.passport.publicKeys()
  expect(set.keys).toHaveLength(3)
  for (const key of set.keys) {
    expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    expect(parseId(String((key as { kid: unknown }).kid))).toBeDefined()
  }
  for (const token of tokens)
    await expect(compactVerify(token, createLocalJWKSet(set as JSONWebKeySet))).resolves.toBeDefined()
})

test('retired pairs are purged once their last token has ended', async () => {
  const first = await bank.keyOf()
  const token = await bank.tokenOf()
  await rotateAccessKey(bank.vault, testOperator, bank.tenant)
  bank.vault.clock.advance(hourMs)
  await purgeAccessKeys(bank.vault)
  expect(await bank.vault.store.accessKey(first.id)).toBeDefined()
  expect(await bank.read(token)).toMatchObject({ ok: false })
  bank.vault.clock.advance(5 * minuteMs + 1)
  await purgeAccessKeys(bank.vault)
  expect(await bank.vault.store.accessKey(first.id)).toBeUndefined()
  expect(await bank.vault.store.accessKeys(bank.tenant.id)).toHaveLength(1)
})
