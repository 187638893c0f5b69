import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addToken } from '@cardkeep/testing/doubles/token'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { accountOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, describe, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret } from '../../kernel/secret.ts'
import { hourMs } from '../../kernel/time.ts'
import type { Store } from '../../ports.ts'
import { deleteToken } from './delete-token.ts'
import { type ListCards, listCards } from './list-cards.ts'
import { showCard, showCardFace } from './show-card.ts'
import { suspendToken } from './suspend-token.ts'
import { tokenizeAccount } from './tokenize-account.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  return { vault, tenant, caller: callerOf(tenant) }
}

const addAccount = async ({ vault, caller }: Awaited<ReturnType<typeof open>>): Promise<TokenId> => {
  const made = await tokenizeAccount(vault, caller, { account: accountOf('000123456789') })
  if (!made.ok) throw new Error('no account')
  return made.value.token.id
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

const absent = refuse({ type: 'TokenNotFound' })
const diskFull = () => Promise.reject(new UnavailableError('disk full'))

describe('a card', () => {
  test('is shown with its state and what is sealed of it, and that is written down first', async () => {
    const bench = await open()
    const { token } = await addToken(bench.vault, bench.tenant)
    await suspendToken(bench.vault, testOperator, token.id)
    const shown = await showCard(bench.vault, bench.caller, token.id)
    expect(shown).toMatchObject({
      value: { token: { id: token.id }, state: 'suspended', card: { expiry: { month: 12, year: 2030 } } },
    })
    expect(shown.ok && openSecret(shown.value.card.pan, 'check')).toBe(testCards.visa)
    expect((await lastEntry(bench.vault)).slice(2, 9)).toEqual([
      'token.shown',
      'success',
      bench.tenant.id,
      ['credential', bench.caller.principal.credentialId],
      bench.caller.origin,
      bench.caller.requestId,
      ['token', token.id],
    ])
    const store = interceptCommits(bench.vault.store, diskFull)
    await expect(showCard({ ...bench.vault, store }, bench.caller, token.id)).rejects.toThrow(
      UnavailableError,
    )
  })

  test('is shown to no stranger, and an account is no card', async () => {
    const bench = await open()
    const { token } = await addToken(bench.vault, bench.tenant)
    const stranger = callerOf(await addTenant(bench.vault, 'stranger'))
    expect(await showCard(bench.vault, stranger, token.id)).toEqual(absent)
    const account = await addAccount(bench)
    const { seq } = await bench.vault.store.auditHead()
    expect(await showCard(bench.vault, bench.caller, account)).toEqual(absent)
    expect((await bench.vault.store.auditHead()).seq).toBe(seq)
  })

  test('has a face, which is no more than its mask, and an account has none', async () => {
    const bench = await open()
    const { token } = await addToken(bench.vault, bench.tenant)
    expect(await showCardFace(bench.vault, token.id)).toMatchObject({
      value: { scheme: 'visa', mask: { last4: '1111' } },
    })
    expect(await showCardFace(bench.vault, await addAccount(bench))).toEqual(absent)
    const nobody = '00000000-0000-4000-8000-0000deadbeef' as TokenId
    expect(await showCardFace(bench.vault, nobody)).toEqual(absent)
  })
})

describe('a list of cards', () => {
  const page: ListCards = { from: undefined, before: undefined, order: 'oldest first', limit: 2, offset: 0 }

  test('has the cards of one page, each opened, and says how many there are on all', async () => {
    const bench = await open()
    const ids: TokenId[] = []
    for (const number of [testCards.visa, testCards.amex, testCards.mastercard]) {
      const { token } = await addToken(bench.vault, bench.tenant, { number })
      ids.push(token.id)
      bench.vault.clock.advance(1)
    }
    await addAccount(bench)
    await addToken(bench.vault, await addTenant(bench.vault, 'stranger'))
    const list = async (command: Partial<ListCards>) => {
      const listed = await listCards(bench.vault, bench.caller, { ...page, ...command })
      if (!listed.ok) throw new Error('no list')
      return listed.value
    }
    const first = await list({})
    expect(first.total).toBe(3)
    expect(
      first.cards.map(({ token, state, card }) => [token.id, state, openSecret(card.pan, 'check')]),
    ).toEqual([
      [ids[0], 'active', testCards.visa],
      [ids[1], 'active', testCards.amex],
    ])
    const second = await list({ offset: 2 })
    expect([second.total, second.cards.map(({ token }) => token.id)]).toEqual([3, [ids[2]]])
    const newest = await list({ order: 'newest first' })
    expect(newest.cards.map(({ token }) => token.id)).toEqual([ids[2], ids[1]])
  })

  test('leaves out what is deleted or past its time, and shows what is suspended as that', async () => {
    const bench = await open()
    const suspended = await addToken(bench.vault, bench.tenant)
    const deleted = await addToken(bench.vault, bench.tenant)
    await addToken(bench.vault, bench.tenant, { lifetimeMs: hourMs })
    await suspendToken(bench.vault, testOperator, suspended.token.id)
    await deleteToken(bench.vault, testOperator, deleted.token.id)
    bench.vault.clock.advance(hourMs)
    const listed = await listCards(bench.vault, bench.caller, page)
    expect(listed).toMatchObject({
      value: { total: 1, cards: [{ token: { id: suspended.token.id }, state: 'suspended' }] },
    })
  })

  test('is empty past its last page, and nobody walks all the way there to see it', async () => {
    const bench = await open()
    await addToken(bench.vault, bench.tenant)
    const asked: number[] = []
    const store: Store = {
      ...bench.vault.store,
      cardTokens: (tenant, wanted) => {
        asked.push(wanted.offset)
        return bench.vault.store.cardTokens(tenant, wanted)
      },
    }
    for (const offset of [0, 1, 499_999_999_500])
      expect(await listCards({ ...bench.vault, store }, bench.caller, { ...page, offset })).toMatchObject({
        value: { total: 1, cards: { length: offset === 0 ? 1 : 0 } },
      })
    expect(asked).toEqual([0])
  })

  test('is written down once, with how many were seen and where, before it is told', async () => {
    const bench = await open()
    for (const number of [testCards.visa, testCards.amex])
      await addToken(bench.vault, bench.tenant, { number })
    const { seq } = await bench.vault.store.auditHead()
    await listCards(bench.vault, bench.caller, { ...page, offset: 1 })
    expect((await bench.vault.store.auditHead()).seq).toBe(seq + 1)
    expect((await lastEntry(bench.vault)).slice(2)).toEqual([
      'token.shown',
      'success',
      bench.tenant.id,
      ['credential', bench.caller.principal.credentialId],
      bench.caller.origin,
      bench.caller.requestId,
      ['tenant', bench.tenant.id],
      { by: 'list', count: 1, offset: 1, limit: 2 },
    ])
    const store = interceptCommits(bench.vault.store, diskFull)
    await expect(listCards({ ...bench.vault, store }, bench.caller, page)).rejects.toThrow(UnavailableError)
  })
})
