import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { accountOf, cardOf, numberOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, expect, test } from 'vitest'
import type { Tenant } from '../../tenants/tenant.ts'
import { type TokenizeAccount, tokenizeAccount } from './tokenize-account.ts'
import { tokenizeCard } from './tokenize-card.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Bench {
  readonly vault: TestVault
  readonly tenant: Tenant
}

const open = async (deduplicates = false): Promise<Bench> => {
  const vault = await openTestVault()
  opened.push(vault)
  return { vault, tenant: await addTenant(vault, 'shop', { deduplicates }) }
}

// Sixteen digits that pass for a card number too.
const number = '4111111111111111'
const account = accountOf(number, {
  accountType: 'checking',
  holder: { firstName: 'Ada', lastName: 'Lovelace' },
})

const made = async ({ vault, tenant }: Bench, command: TokenizeAccount = { account }) => {
  const result = await tokenizeAccount(vault, callerOf(tenant), command)
  if (!result.ok) throw new Error(`refused: ${result.error.type}`)
  return result.value
}

test('an account becomes a token that opens to it and shows no more than its last four digits', async () => {
  const bench = await open()
  const { token, ...rest } = await made(bench)
  expect(rest).toMatchObject({ deduplicated: false, routingNumber: '110000000', accountType: 'checking' })
  const stored = await bench.vault.store.token(token.id)
  expect(stored).toMatchObject({
    type: 'bank',
    mask: { last4: '1111', length: 16 },
    status: 'active',
    version: 1,
    tenantId: bench.tenant.id,
    expiresAt: undefined,
    invalidatedAt: undefined,
  })
  const place = { scopeId: token.scopeId, environment: bench.tenant.environment, tokenId: token.id }
  const opens = await bench.vault.cipher.open(place, stored?.sealed ?? new Uint8Array())
  expect({ ...opens, number: numberOf(opens) }).toMatchObject({ ...account, number })
  const spelled = JSON.stringify(stored, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  )
  expect(spelled).not.toContain(number)
})

test('an account is written down and told in the commit of its token, without its number', async () => {
  const bench = await open()
  const commits: (readonly string[])[] = []
  const texts: string[] = []
  const store = interceptCommits(bench.vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    texts.push(JSON.stringify(changes.filter(({ type }) => type === 'audit' || type === 'emit-event')))
    return commit()
  })
  await tokenizeAccount({ ...bench.vault, store }, callerOf(bench.tenant), { account })
  expect(commits).toEqual([['put-fingerprint', 'put-token', 'emit-event', 'audit token.created success']])
  expect(texts.join('')).toContain(
    '"details":{"type":"bank","deduplicated":false,"changed":true,"codeHeld":false}',
  )
  expect(texts.join('')).not.toContain(number)
})

test('a known account keeps its token and what is stored of it', async () => {
  const bench = await open(true)
  const { token } = await made(bench)
  const again = await made(bench, { account: accountOf(number, { accountType: 'savings' }) })
  expect(again).toMatchObject({
    deduplicated: true,
    accountType: 'checking',
    token: { id: token.id, version: 1 },
  })
})

test('the same digits at another bank, or on a card, are something else', async () => {
  const bench = await open(true)
  const [first, elsewhere] = [
    await made(bench),
    await made(bench, { account: accountOf(number, { routing: '021000021' }) }),
  ]
  const card = await tokenizeCard(bench.vault, callerOf(bench.tenant), {
    card: cardOf(number),
    code: undefined,
    policy: { hold: false, ttlMs: 1, uses: 1, destinations: undefined },
    heldBy: 'session',
    takesExpired: false,
    test: false,
    lifetimeMs: undefined,
  })
  const tokens = [first.token, elsewhere.token, ...(card.ok ? [card.value.token] : [])]
  expect(new Set(tokens.map(({ id }) => id)).size).toBe(3)
  expect(new Set(tokens.map(({ fingerprint }) => fingerprint.id)).size).toBe(3)
  expect(elsewhere.deduplicated).toBe(false)
})
