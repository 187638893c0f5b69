import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { cardOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, expect, test } from 'vitest'
import type { BinRecord } from '../../bins/bin.ts'
import { defaultPolicies } from '../../codes/policy.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret, Secret } from '../../kernel/secret.ts'
import { importBins } from '../administration/import-bins.ts'
import type { DescribedCard } from './describe-card.ts'
import { importCard } from './import-card.ts'
import { suspendToken } from './suspend-token.ts'
import type { TokenizeCard } from './tokenize-card.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const bin: BinRecord = {
  prefix: '411111',
  brand: 'VISA',
  funding: 'credit',
  segment: 'consumer',
  product: undefined,
  issuer: 'A Bank',
  country: 'DE',
  currency: 'EUR',
}

const open = async (deduplicates = false) => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop', { deduplicates })
  return { vault, tenant, caller: callerOf(tenant) }
}

const addBin = async (vault: TestVault): Promise<void> => {
  const batches = (async function* () {
    yield [bin]
  })()
  await importBins(vault, testOperator, { sha256: '00', batches, isWhole: () => true })
}

const command: TokenizeCard = {
  card: cardOf(testCards.visa, { firstName: undefined, lastName: undefined, fullName: 'Ada Lovelace' }),
  code: new Secret('947'),
  policy: defaultPolicies.hellgate,
  heldBy: 'token',
  takesExpired: true,
  test: false,
  lifetimeMs: undefined,
}

test('a card that comes in is told with its token, its state, and what the table knows of it', async () => {
  const { vault, caller, tenant } = await open()
  await addBin(vault)
  const made = await importCard(vault, caller, command)
  expect(made).toMatchObject({
    value: {
      token: { tenantId: tenant.id, mask: { last4: '1111' } },
      state: 'active',
      card: { expiry: { month: 12, year: 2030 }, holder: { fullName: 'Ada Lovelace' } },
      bin: { issuer: 'A Bank' },
    },
  })
  if (!made.ok) throw new Error('no token')
  const address = { type: 'token', tenantId: tenant.id, tokenId: made.value.token.id } as const
  expect(await vault.codes.isHeldBy(address)).toBe(true)
})

test('of a card that the table does not know nothing is guessed', async () => {
  const { vault, caller } = await open()
  expect(await importCard(vault, caller, command)).toMatchObject({ value: { bin: undefined } })
})

test('all that is told is there for what is committed alongside', async () => {
  const { vault, caller } = await open()
  await addBin(vault)
  const commits: (readonly string[])[] = []
  const told: DescribedCard[] = []
  const store = interceptCommits(vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  const made = await importCard({ ...vault, store }, caller, command, (described) => {
    told.push(described)
    return [{ type: 'purge-idempotency', before: vault.clock.now() }]
  })
  expect(made).toEqual({ ok: true, value: told[0] })
  expect(told[0]?.bin?.issuer).toBe('A Bank')
  expect(commits.map((names) => names.at(-1))).toEqual(['purge-idempotency'])
})

test('a card past its expiry comes in where it may, and nowhere else', async () => {
  const { vault, caller } = await open()
  const card = { ...command.card, expiry: { month: 1, year: 2020, yearDigits: 4 as const } }
  expect(await importCard(vault, caller, { ...command, card })).toMatchObject({ ok: true })
  const strict = { ...command, card, takesExpired: false }
  expect(await importCard(vault, caller, strict)).toEqual(refuse({ type: 'CardExpired' }))
})

test('a number that is known is told as it is stored, with the state of its token', async () => {
  const { vault, caller } = await open(true)
  const first = await importCard(vault, caller, command)
  if (!first.ok) throw new Error('no token')
  await suspendToken(vault, testOperator, first.value.token.id)
  const other = { ...command, card: cardOf(testCards.visa) }
  const again = await importCard(vault, caller, other)
  expect(again).toMatchObject({
    value: {
      token: { id: first.value.token.id },
      state: 'suspended',
      card: { holder: { fullName: 'Ada Lovelace' } },
    },
  })
  expect(again.ok && openSecret(again.value.card.pan, 'check')).toBe(testCards.visa)
})
