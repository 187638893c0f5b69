import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { Expiry } from '../../cards/expiry.ts'
import { parsePan } from '../../cards/pan.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { UnavailableError } from '../../errors.ts'
import type { SessionId, TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret, Secret } from '../../kernel/secret.ts'
import { epochMs, minuteMs } from '../../kernel/time.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import type { StoredToken } from '../../tokens/token.ts'
import { deleteToken } from './delete-token.ts'
import { invalidateToken } from './invalidate-token.ts'
import { suspendToken } from './suspend-token.ts'
import { type TokenizeCard, tokenizeCard } from './tokenize-card.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Bench {
  readonly vault: TestVault
  readonly tenant: Tenant
}

const open = async (deduplicates = false, codesPerTenant?: number): Promise<Bench> => {
  const vault = await openTestVault(codesPerTenant)
  opened.push(vault)
  return { vault, tenant: await addTenant(vault, 'shop', { deduplicates }) }
}

const policy: CodePolicy = { hold: true, ttlMs: minuteMs, uses: 1, destinations: undefined }

const expiryOf = (month: number, year: number): Expiry => ({ month, year, yearDigits: 4 })

interface Wish extends Partial<Omit<TokenizeCard, 'card' | 'code'>> {
  readonly number?: string
  readonly expiry?: Expiry
  readonly firstName?: string
  readonly code?: string
}

const commandOf = ({
  number = testCards.visa,
  expiry = expiryOf(12, 2030),
  firstName,
  code,
  ...rest
}: Wish): TokenizeCard => {
  const pan = parsePan(new Secret(number))
  if (!pan.ok) throw new Error('a test names a number that is none')
  const holder = firstName === undefined ? undefined : { firstName, lastName: undefined }
  return {
    card: { type: 'card', pan: pan.value, expiry, holder },
    code: code === undefined ? undefined : new Secret(code),
    policy,
    heldBy: 'session',
    takesExpired: false,
    test: false,
    lifetimeMs: undefined,
    ...rest,
  }
}

type Ports = Parameters<typeof tokenizeCard>[0]

const tokenize = (bench: Bench, wish: Wish = {}, ports: Partial<Ports> = {}) =>
  tokenizeCard({ ...bench.vault, ...ports }, callerOf(bench.tenant), commandOf(wish))

const made = async (bench: Bench, wish: Wish = {}) => {
  const result = await tokenize(bench, wish)
  if (!result.ok) throw new Error(`refused: ${result.error.type}`)
  return result.value
}

const placeOf = ({ tenant }: Bench, tokenId: TokenId) => ({
  scopeId: tenant.defaultScopeId,
  environment: tenant.environment,
  tokenId,
})

const codeIn = async (
  bench: Bench,
  tokenId: TokenId,
  sessionId: SessionId | undefined,
): Promise<string | undefined> => {
  if (!sessionId) return undefined
  const address = { type: 'session', tenantId: bench.tenant.id, sessionId } as const
  const taker = { place: placeOf(bench, tokenId), destination: 'https://provider.example' }
  const taken = await bench.vault.codes.take(address, taker)
  return taken && openSecret(taken.code, 'check')
}

const storedCard = async (bench: Bench, tokenId: TokenId) => {
  const token = await bench.vault.store.token(tokenId)
  if (!token) throw new Error('a token is not in the store')
  const card = await bench.vault.cipher.open(placeOf(bench, tokenId), token.sealed)
  if (card.type !== 'card') throw new Error('no card is stored')
  const { pan, expiry, holder } = card
  return { number: openSecret(pan, 'check'), expiry, holder }
}

/** A token with its bytes as text, so that two compare whatever kind of bytes they have. */
const plain = (token: StoredToken | undefined): unknown =>
  token && {
    ...token,
    sealed: Buffer.from(token.sealed).toString('hex'),
    fingerprint: { ...token.fingerprint, hash: Buffer.from(token.fingerprint.hash).toString('hex') },
  }

const lastEntry = async ({ vault }: Bench): Promise<unknown[]> => {
  const { seq } = await vault.store.auditHead()
  const [entry] = await vault.store.auditEntries(seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

describe('a card', () => {
  test('becomes a token that opens to it', async () => {
    const bench = await open()
    const { token, deduplicated, scope, sessionId } = await made(bench, { firstName: 'Ada' })
    expect(plain(await bench.vault.store.token(token.id))).toEqual(plain(token))
    expect(token).toMatchObject({
      scopeId: bench.tenant.defaultScopeId,
      tenantId: bench.tenant.id,
      version: 1,
      status: 'active',
      test: false,
      unique: false,
      scheme: 'visa',
      mask: { bin: '411111', last4: '1111', length: 16 },
      createdAt: bench.vault.clock.now(),
      updatedAt: bench.vault.clock.now(),
      expiresAt: undefined,
    })
    expect(await storedCard(bench, token.id)).toEqual({
      number: testCards.visa,
      expiry: expiryOf(12, 2030),
      holder: { firstName: 'Ada', lastName: undefined },
    })
    expect({ deduplicated, sessionId, scope: scope.id }).toEqual({
      deduplicated: false,
      sessionId: undefined,
      scope: bench.tenant.defaultScopeId,
    })
  })

  test('becomes a token for a time, where one is given', async () => {
    const bench = await open()
    const { token } = await made(bench, { lifetimeMs: 5_000, test: true })
    expect(token).toMatchObject({ test: true, expiresAt: epochMs(bench.vault.clock.now() + 5_000) })
  })

  test('is refused past its month, and nothing is kept of it', async () => {
    const bench = await open()
    const head = await bench.vault.store.auditHead()
    expect(await tokenize(bench, { expiry: expiryOf(11, 2025), code: '123' })).toEqual(
      refuse({ type: 'CardExpired' }),
    )
    expect((await tokenize(bench, { expiry: expiryOf(1, 2026) })).ok).toBe(true)
    expect(bench.vault.backend.count()).toBe(0)
    expect((await bench.vault.store.auditHead()).seq).toBe(head.seq + 1)
  })

  test('is written down with who made its token, and without its number or its code', async () => {
    const bench = await open()
    const { token } = await made(bench, { code: '947' })
    const entry = await lastEntry(bench)
    expect(entry.slice(2)).toEqual([
      'token.created',
      'success',
      bench.tenant.id,
      ['credential', callerOf(bench.tenant).principal.credentialId],
      '192.0.2.1',
      callerOf(bench.tenant).requestId,
      ['token', token.id],
      { scheme: 'visa', deduplicated: false, changed: true, codeHeld: true },
    ])
    expect(JSON.stringify(entry)).not.toMatch(new RegExp(`${testCards.visa}|947`))
  })
})

describe('a code', () => {
  test('is held for its token under a session of its own', async () => {
    const bench = await open()
    const first = await made(bench, { code: '123' })
    const second = await made(bench, { code: '456' })
    expect(first.sessionId).not.toBe(second.sessionId)
    expect(await codeIn(bench, second.token.id, first.sessionId)).toBeUndefined()
    expect(await codeIn(bench, first.token.id, first.sessionId)).toBe('123')
    expect(await codeIn(bench, first.token.id, first.sessionId)).toBeUndefined()
    expect(await codeIn(bench, second.token.id, second.sessionId)).toBe('456')
  })

  test('lives as long and serves as often as the policy says', async () => {
    const bench = await open()
    const { token, sessionId } = await made(bench, {
      code: '123',
      policy: { ...policy, uses: 2, ttlMs: 1_000 },
    })
    bench.vault.clock.advance(999)
    expect(await codeIn(bench, token.id, sessionId)).toBe('123')
    bench.vault.clock.advance(1)
    expect(await codeIn(bench, token.id, sessionId)).toBeUndefined()
  })

  test('is forgotten at once where the policy does not hold codes', async () => {
    const bench = await open()
    const { sessionId } = await made(bench, { code: '123', policy: { ...policy, hold: false } })
    expect(sessionId).toBeUndefined()
    expect(bench.vault.backend.count()).toBe(0)
    expect((await lastEntry(bench))[9]).toMatchObject({ codeHeld: false })
  })

  test('is held before the token is written', async () => {
    const bench = await open()
    let heldAtCommit = 0
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      heldAtCommit = bench.vault.backend.count()
      return commit()
    })
    await tokenize(bench, { code: '123' }, { store })
    expect(heldAtCommit).toBe(1)
  })

  test('that finds no room keeps the token from being written', async () => {
    const bench = await open(false, 1)
    await made(bench, { code: '123' })
    const head = await bench.vault.store.auditHead()
    expect(await tokenize(bench, { code: '456' })).toEqual(refuse({ type: 'TooManyCodes' }))
    expect((await bench.vault.store.auditHead()).seq).toBe(head.seq)
    expect((await tokenize(bench)).ok).toBe(true)
  })

  test('is dropped if the token cannot be written', async () => {
    const bench = await open()
    const store = interceptCommits(bench.vault.store, async () => {
      throw new UnavailableError('disk full')
    })
    await expect(tokenize(bench, { code: '123' }, { store })).rejects.toThrow(UnavailableError)
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('is dropped if what belongs beside the token cannot be made', async () => {
    const bench = await open()
    const broken = () => {
      throw new Error('a bug')
    }
    const command = commandOf({ code: '123' })
    await expect(tokenizeCard(bench.vault, callerOf(bench.tenant), command, broken)).rejects.toThrow('a bug')
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('is dropped after a conflict, and held once for what was written in the end', async () => {
    const bench = await open()
    let conflicts = 3
    const heldAtCommit: number[] = []
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      heldAtCommit.push(bench.vault.backend.count())
      return conflicts-- > 0 ? refuse({ type: 'Conflict', change: 'put-token' }) : commit()
    })
    const result = await tokenize(bench, { code: '123' }, { store })
    expect(heldAtCommit).toEqual([1, 1, 1, 1])
    expect(bench.vault.backend.count()).toBe(1)
    expect(result.ok && (await codeIn(bench, result.value.token.id, result.value.sessionId))).toBe('123')
  })

  test('and its card are given up after too many conflicts', async () => {
    const bench = await open()
    let commits = 0
    const store = interceptCommits(bench.vault.store, async () => {
      commits++
      return refuse({ type: 'Conflict', change: 'put-token' })
    })
    await expect(tokenize(bench, { code: '123' }, { store })).rejects.toThrow(UnavailableError)
    expect(commits).toBeLessThanOrEqual(32)
    expect(bench.vault.backend.count()).toBe(0)
  })
})

describe('a scope that does not de-duplicate', () => {
  test('gives each card a token of its own, and one fingerprint for one number', async () => {
    const bench = await open()
    const [first, second, other] = [
      await made(bench),
      await made(bench),
      await made(bench, { number: testCards.amex }),
    ]
    expect(new Set([first, second, other].map(({ token }) => token.id)).size).toBe(3)
    expect(second.token.fingerprint.id).toBe(first.token.fingerprint.id)
    expect(other.token.fingerprint.id).not.toBe(first.token.fingerprint.id)
    expect([first, second].map(({ deduplicated }) => deduplicated)).toEqual([false, false])
  })

  test('takes many first cards of one number at once', async () => {
    const bench = await open()
    const results = await Promise.all(Array.from({ length: 10 }, () => made(bench, { code: '123' })))
    expect(new Set(results.map(({ token }) => token.id)).size).toBe(10)
    expect(new Set(results.map(({ token }) => token.fingerprint.id)).size).toBe(1)
    expect(bench.vault.backend.count()).toBe(10)
  })
})

describe('a scope that de-duplicates', () => {
  test('answers a known number with the token it has, and holds the new code', async () => {
    const bench = await open(true)
    const first = await made(bench, { code: '123' })
    const second = await made(bench, { code: '456' })
    expect(second).toMatchObject({ token: { id: first.token.id, version: 1 }, deduplicated: true })
    expect(first).toMatchObject({ deduplicated: false, token: { unique: true } })
    expect(await codeIn(bench, first.token.id, first.sessionId)).toBe('123')
    expect(await codeIn(bench, first.token.id, second.sessionId)).toBe('456')
    expect((await lastEntry(bench)).slice(2, 4)).toEqual(['token.updated', 'success'])
    expect((await lastEntry(bench))[9]).toMatchObject({ deduplicated: true, changed: false, codeHeld: true })
  })

  test('gives another number another token', async () => {
    const bench = await open(true)
    const [first, other] = [await made(bench), await made(bench, { number: testCards.visa2 })]
    expect(other.deduplicated).toBe(false)
    expect(other.token.id).not.toBe(first.token.id)
  })

  test('does not know the numbers of other scopes', async () => {
    const bench = await open(true)
    const stranger = {
      vault: bench.vault,
      tenant: await addTenant(bench.vault, 'stranger', { deduplicates: true }),
    }
    const [first, other] = [await made(bench), await made(stranger)]
    expect(other.deduplicated).toBe(false)
    expect(other.token.id).not.toBe(first.token.id)
    expect(other.token.fingerprint.id).not.toBe(first.token.fingerprint.id)
  })

  test('keeps the later expiry of a card that was issued again when the last one is about to end', async () => {
    const bench = await open(true)
    const { token } = await made(bench, { expiry: expiryOf(2, 2026), firstName: 'Ada' })
    bench.vault.clock.advance(1_000)
    const later = await made(bench, { expiry: expiryOf(1, 2031) })
    expect(later).toMatchObject({
      deduplicated: true,
      card: { expiry: expiryOf(1, 2031) },
      token: { id: token.id, version: 2 },
    })
    expect(later.token.updatedAt).toBe(token.updatedAt + 1_000)
    expect(later.token.createdAt).toBe(token.createdAt)
    expect(await storedCard(bench, token.id)).toMatchObject({
      expiry: expiryOf(1, 2031),
      holder: { firstName: 'Ada' },
    })
    expect((await lastEntry(bench))[9]).toMatchObject({ changed: true })
  })

  test.each([
    expiryOf(12, 2030),
    expiryOf(11, 2030),
    expiryOf(12, 2029),
    expiryOf(1, 2031),
    expiryOf(12, 2070),
  ])('does not let the expiry %o spoil a card that is good until 12/2030', async (expiry) => {
    const bench = await open(true)
    const { token } = await made(bench, { expiry: expiryOf(12, 2030) })
    const again = await made(bench, { expiry, firstName: 'Eve' })
    expect(again).toMatchObject({
      deduplicated: true,
      card: { expiry: expiryOf(12, 2030) },
      token: { id: token.id, version: 1 },
    })
    expect(await storedCard(bench, token.id)).toEqual({
      number: testCards.visa,
      expiry: expiryOf(12, 2030),
      holder: undefined,
    })
  })

  test('takes the name that comes with a later expiry', async () => {
    const bench = await open(true)
    const { token } = await made(bench, { expiry: expiryOf(3, 2026), firstName: 'Ada' })
    await made(bench, { expiry: expiryOf(1, 2031), firstName: 'Grace' })
    expect(await storedCard(bench, token.id)).toMatchObject({ holder: { firstName: 'Grace' } })
  })

  test('gives one token to many that come with one number for the first time at once', async () => {
    const bench = await open(true)
    const results = await Promise.all(Array.from({ length: 10 }, () => made(bench, { code: '123' })))
    expect(new Set(results.map(({ token }) => token.id)).size).toBe(1)
    expect(results.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1)
    expect(bench.vault.backend.count()).toBe(10)
  })

  test('takes one of several later expiries that come at once, and answers all with it', async () => {
    const bench = await open(true)
    const { token } = await made(bench, { expiry: expiryOf(2, 2026) })
    const years = [2031, 2032, 2033]
    const results = await Promise.all(years.map((year) => made(bench, { expiry: expiryOf(5, year) })))
    const stored = await storedCard(bench, token.id)
    expect(years).toContain(stored.expiry.year)
    for (const { card } of results) expect(card.expiry).toEqual(stored.expiry)
  })

  test('refuses an expiry that no card has, so that it never takes the place of a good one', async () => {
    const bench = await open(true)
    expect(await tokenize(bench, { expiry: expiryOf(12, 2092) })).toEqual(
      refuse({ type: 'InvalidExpiryYear' }),
    )
  })

  test('answers with a suspended token too, and holds no code for it', async () => {
    const bench = await open(true)
    const { token } = await made(bench)
    await suspendToken(bench.vault, callerOf(bench.tenant), token.id)
    const again = await made(bench, { code: '123' })
    expect(again).toMatchObject({
      deduplicated: true,
      token: { id: token.id, status: 'suspended' },
      sessionId: undefined,
    })
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('holds no code for a token that is suspended while the code comes in', async () => {
    const bench = await open(true)
    const { token } = await made(bench)
    let isFirst = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await suspendToken(bench.vault, callerOf(bench.tenant), token.id)
      }
      return commit()
    })
    const again = await tokenize(bench, { code: '123' }, { store })
    expect(again).toMatchObject({
      value: { deduplicated: true, sessionId: undefined, token: { status: 'suspended' } },
    })
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('gives a number that was deleted another token', async () => {
    const bench = await open(true)
    const { token } = await made(bench)
    await deleteToken(bench.vault, callerOf(bench.tenant), token.id)
    const next = await made(bench)
    expect(next).toMatchObject({ deduplicated: false })
    expect(next.token.id).not.toBe(token.id)
    expect(next.token.fingerprint.id).toBe(token.fingerprint.id)
    expect(await bench.vault.store.token(token.id)).toMatchObject({ status: 'deleted' })
  })

  test('answers with a token whose card is good no more, and holds no code for it', async () => {
    const bench = await open(true)
    const { token } = await made(bench)
    await invalidateToken(bench.vault, callerOf(bench.tenant), token.id)
    const again = await made(bench, { code: '123' })
    expect(again).toMatchObject({ deduplicated: true, token: { id: token.id }, sessionId: undefined })
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('finds a number under a key that was rotated since', async () => {
    const bench = await open(true)
    const { token } = await made(bench)
    await bench.vault.keyring.rotate({
      purpose: 'fingerprint',
      owner: undefined,
      actor: { type: 'operator', id: 'operator' },
    })
    expect(await made(bench)).toMatchObject({ deduplicated: true, token: { id: token.id } })
  })
})

describe('a token of a scope that de-duplicates, once its time is over,', () => {
  const lifetimeMs = 1_000

  test('is answered to the last millisecond and then replaced by another', async () => {
    const bench = await open(true)
    const { token } = await made(bench, { lifetimeMs })
    bench.vault.clock.advance(lifetimeMs - 1)
    expect(await made(bench, { lifetimeMs: 1 })).toMatchObject({
      deduplicated: true,
      token: { id: token.id, version: 1 },
    })
    bench.vault.clock.advance(1)
    const next = await made(bench, { code: '123' })
    expect(next.deduplicated).toBe(false)
    expect(next.token.id).not.toBe(token.id)
    expect(await bench.vault.store.token(token.id)).toBeUndefined()
    expect(plain(await bench.vault.store.token(next.token.id))).toEqual(plain(next.token))
    expect(await codeIn(bench, next.token.id, next.sessionId)).toBe('123')
    expect(await made(bench)).toMatchObject({ deduplicated: true, token: { id: next.token.id } })
  })

  test.each([
    ['for good', undefined, undefined],
    ['for longer', 5_000, 5_500],
    ['for less', 100, 1_000],
  ])('was not before, where its number was wanted %s meanwhile', async (_, wanted, livesMs) => {
    const bench = await open(true)
    const { token } = await made(bench, { lifetimeMs, firstName: 'Ada' })
    bench.vault.clock.advance(500)
    const again = await made(bench, { lifetimeMs: wanted })
    const expiresAt = livesMs === undefined ? undefined : epochMs(token.createdAt + livesMs)
    expect(again).toMatchObject({ deduplicated: true, token: { id: token.id } })
    expect(again.token.expiresAt).toBe(expiresAt)
    expect(plain(await bench.vault.store.token(token.id))).toEqual(plain(again.token))
    expect(await storedCard(bench, token.id)).toMatchObject({ holder: { firstName: 'Ada' } })
    expect((await lastEntry(bench))[9]).toMatchObject({ changed: wanted !== 100 })
  })

  test('never comes, where its number is kept for good and wanted for a while', async () => {
    const bench = await open(true)
    const { token } = await made(bench)
    const again = await made(bench, { lifetimeMs })
    expect(again.token).toMatchObject({ id: token.id, version: 1, expiresAt: undefined })
  })

  test('is replaced once by many that come at once', async () => {
    const bench = await open(true)
    const { token } = await made(bench, { lifetimeMs })
    bench.vault.clock.advance(lifetimeMs)
    const results = await Promise.all(Array.from({ length: 5 }, () => made(bench)))
    expect(new Set(results.map((result) => result.token.id)).size).toBe(1)
    expect(results.map((result) => result.token.id)).not.toContain(token.id)
  })

  test('takes its codes along, and its end is written down', async () => {
    const bench = await open(true)
    const first = await made(bench, { lifetimeMs, code: '123', policy: { ...policy, ttlMs: 10 * minuteMs } })
    bench.vault.clock.advance(lifetimeMs)
    await made(bench)
    expect(bench.vault.backend.count()).toBe(0)
    const { store } = bench.vault
    const entries = (await store.auditEntries(0, 100)).map(({ text }) => JSON.parse(text) as unknown[])
    expect(entries).toContainEqual(expect.arrayContaining(['token.expired', ['token', first.token.id]]))
  })
})

test('nothing but the list of changes is written: token, fingerprint, event and entry in one commit', async () => {
  const bench = await open()
  const commits: (readonly string[])[] = []
  const store = interceptCommits(bench.vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  await tokenize(bench, {}, { store })
  await tokenize(bench, {}, { store })
  expect(commits).toEqual([
    ['put-fingerprint', 'put-token', 'emit-event', 'audit token.created success'],
    ['put-token', 'emit-event', 'audit token.created success'],
  ])
})

test('a tenant is told of a token that is new and of one that changed, and not of one that stayed', async () => {
  const bench = await open(true)
  const told: unknown[] = []
  const store = interceptCommits(bench.vault.store, async (changes, commit) => {
    for (const change of changes) if (change.type === 'emit-event') told.push(change.event.type)
    return commit()
  })
  await tokenize(bench, { expiry: expiryOf(2, 2026) }, { store })
  await tokenize(bench, { expiry: expiryOf(2, 2026) }, { store })
  await tokenize(bench, { expiry: expiryOf(1, 2031) }, { store })
  expect(told).toEqual(['token.created', 'token.updated'])
})

test('what must be true beside a token is written in its commit, and knows what was made', async () => {
  const bench = await open()
  const commits: (readonly string[])[] = []
  const store = interceptCommits(bench.vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  const seen: unknown[] = []
  const result = await tokenizeCard(
    { ...bench.vault, store },
    callerOf(bench.tenant),
    commandOf({}),
    (value) => {
      seen.push(value)
      return [{ type: 'expect-token', token: value.token }]
    },
  )
  expect(commits).toEqual([
    ['put-fingerprint', 'put-token', 'emit-event', 'audit token.created success', 'expect-token'],
  ])
  expect(seen).toEqual([result.ok && result.value])
})

test('no field of a stored token holds the number or the code', async () => {
  const bench = await open()
  const { token } = await made(bench, { code: '947' })
  const spelled = JSON.stringify(token, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  )
  expect(Object.keys(token satisfies StoredToken)).not.toContain('code')
  expect(spelled).not.toContain(testCards.visa)
  expect(spelled).not.toContain('947')
})
