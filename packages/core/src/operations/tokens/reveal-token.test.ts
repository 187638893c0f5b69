import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { accountOf, cardOf, numberOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, describe, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { deleteToken } from './delete-token.ts'
import { invalidateToken } from './invalidate-token.ts'
import { revealToken } from './reveal-token.ts'
import { suspendToken } from './suspend-token.ts'
import { tokenizeAccount } from './tokenize-account.ts'
import { tokenizeCard } from './tokenize-card.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Bench {
  readonly vault: TestVault
  readonly tenant: Tenant
  readonly tokenId: TokenId
}

const card = cardOf(testCards.visa, { firstName: 'Ada', lastName: undefined })

const open = async (lifetimeMs?: number): Promise<Bench> => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const made = await tokenizeCard(vault, callerOf(tenant), {
    card,
    code: undefined,
    policy: { hold: false, ttlMs: 1, uses: 1, destinations: undefined },
    heldBy: 'session',
    takesExpired: false,
    test: false,
    lifetimeMs,
  })
  if (!made.ok) throw new Error('no token')
  return { vault, tenant, tokenId: made.value.token.id }
}

type Ports = Parameters<typeof revealToken>[0]

const reveal = ({ vault, tenant, tokenId }: Bench, parts: Partial<Ports> = {}) =>
  revealToken(
    { ...vault, readiness: { isSealed: () => false, auditFailed: () => undefined }, ...parts },
    callerOf(tenant),
    { tokenId },
  )

test('a card is told with all that is stored of it', async () => {
  const revealed = await reveal(await open())
  expect(revealed).toMatchObject({ value: { type: 'card', expiry: card.expiry, holder: card.holder } })
  expect(revealed.ok && numberOf(revealed.value)).toBe(testCards.visa)
  expect(JSON.stringify(revealed)).not.toContain(testCards.visa)
})

test('an account is told as well', async () => {
  const bench = await open()
  const made = await tokenizeAccount(bench.vault, callerOf(bench.tenant), {
    account: accountOf('000123456789'),
  })
  const revealed = await reveal({ ...bench, tokenId: made.ok ? made.value.token.id : bench.tokenId })
  expect(revealed.ok && numberOf(revealed.value)).toBe('000123456789')
})

test('that it was asked for is durable before it is told, and how it ended', async () => {
  const bench = await open()
  const commits: (readonly string[])[] = []
  const store = interceptCommits(bench.vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  await reveal(bench, { store })
  expect(commits).toEqual([['expect-token', 'audit card.reveal intent'], ['audit card.reveal success']])
  const { seq } = await bench.vault.store.auditHead()
  const entries = await bench.vault.store.auditEntries(seq - 2, 2)
  const [intent, success] = entries.map(({ text }) => JSON.parse(text) as unknown[])
  expect(intent?.[8]).toEqual(['token', bench.tokenId])
  expect(intent?.[9]).toEqual({ revealId: expect.any(String) })
  expect(success?.[9]).toEqual(intent?.[9])
})

test.each(['intent', 'success'])('what cannot be written down is not told: %s', async (outcome) => {
  const bench = await open()
  const store = interceptCommits(bench.vault.store, async (changes, commit) => {
    if (nameChanges(changes).includes(`audit card.reveal ${outcome}`)) throw new UnavailableError('disk full')
    return commit()
  })
  await expect(reveal(bench, { store })).rejects.toThrow(UnavailableError)
})

describe('nothing is told', () => {
  const absent = refuse({ type: 'TokenNotFound' })

  test.each([
    ['suspended', suspendToken],
    ['invalidated', invalidateToken],
    ['deleted', deleteToken],
  ])('of a token that is %s', async (_, change) => {
    const bench = await open()
    await change(bench.vault, callerOf(bench.tenant), bench.tokenId)
    const { seq } = await bench.vault.store.auditHead()
    expect(await reveal(bench)).toEqual(absent)
    expect((await bench.vault.store.auditHead()).seq).toBe(seq)
  })

  test('of a token whose time is over', async () => {
    const bench = await open(1_000)
    bench.vault.clock.advance(1_000)
    expect(await reveal(bench)).toEqual(absent)
  })

  test("of another tenant's token", async () => {
    const bench = await open()
    const stranger = await addTenant(bench.vault, 'stranger')
    expect(await reveal({ ...bench, tenant: stranger })).toEqual(absent)
  })

  test('of a token that is suspended while it is opened', async () => {
    const bench = await open()
    let isFirst = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await suspendToken(bench.vault, callerOf(bench.tenant), bench.tokenId)
      }
      return commit()
    })
    expect(await reveal(bench, { store })).toEqual(absent)
  })

  test('by a vault that was shut meanwhile', async () => {
    const readiness = { isSealed: () => true, auditFailed: () => undefined }
    expect(await reveal(await open(), { readiness })).toEqual(refuse({ type: 'Sealed' }))
  })
})
