import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
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
import type { Change } from '../../changes.ts'
import type { CodeAddress } from '../../codes/held-code.ts'
import { UnavailableError } from '../../errors.ts'
import type { NetworkTokenId, TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import type { NetworkToken } from '../../network-tokens/network-token.ts'
import type { CodeStore, Store } from '../../ports.ts'
import { stateOf, type TokenState } from '../../tokens/lifecycle.ts'
import type { TokenMove } from '../../tokens/move.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { activateToken } from './activate-token.ts'
import { deleteToken } from './delete-token.ts'
import { invalidateToken } from './invalidate-token.ts'
import { suspendToken } from './suspend-token.ts'
import { tokenizeAccount } from './tokenize-account.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop', { deduplicates: true })
  const { token, sessionId } = await addToken(vault, tenant)
  if (!sessionId) throw new Error('a test could not make a token with a code')
  const address: CodeAddress = { type: 'session', tenantId: tenant.id, sessionId }
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId: token.id }
  return {
    vault,
    tenant,
    token,
    stored: async (): Promise<StoredToken> => {
      const found = await vault.store.token(token.id)
      if (!found) throw new Error('a token is gone')
      return found
    },
    take: () => vault.codes.take(address, { place, destination: 'https://psp.example' }),
  }
}

type Bench = Awaited<ReturnType<typeof open>>

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

interface Row {
  readonly move: TokenMove
  readonly operation: typeof suspendToken
  readonly told: string
  readonly state: TokenState
  /** What must have happened before there is anything to do. */
  readonly before?: typeof suspendToken
}

const rows: readonly Row[] = [
  { move: 'suspend', operation: suspendToken, told: 'token.suspended', state: 'suspended' },
  {
    move: 'activate',
    operation: activateToken,
    told: 'token.activated',
    state: 'active',
    before: suspendToken,
  },
  {
    move: 'invalidate',
    operation: invalidateToken,
    told: 'token.invalidated',
    state: 'invalidated',
  },
  { move: 'delete', operation: deleteToken, told: 'token.deleted', state: 'deleted' },
]

const prepare = async ({ before }: Row): Promise<Bench> => {
  const bench = await open()
  await before?.(bench.vault, testOperator, bench.token.id)
  return bench
}

const notFound = refuse({ type: 'TokenNotFound' })
const nobody = '00000000-0000-4000-8000-0000deadbeef' as TokenId

describe.each(rows)('to $move', (row) => {
  const { operation, told, state } = row
  const writes = ['replace-token', ...(operation === deleteToken ? ['end-network-tokens'] : []), 'emit-event']

  test.each(['caller', 'operator'])('is written with its event in one commit, by a %s', async (by) => {
    const bench = await prepare(row)
    const { vault, tenant, token, stored } = bench
    vault.clock.advance(1_000)
    const before = await stored()
    const commits: (readonly Change[])[] = []
    const store = interceptCommits(vault.store, async (changes, commit) => {
      commits.push(changes)
      return commit()
    })
    const caller = callerOf(tenant)
    const moved = await operation({ ...vault, store }, by === 'caller' ? caller : testOperator, token.id)
    const after = await stored()
    expect(moved).toEqual({ ok: true, value: { token: after, changed: true } })
    expect(stateOf(after, vault.clock.now())).toBe(state)
    expect(after).toMatchObject({
      version: before.version + 1,
      createdAt: before.createdAt,
      updatedAt: vault.clock.now(),
    })
    expect(commits.map(nameChanges)).toEqual([[...writes, `audit ${told} success`]])
    const event = commits[0]?.find(({ type }) => type === 'emit-event')
    expect(event).toMatchObject({
      event: {
        tenantId: tenant.id,
        type: told,
        subject: { type: 'token', id: token.id },
        at: vault.clock.now(),
        data: { type: 'card', last4: token.mask.last4 },
      },
    })
    expect((await lastEntry(vault)).slice(1, 10)).toEqual([
      vault.clock.now(),
      told,
      'success',
      tenant.id,
      by === 'caller' ? ['credential', caller.principal.credentialId] : ['operator', testOperator.name],
      by === 'caller' ? caller.origin : null,
      by === 'caller' ? caller.requestId : null,
      ['token', token.id],
      {},
    ])
  })

  test('forgets the codes of the token, also the one that is in flight', async () => {
    const bench = await open()
    const { vault, token, take } = bench
    const inFlight = await take()
    await row.before?.({ ...vault, codes: { dropToken: async () => false } }, testOperator, token.id)
    await operation(vault, testOperator, token.id)
    expect(inFlight && (await vault.codes.giveBack(inFlight))).toBe(false)
    expect(await take()).toBeUndefined()
  })

  test('is decided anew where others change the token at the same time', async () => {
    const { vault, token, stored } = await prepare(row)
    const { version } = await stored()
    let conflicts = 3
    const store = interceptCommits(vault.store, async (_, commit) =>
      conflicts-- > 0 ? refuse({ type: 'Conflict', change: 'replace-token' }) : commit(),
    )
    expect(await operation({ ...vault, store }, testOperator, token.id)).toMatchObject({ ok: true })
    expect((await stored()).version).toBe(version + 1)
  })

  test('is given up where others change the token again and again', async () => {
    const { vault, token } = await prepare(row)
    let commits = 0
    const store = interceptCommits(vault.store, async () => {
      commits++
      return refuse({ type: 'Conflict', change: 'replace-token' })
    })
    await expect(operation({ ...vault, store }, testOperator, token.id)).rejects.toThrow(UnavailableError)
    expect(commits).toBeLessThanOrEqual(10)
  })

  test('is done once by two who ask at once', async () => {
    const { vault, token, stored } = await prepare(row)
    const { version } = await stored()
    const results = await Promise.all([1, 2].map(() => operation(vault, testOperator, token.id)))
    expect((await stored()).version).toBe(version + 1)
    const changes = results.filter((result) => result.ok && result.value.changed)
    expect(changes).toHaveLength(1)
  })

  test('is refused for a token that is unknown or of a stranger, and nothing is written', async () => {
    const { vault, token, take } = await prepare(row)
    const stranger = await addTenant(vault, 'stranger')
    const { seq } = await vault.store.auditHead()
    const held = row.before === undefined
    expect(await operation(vault, callerOf(stranger), token.id)).toEqual(notFound)
    expect(await operation(vault, testOperator, nobody)).toEqual(notFound)
    expect((await vault.store.auditHead()).seq).toBe(seq)
    expect((await take()) !== undefined).toBe(held)
  })

  test('of an account is for operators alone: the APIs that ask know tokens of cards', async () => {
    const { vault, tenant } = await open()
    const made = await tokenizeAccount(vault, callerOf(tenant), {
      account: accountOf('000123456789', { accountType: 'checking' }),
    })
    if (!made.ok) throw new Error('a test could not make a token of an account')
    const { id } = made.value.token
    await row.before?.(vault, testOperator, id)
    const before = await vault.store.token(id)
    expect(await operation(vault, callerOf(tenant), id)).toEqual(notFound)
    expect(await vault.store.token(id)).toEqual(before)
    expect(await operation(vault, testOperator, id)).toMatchObject({ value: { changed: true } })
  })

  test('commits what was wanted alongside, whether or not the token changes', async () => {
    const { vault, token } = await prepare(row)
    const alongside = (): readonly Change[] => [{ type: 'purge-idempotency', before: vault.clock.now() }]
    const commits: (readonly string[])[] = []
    const store: Store = interceptCommits(vault.store, async (changes, commit) => {
      commits.push(nameChanges(changes))
      return commit()
    })
    await operation({ ...vault, store }, testOperator, token.id, alongside)
    expect(commits).toEqual([[...writes, `audit ${told} success`, 'purge-idempotency']])
    const again = await operation({ ...vault, store }, testOperator, token.id, alongside)
    expect(commits.slice(1)).toEqual(again.ok ? [['purge-idempotency']] : [])
  })
})

test.each(rows.filter(({ move }) => move !== 'activate'))(
  'to $move a token keeps its codes while that is not written',
  async ({ operation }) => {
    const { vault, token, take } = await open()
    const store = interceptCommits(vault.store, async () => {
      throw new UnavailableError('disk full')
    })
    await expect(operation({ ...vault, store }, testOperator, token.id)).rejects.toThrow(UnavailableError)
    expect(await take()).toBeDefined()
  },
)

test('dropping that failed is done when it is asked for again', async () => {
  const { vault, token, take } = await open()
  const codes: Pick<CodeStore, 'dropToken'> = {
    dropToken: async () => {
      throw new UnavailableError('no code store')
    },
  }
  await expect(suspendToken({ ...vault, codes }, testOperator, token.id)).rejects.toThrow(UnavailableError)
  expect(await suspendToken(vault, testOperator, token.id)).toMatchObject({ value: { changed: false } })
  await activateToken(vault, testOperator, token.id)
  expect(await take()).toBeUndefined()
})

test('a token whose codes could not be dropped gets none of them back when it is activated', async () => {
  const { vault, token, stored, take } = await open()
  const inFlight = await take()
  const away: Pick<CodeStore, 'dropToken'> = {
    dropToken: async () => {
      throw new UnavailableError('no code store')
    },
  }
  await expect(suspendToken({ ...vault, codes: away }, testOperator, token.id)).rejects.toThrow(
    UnavailableError,
  )
  await expect(activateToken({ ...vault, codes: away }, testOperator, token.id)).rejects.toThrow(
    UnavailableError,
  )
  expect((await stored()).status).toBe('suspended')

  const steps: string[] = []
  const codes: Pick<CodeStore, 'dropToken'> = {
    dropToken: (tokenId) => {
      steps.push('drop')
      return vault.codes.dropToken(tokenId)
    },
  }
  const store = interceptCommits(vault.store, (_, commit) => {
    steps.push('commit')
    return commit()
  })
  await activateToken({ ...vault, store, codes }, testOperator, token.id)
  expect(steps).toEqual(['drop', 'commit'])
  expect(await take()).toBeUndefined()
  expect(inFlight && (await vault.codes.giveBack(inFlight))).toBe(false)
})

test('a token that is active already keeps its codes when it is activated', async () => {
  const { vault, token, take } = await open()
  expect(await activateToken(vault, testOperator, token.id)).toMatchObject({ value: { changed: false } })
  expect(await take()).toBeDefined()
})

describe('the network token of a token that is deleted', () => {
  const withNetworkToken = async () => {
    const bench = await open()
    const { vault, tenant, token } = bench
    const id = vault.ids.uuid() as NetworkTokenId
    const networkToken: NetworkToken = {
      ...{ id, tokenId: token.id, scopeId: tenant.defaultScopeId, status: 'suspended', isSettled: false },
      ...{ sealed: new Uint8Array(9), createdAt: vault.clock.now(), updatedAt: vault.clock.now() },
    }
    await vault.store.commit([{ type: 'put-network-token', networkToken }])
    return { ...bench, networkToken }
  }
  const audited = async (vault: TestVault, operation: typeof suspendToken, id: TokenId) => {
    const { seq } = await vault.store.auditHead()
    await operation(vault, testOperator, id)
    const entries = await vault.store.auditEntries(seq, 9)
    return entries.map(({ text }) => (JSON.parse(text) as unknown[]).filter((_, at) => at === 2 || at === 8))
  }

  test('ends in the same commit, which says so', async () => {
    const { vault, token, networkToken } = await withNetworkToken()
    expect(await audited(vault, deleteToken, token.id)).toEqual([
      ['network-token.deleted', ['token', token.id]],
      ['token.deleted', ['token', token.id]],
    ])
    expect(await vault.store.unsettledNetworkTokens(9)).toMatchObject([
      { id: networkToken.id, status: 'deleted' },
    ])
  })

  test('is not told of again where it had ended before', async () => {
    const { vault, token, networkToken } = await withNetworkToken()
    await vault.store.commit([
      { type: 'end-network-tokens', tokenId: networkToken.tokenId, at: vault.clock.now() },
    ])
    expect(await audited(vault, deleteToken, token.id)).toEqual([['token.deleted', ['token', token.id]]])
  })

  test('stays where the token is suspended only', async () => {
    const { vault, token } = await withNetworkToken()
    expect(await audited(vault, suspendToken, token.id)).toEqual([['token.suspended', ['token', token.id]]])
    expect(await vault.store.networkToken(token.id)).toMatchObject({ status: 'suspended' })
  })
})

test('a deleted token keeps its row without its card, and its number gets another token', async () => {
  const { vault, tenant, token, stored } = await open()
  await deleteToken(vault, testOperator, token.id)
  expect((await stored()).sealed).toHaveLength(0)
  const again = await addToken(vault, tenant)
  expect(again.deduplicated).toBe(false)
  expect(again.token.id).not.toBe(token.id)
  expect(again.token.fingerprint.id).toBe(token.fingerprint.id)
})

test('a token can be suspended and invalidated at once, and neither undoes the other', async () => {
  const { vault, token, stored } = await open()
  const state = async () => stateOf(await stored(), vault.clock.now())
  await invalidateToken(vault, testOperator, token.id)
  await suspendToken(vault, testOperator, token.id)
  expect(await state()).toBe('invalidated')
  const { version } = await stored()
  for (const operation of [suspendToken, invalidateToken])
    expect(await operation(vault, testOperator, token.id)).toMatchObject({ value: { changed: false } })
  expect(await stored()).toMatchObject({ status: 'suspended', version })
  await activateToken(vault, testOperator, token.id)
  expect(await state()).toBe('invalidated')
  expect(await stored()).toMatchObject({ status: 'active', version: version + 1 })
  expect(await activateToken(vault, testOperator, token.id)).toMatchObject({ value: { changed: false } })
})

test('codes that were held before a token was suspended do not come back with it', async () => {
  const { vault, token, take } = await open()
  await suspendToken(vault, testOperator, token.id)
  await activateToken(vault, testOperator, token.id)
  expect(await take()).toBeUndefined()
})
