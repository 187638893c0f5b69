import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addToken } from '@cardkeep/testing/doubles/token'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { Change } from '../../changes.ts'
import { UnavailableError } from '../../errors.ts'
import type { VaultEvent } from '../../events/event.ts'
import type { CardCipher } from '../../ports.ts'
import { activateToken } from './activate-token.ts'
import { deleteToken } from './delete-token.ts'
import { invalidateToken } from './invalidate-token.ts'
import { suspendToken } from './suspend-token.ts'
import { sweepTokens } from './sweep-tokens.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

/** A vault that keeps what it commits. */
const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const commits: (readonly Change[])[] = []
  const store = interceptCommits(vault.store, (changes, commit) => {
    commits.push(changes)
    return commit()
  })
  const tenant = await addTenant(vault, 'shop')
  return {
    vault: { ...vault, store },
    tenant,
    commits,
    events: (): readonly VaultEvent[] =>
      commits.flat().flatMap((change) => (change.type === 'emit-event' ? [change.event] : [])),
  }
}

const lifetimeMs = 60_000
const spell = (ms: number): string => new Date(ms).toISOString()

test('of a card is told, whatever becomes of it, what a receiver needs to name it, and no more', async () => {
  const { vault, tenant, events } = await open()
  const { token } = await addToken(vault, tenant, { lifetimeMs })
  const known = {
    ...{ type: 'card', status: 'active', last4: token.mask.last4, length: 16, bin: '411111', scheme: 'visa' },
    ...{ createdAt: spell(token.createdAt), expiresAt: spell(token.createdAt + lifetimeMs) },
    ...{ invalidatedAt: null, issuerNumber: '41111111', expiryMonth: 12, expiryYear: 2030 },
  }
  vault.clock.advance(1_000)
  const invalidatedAt = spell(vault.clock.now())
  for (const operation of [suspendToken, activateToken, invalidateToken, deleteToken])
    await operation(vault, testOperator, token.id)
  expect(events().map(({ type, data }) => ({ type, data }))).toEqual([
    { type: 'token.created', data: known },
    { type: 'token.suspended', data: { ...known, status: 'suspended' } },
    { type: 'token.activated', data: known },
    { type: 'token.invalidated', data: { ...known, invalidatedAt } },
    { type: 'token.deleted', data: { ...known, invalidatedAt, status: 'deleted' } },
  ])
})

test('a card whose token has run out is told once more as it was', async () => {
  const { vault, tenant, events } = await open()
  await addToken(vault, tenant, { lifetimeMs })
  vault.clock.advance(lifetimeMs)
  await sweepTokens(vault)
  const [created, expired] = events()
  expect(expired).toMatchObject({ type: 'token.expired', data: created?.data })
  expect(expired?.data).toMatchObject({ expiryMonth: 12, expiryYear: 2030 })
})

/** A cipher that fails to open once it is told to. */
const openBroken = async (failure: Error) => {
  const bench = await open()
  const { token } = await addToken(bench.vault, bench.tenant, { lifetimeMs })
  const cipher: Pick<CardCipher, 'open'> = {
    open: async () => {
      throw failure
    },
  }
  return { ...bench, token, broken: { ...bench.vault, cipher } }
}

test('a token that cannot be opened any more is told of with less, suspended, deleted and swept', async () => {
  for (const operation of [suspendToken, invalidateToken, deleteToken]) {
    const { broken, token, events } = await openBroken(new Error('there is no version 1 of the card key'))
    expect(await operation(broken, testOperator, token.id)).toMatchObject({ value: { changed: true } })
    expect(Object.keys(events().at(-1)?.data ?? {}).toSorted()).toEqual([
      ...['bin', 'createdAt', 'expiresAt', 'invalidatedAt', 'last4', 'length', 'scheme', 'status', 'type'],
    ])
  }
  const { broken, events } = await openBroken(new Error('a bug'))
  broken.clock.advance(lifetimeMs)
  expect(await sweepTokens(broken)).toEqual({ expired: 1, purged: 0 })
  expect(events().at(-1)?.data['expiryMonth']).toBeUndefined()
})

test('while nothing can be opened no token is changed or swept, and nothing is told', async () => {
  const { broken, token, commits } = await openBroken(new UnavailableError('no keys'))
  const before = commits.length
  for (const operation of [suspendToken, invalidateToken, deleteToken])
    await expect(operation(broken, testOperator, token.id)).rejects.toThrow(UnavailableError)
  broken.clock.advance(lifetimeMs)
  await expect(sweepTokens(broken)).rejects.toThrow(UnavailableError)
  expect(commits.slice(before).map(nameChanges)).toEqual([])
  expect(await broken.store.token(token.id)).toMatchObject({ version: 1, status: 'active' })
})
