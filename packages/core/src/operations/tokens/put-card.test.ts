import { testCards } from '@cardkeep/testing/canary/cards'
import {
  addCaptureKey,
  capturePortsOf,
  type TestCaptureKey,
  type Typed,
  visaCard,
} from '@cardkeep/testing/doubles/captures'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addToken } from '@cardkeep/testing/doubles/token'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { Change } from '../../changes.ts'
import { guessLimits } from '../../codes/guesses.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { HoldLostError, UnavailableError } from '../../errors.ts'
import type { ScopeId, TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret } from '../../kernel/secret.ts'
import { dayMs, epochMs, hourMs, minuteMs, secondMs } from '../../kernel/time.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { endAfterCard } from '../../tokens/end.ts'
import { activateToken } from './activate-token.ts'
import { deleteToken } from './delete-token.ts'
import { invalidateToken } from './invalidate-token.ts'
import { type PutAnalytics, type PutCard, type PutToken, putCard } from './put-card.ts'
import { suspendToken } from './suspend-token.ts'
import { sweepTokens } from './sweep-tokens.ts'
import type { CapturePorts } from './token-ports.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Bench {
  readonly vault: TestVault
  readonly tenant: Tenant
  readonly key: TestCaptureKey
}

const open = async (deduplicates = true, codesPerTenant?: number): Promise<Bench> => {
  const vault = await openTestVault(codesPerTenant)
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop', { deduplicates })
  vault.clock.advance(hourMs)
  return { vault, tenant, key: await addCaptureKey(vault, tenant) }
}

const policy: CodePolicy = { hold: true, ttlMs: 15 * minuteMs, uses: 1, destinations: undefined }

type Wish = Partial<Omit<PutCard, 'capture'>> & { readonly capture?: PutCard['capture'] }

const put = (
  { vault, tenant, key }: Bench,
  typed: Typed = {},
  wish: Wish = {},
  ports: Partial<CapturePorts> = {},
) =>
  putCard({ ...capturePortsOf(vault), ...ports }, callerOf(tenant), {
    scopeId: tenant.defaultScopeId,
    capture: key.seal({ ...visaCard, ...typed }),
    wants: 'reuse',
    until: undefined,
    policy,
    ...wish,
  })

const made = async (bench: Bench, typed: Typed = {}, wish: Wish = {}): Promise<PutToken> => {
  const result = await put(bench, typed, wish)
  if (!result.ok || result.value.type !== 'token') throw new Error('a test could not put a card')
  return result.value
}

const analysed = async (bench: Bench, typed: Typed = {}, wish: Wish = {}): Promise<PutAnalytics> => {
  const result = await put(bench, typed, { ...wish, wants: 'analytics' })
  if (!result.ok || result.value.type !== 'analytics') throw new Error('a test could not analyse a card')
  return result.value
}

const tokenOf = async (bench: Bench, typed: Typed = {}, wish: Wish = {}) =>
  (await made(bench, typed, wish)).overview.token

/** Takes the code that a token holds. */
const codeOf = async ({ vault, tenant }: Bench, tokenId: TokenId): Promise<string | undefined> => {
  const { id: tenantId, environment, defaultScopeId: scopeId } = tenant
  const taker = { place: { scopeId, environment, tokenId }, destination: 'https://psp.example' }
  const taken = await vault.codes.take({ type: 'token', tenantId, tokenId }, taker)
  return taken && openSecret(taken.code, 'check')
}

const lastEntry = async ({ vault }: Bench): Promise<unknown[]> => {
  const { seq } = await vault.store.auditHead()
  const [entry] = await vault.store.auditEntries(seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

const failing = (bench: Bench, error = new UnavailableError('disk full')) =>
  interceptCommits(bench.vault.store, async () => {
    throw error
  })

describe('a new card', () => {
  test('becomes a token that ends thirteen months after it', async () => {
    const bench = await open()
    const { overview, analyticsId } = await made(bench, { name: 'Ada King' })
    expect(analyticsId).toBeUndefined()
    expect(overview).toMatchObject({
      state: 'active',
      networkToken: undefined,
      bin: undefined,
      card: { expiry: { month: 12, year: 2030 }, holder: { fullName: 'Ada King' } },
      token: {
        version: 1,
        unique: true,
        test: false,
        scheme: 'visa',
        mask: { last4: '1111' },
        endsWithCard: true,
        expiresAt: Date.UTC(2032, 1, 1),
      },
    })
    expect(await bench.vault.store.token(overview.token.id)).toMatchObject({
      id: overview.token.id,
      endsWithCard: true,
    })
  })

  test('becomes a token that ends when it was asked to', async () => {
    const bench = await open()
    const until = epochMs(bench.vault.clock.now() + dayMs)
    expect(await tokenOf(bench, {}, { until })).toMatchObject({ expiresAt: until, endsWithCard: false })
  })

  test('is written down without its number, its name or its code', async () => {
    const bench = await open()
    const commits: (readonly Change[])[] = []
    const store = interceptCommits(bench.vault.store, async (changes, commit) => {
      commits.push(changes)
      return commit()
    })
    await put(bench, { code: '947', name: 'Ada King' }, { wants: 'both' }, { store })
    expect(commits.map(nameChanges)).toEqual([
      ['put-fingerprint', 'put-token', 'emit-event', 'audit token.created success'],
    ])
    expect((await lastEntry(bench))[9]).toEqual({
      ...{ scheme: 'visa', analysed: true, deduplicated: false, changed: true, codeHeld: true },
    })
    const clear = commits.flat().filter(({ type }) => type === 'emit-event' || type === 'audit')
    expect(JSON.stringify(clear)).not.toMatch(new RegExp(`${testCards.visa}|947|Ada`))
  })

  test.each<[string, Typed, object]>([
    ['without its number', { number: undefined as never }, { type: 'MissingField', field: 'cardNumber' }],
    ['without its month', { month: undefined as never }, { type: 'MissingField', field: 'expiryMonth' }],
    ['without its year', { year: undefined as never }, { type: 'MissingField', field: 'expiryYear' }],
    ['past its month', { month: 11, year: 2025 }, { type: 'CardExpired' }],
    ['that is good for too long', { year: 2092 }, { type: 'InvalidExpiryYear' }],
    ['with a code of another scheme', { code: '1234' }, { type: 'InvalidCode' }],
    ['with a code that is none', { code: '12a' }, { type: 'InvalidCode' }],
  ])('%s is refused, and nothing is kept of it', async (_, typed, error) => {
    const bench = await open()
    const { seq } = await bench.vault.store.auditHead()
    for (const wants of ['reuse', 'analytics', 'both'] as const)
      expect(await put(bench, { code: '123', ...typed }, { wants })).toMatchObject({ ok: false, error })
    expect(bench.vault.backend.count()).toBe(0)
    expect((await bench.vault.store.auditHead()).seq).toBe(seq)
  })

  test('with what is missing says in what it is missing', async () => {
    const bench = await open()
    expect(await put(bench, { month: undefined as never })).toEqual(
      refuse({ type: 'MissingField', field: 'expiryMonth', within: ['encrypted_card'] }),
    )
  })
})

describe('a scope', () => {
  const link = async ({ vault, tenant }: Bench): Promise<ScopeId> => {
    const other = await addTenant(vault, 'other', { deduplicates: true })
    await vault.store.commit([{ type: 'link-scope', scopeId: other.defaultScopeId, tenantId: tenant.id }])
    return other.defaultScopeId
  }

  test('that the tenant is linked to gets a token of its own', async () => {
    const bench = await open()
    const scopeId = await link(bench)
    const [own, linked] = [await tokenOf(bench), await tokenOf(bench, {}, { scopeId })]
    expect(linked).toMatchObject({ scopeId, tenantId: bench.tenant.id })
    expect(linked.id).not.toBe(own.id)
    expect(linked.fingerprint.id).not.toBe(own.fingerprint.id)
  })

  test("that is another's or none is not found, and nothing is decrypted", async () => {
    const bench = await open()
    const stranger = await addTenant(bench.vault, 'stranger')
    const captures = {
      open: async () => {
        throw new Error('nothing should be opened')
      },
    }
    for (const scopeId of [stranger.defaultScopeId, bench.vault.ids.uuid() as ScopeId])
      expect(await put(bench, {}, { scopeId }, { captures })).toEqual(refuse({ type: 'ScopeNotFound' }))
  })
})

describe('a known card', () => {
  test('keeps its token and takes over what the request says', async () => {
    const bench = await open()
    const first = await tokenOf(bench, { name: 'Ada King' })
    bench.vault.clock.advance(secondMs)
    const { overview } = await made(bench, { month: 3, year: 2029 })
    expect(overview).toMatchObject({
      card: { expiry: { month: 3, year: 2029 }, holder: { fullName: 'Ada King' } },
      token: {
        id: first.id,
        version: 2,
        createdAt: first.createdAt,
        updatedAt: bench.vault.clock.now(),
        expiresAt: endAfterCard({ month: 3, year: 2029, yearDigits: 4 }),
        endsWithCard: true,
      },
    })
    const named = await made(bench, { month: 3, year: 2029, name: 'Ada Lovelace' })
    expect(named.overview.card?.holder).toMatchObject({ fullName: 'Ada Lovelace' })
  })

  test('is not written again where nothing is new', async () => {
    const bench = await open()
    const first = await tokenOf(bench, { name: 'Ada King' })
    bench.vault.clock.advance(secondMs)
    expect(await tokenOf(bench, { name: 'Ada King' })).toMatchObject({ id: first.id, version: 1 })
    expect((await lastEntry(bench))[9]).toMatchObject({ deduplicated: true, changed: false })
  })

  test('moves the day of its last change once a day, and nobody is told', async () => {
    const bench = await open()
    const { clock, store } = bench.vault
    const first = await tokenOf(bench)
    clock.advance(dayMs - (clock.now() % dayMs) - 1)
    expect(await tokenOf(bench)).toMatchObject({ version: 1, updatedAt: first.updatedAt })
    clock.advance(1)
    const midnight = clock.now()
    const commits: (readonly string[])[] = []
    const watched = interceptCommits(store, (changes, commit) => {
      commits.push(nameChanges(changes))
      return commit()
    })
    const result = await put(bench, {}, {}, { store: watched })
    expect(result).toMatchObject({ value: { overview: { token: { version: 2, updatedAt: midnight } } } })
    expect(commits).toEqual([['replace-token', 'audit token.updated success']])
    expect((await lastEntry(bench))[9]).toMatchObject({ deduplicated: true, changed: false })
    clock.advance(hourMs)
    const { version, updatedAt } = await tokenOf(bench)
    expect([version, updatedAt]).toEqual([2, midnight])
    expect(await store.token(first.id)).toMatchObject({ version: 2, updatedAt: midnight })
  })

  test('is not dated back where the clock of a node is behind', async () => {
    const bench = await open()
    const first = await tokenOf(bench)
    bench.vault.clock.step(-dayMs)
    expect(await tokenOf(bench)).toMatchObject({ version: 1, updatedAt: first.updatedAt })
  })

  test('keeps the two parts of a name that is the same', async () => {
    const bench = await open()
    const { token } = await addToken(bench.vault, bench.tenant)
    const { overview } = await made(bench, { name: 'Ada King' })
    expect(overview.token.id).toBe(token.id)
    expect((await made(bench, { name: 'Ada King' })).overview.token.version).toBe(2)
  })

  test('keeps an end that was chosen, and takes over one that is chosen now', async () => {
    const bench = await open()
    const until = epochMs(bench.vault.clock.now() + 400 * dayMs)
    const sooner = epochMs(bench.vault.clock.now() + 100 * dayMs)
    await tokenOf(bench, {}, { until })
    expect(await tokenOf(bench, { year: 2035 })).toMatchObject({ expiresAt: until, endsWithCard: false })
    expect(await tokenOf(bench, { year: 2035 }, { until: sooner })).toMatchObject({ expiresAt: sooner })
  })

  test('may come with a code as often as its customers pay: who has the number needs no token to guess', async () => {
    const bench = await open()
    const { id } = await tokenOf(bench, { code: '100' })
    for (let time = 1; time <= 3 * guessLimits.answer.atOnce; time++)
      expect((await tokenOf(bench, { code: `1${10 + time}` })).id).toBe(id)
    expect(await codeOf(bench, id)).toBe('140')
  })

  test('is written down with the names of what changed', async () => {
    const bench = await open()
    const until = epochMs(bench.vault.clock.now() + dayMs)
    const changes: [Typed, Wish, string][] = [
      [{ name: 'Ada King', year: 2031 }, {}, 'expiry holder end'],
      [{ name: 'Ada King', year: 2031, yearDigits: 2 }, {}, ''],
      [{ year: 2031 }, { until }, 'end'],
      [{ name: 'Ada Lovelace', year: 2032 }, {}, 'expiry holder'],
    ]
    await tokenOf(bench)
    for (const [typed, wish, parts] of changes) {
      await tokenOf(bench, typed, wish)
      expect((await lastEntry(bench))[9]).toEqual({
        ...{ scheme: 'visa', deduplicated: true, changed: parts !== '', parts, codeHeld: false },
      })
    }
  })

  test('of another dialect keeps having no end', async () => {
    const bench = await open()
    const { token } = await addToken(bench.vault, bench.tenant)
    expect(await tokenOf(bench)).toMatchObject({ id: token.id, expiresAt: undefined, endsWithCard: false })
  })

  test('that another dialect wants for ever stays for ever', async () => {
    const bench = await open()
    const { id } = await tokenOf(bench)
    const { token } = await addToken(bench.vault, bench.tenant)
    expect(token).toMatchObject({ id, expiresAt: undefined, endsWithCard: false })
  })

  test('that is suspended is updated, stays suspended and holds no code', async () => {
    const bench = await open()
    const { id } = await tokenOf(bench)
    await suspendToken(bench.vault, testOperator, id)
    const { overview } = await made(bench, { year: 2031, code: '123' })
    expect(overview).toMatchObject({ state: 'suspended', token: { id }, card: { expiry: { year: 2031 } } })
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('that is invalidated is good again with a later expiry, and only then', async () => {
    const bench = await open()
    const { id } = await tokenOf(bench)
    await invalidateToken(bench.vault, testOperator, id)
    expect((await made(bench)).overview.state).toBe('invalidated')
    expect((await made(bench, { month: 11 })).overview.state).toBe('invalidated')
    const { overview } = await made(bench, { month: 1, year: 2031, code: '123' })
    expect(overview).toMatchObject({ state: 'active', token: { id, invalidatedAt: undefined } })
    expect(await codeOf(bench, id)).toBe('123')
  })

  test.each<[string, (bench: Bench, id: TokenId) => Promise<unknown>]>([
    ['deleted', ({ vault }, id) => deleteToken(vault, testOperator, id)],
    ['expired', async ({ vault }) => vault.clock.advance(2 * hourMs)],
  ])('whose token is %s gets another one, and keeps the id of its number', async (_, end) => {
    const bench = await open()
    const until = epochMs(bench.vault.clock.now() + hourMs)
    const first = await made(bench, {}, { until, wants: 'both' })
    await end(bench, first.overview.token.id)
    const second = await made(bench, {}, { wants: 'both' })
    expect(second.overview).toMatchObject({ state: 'active', token: { version: 1 } })
    expect(second.overview.token.id).not.toBe(first.overview.token.id)
  })

  test('is promoted where the token that its scope knew it by is gone', async () => {
    const bench = await open()
    const { store } = bench.vault
    const first = await tokenOf(bench)
    const other = { ...first, id: bench.vault.ids.uuid() as TokenId, unique: false }
    await store.commit([{ type: 'put-token', token: other }])
    await deleteToken(bench.vault, testOperator, first.id)
    // Its card cannot be opened in the place of another token.
    const cipher = {
      ...bench.vault.cipher,
      open: (_: unknown, sealed: Uint8Array) =>
        bench.vault.cipher.open(
          { scopeId: first.scopeId, environment: bench.tenant.environment, tokenId: first.id },
          sealed,
        ),
    }
    const result = await put(bench, {}, {}, { cipher })
    expect(result.ok && result.value).toMatchObject({
      overview: { token: { id: other.id, unique: true, version: 2, updatedAt: other.updatedAt } },
    })
  })
})

describe('at once', () => {
  test('two requests with one new card make one token, and hold its code', async () => {
    const bench = await open()
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => (await tokenOf(bench, { code: '123' })).id),
    )
    expect(new Set(ids).size).toBe(1)
    expect(bench.vault.backend.count()).toBe(1)
  })

  test('two captures of one new card make one token', async () => {
    const bench = await open()
    const ids = await Promise.all(
      Array.from({ length: 8 }, async (__, index) => (await tokenOf(bench, { code: `12${index}` })).id),
    )
    expect(new Set(ids).size).toBe(1)
  })

  test('where the scope does not de-duplicate, one capture makes one token and two make two', async () => {
    const bench = await open(false)
    const [one, same, other] = await Promise.all([
      tokenOf(bench, { code: '123' }),
      tokenOf(bench, { code: '123' }),
      tokenOf(bench, { code: '124' }),
    ])
    expect(same.id).toBe(one.id)
    expect(other.id).not.toBe(one.id)
    expect(other.fingerprint.id).toBe(one.fingerprint.id)
  })

  test('a token that is deleted meanwhile is never answered as active', async () => {
    const bench = await open()
    const { id } = await tokenOf(bench)
    let isFirst = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await deleteToken(bench.vault, testOperator, id)
      }
      return commit()
    })
    const result = await put(bench, { code: '123' }, {}, { store })
    if (!result.ok || result.value.type !== 'token') throw new Error('a test could not put a card')
    const { token } = result.value.overview
    expect(token.id).not.toBe(id)
    expect(await bench.vault.store.token(token.id)).toMatchObject({ status: 'active' })
    expect(await bench.vault.store.token(id)).toMatchObject({ status: 'deleted' })
    // Whoever deletes a token drops its codes, and nobody can tell that from a code that was sent.
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('a code is held once for what was written in the end', async () => {
    const bench = await open()
    let conflicts = 3
    const heldAtCommit: number[] = []
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      heldAtCommit.push(bench.vault.backend.count())
      return conflicts-- > 0 ? refuse({ type: 'Conflict', change: 'put-token' }) : commit()
    })
    const result = await put(bench, { code: '123' }, {}, { store })
    if (!result.ok || result.value.type !== 'token') throw new Error('a test could not put a card')
    expect(heldAtCommit).toEqual([1, 1, 1, 1])
    expect(await codeOf(bench, result.value.overview.token.id)).toBe('123')
  })
})

describe('a capture that comes again', () => {
  const replays: readonly (readonly [string, (bench: Bench, id: TokenId) => Promise<unknown>])[] = [
    ['spent', codeOf],
    ['dropped', ({ vault }, id) => vault.codes.dropToken(id)],
    [
      'dropped by a suspension that is over',
      async ({ vault }, id) => {
        await suspendToken(vault, testOperator, id)
        await activateToken(vault, testOperator, id)
      },
    ],
    [
      'replaced by another, and that one spent',
      async (bench, id) => {
        await made(bench, { code: '999' })
        expect(await codeOf(bench, id)).toBe('999')
      },
    ],
  ]

  test.each(replays.flatMap(([name, end]) => [true, false].map((dedup) => ({ name, end, dedup }))))(
    'brings no code once that was $name (de-duplicating: $dedup)',
    async ({ end, dedup }) => {
      const bench = await open(dedup)
      const capture = bench.key.seal({ ...visaCard, code: '123' })
      const { id } = await tokenOf(bench, {}, { capture })
      if (dedup || end !== replays[3]?.[1]) await end(bench, id)
      else expect(await codeOf(bench, id)).toBe('123')
      expect((await tokenOf(bench, {}, { capture })).id).toBe(id)
      expect((await lastEntry(bench))[9]).toMatchObject({ codeHeld: false })
      expect(bench.vault.backend.count()).toBe(0)
    },
  )

  test('leaves the code alone that it brought', async () => {
    const bench = await open()
    const capture = bench.key.seal({ ...visaCard, code: '123' })
    const { id } = await tokenOf(bench, {}, { capture })
    await tokenOf(bench, {}, { capture })
    expect(await codeOf(bench, id)).toBe('123')
    expect(await codeOf(bench, id)).toBeUndefined()
  })

  test('may bring its code where none was held the first time', async () => {
    const bench = await open()
    const capture = bench.key.seal({ ...visaCard, code: '123' })
    const { id } = await tokenOf(bench)
    await suspendToken(bench.vault, testOperator, id)
    await tokenOf(bench, {}, { capture })
    await activateToken(bench.vault, testOperator, id)
    await tokenOf(bench, {}, { capture })
    expect(await codeOf(bench, id)).toBe('123')
  })

  test('from before all that is remembered brings no code', async () => {
    const bench = await open()
    bench.vault.clock.step(-hourMs)
    const { id } = await tokenOf(bench, { code: '123', capturedAt: bench.vault.clock.now() - 1 })
    expect(await codeOf(bench, id)).toBeUndefined()
  })

  test('makes another token where the first one was deleted', async () => {
    for (const dedup of [true, false]) {
      const bench = await open(dedup)
      const capture = bench.key.seal(visaCard)
      const first = await tokenOf(bench, {}, { capture })
      await deleteToken(bench.vault, testOperator, first.id)
      const second = await tokenOf(bench, {}, { capture })
      expect(second).toMatchObject({ status: 'active', version: 1 })
      expect(second.id).not.toBe(first.id)
      expect(await bench.vault.store.token(first.id)).toMatchObject({ status: 'deleted' })
    }
  })

  test('makes the same token after a crash that lost its answer or its commit', async () => {
    for (const dedup of [true, false]) {
      const bench = await open(dedup)
      const capture = bench.key.seal({ ...visaCard, code: '123' })
      const lost = interceptCommits(bench.vault.store, async (_, commit) => {
        await commit()
        throw new UnavailableError('the connection was lost')
      })
      await expect(put(bench, {}, { capture }, { store: failing(bench) })).rejects.toThrow(UnavailableError)
      expect(bench.vault.backend.count()).toBe(0)
      await expect(put(bench, {}, { capture }, { store: lost })).rejects.toThrow(UnavailableError)
      expect(bench.vault.backend.count()).toBe(0)
      const { id } = await tokenOf(bench, {}, { capture })
      expect((await lastEntry(bench))[9]).toMatchObject({ deduplicated: true, codeHeld: true })
      expect((await tokenOf(bench, {}, { capture })).id).toBe(id)
      expect(await codeOf(bench, id)).toBe('123')
    }
  })

  test('brings no code where it was sent before the token could not be written', async () => {
    const bench = await open()
    const { id } = await tokenOf(bench)
    const capture = bench.key.seal({ ...visaCard, year: 2031, code: '123' })
    const spending = interceptCommits(bench.vault.store, async () => {
      expect(await codeOf(bench, id)).toBe('123')
      throw new UnavailableError('disk full')
    })
    await expect(put(bench, {}, { capture }, { store: spending })).rejects.toThrow(UnavailableError)
    await tokenOf(bench, {}, { capture })
    expect(await codeOf(bench, id)).toBeUndefined()
  })

  test('brings no code that was sent, although another is held there by then, which stays', async () => {
    const bench = await open()
    const { id } = await tokenOf(bench)
    const capture = bench.key.seal({ ...visaCard, year: 2031, code: '123' })
    let isDue = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isDue) {
        isDue = false
        expect(await codeOf(bench, id)).toBe('123')
        await made(bench, { year: 2032, code: '999' })
      }
      return commit()
    })
    expect((await put(bench, {}, { capture }, { store })).ok).toBe(true)
    expect((await lastEntry(bench))[9]).toMatchObject({ codeHeld: false })
    await tokenOf(bench, {}, { capture })
    expect([await codeOf(bench, id), await codeOf(bench, id)]).toEqual(['999', undefined])
  })

  test('brings no code of which one of several uses went', async () => {
    const bench = await open()
    const { id } = await tokenOf(bench)
    const capture = bench.key.seal({ ...visaCard, year: 2031, code: '123' })
    const wish = { capture, policy: { ...policy, uses: 2 } }
    const spending = interceptCommits(bench.vault.store, async () => {
      expect(await codeOf(bench, id)).toBe('123')
      throw new UnavailableError('disk full')
    })
    await expect(put(bench, {}, wish, { store: spending })).rejects.toThrow(UnavailableError)
    await tokenOf(bench, {}, wish)
    expect(await codeOf(bench, id)).toBeUndefined()
  })

  test('for two keys of a tenant brings its code once, and makes one token', async () => {
    const bench = await open(false)
    const other = await addCaptureKey(bench.vault, bench.tenant)
    const first = await tokenOf(bench, {}, { capture: bench.key.seal({ ...visaCard, code: '123' }) })
    expect(await codeOf(bench, first.id)).toBe('123')
    const second = await tokenOf(bench, {}, { capture: other.seal({ ...visaCard, code: '123' }) })
    expect(second.id).toBe(first.id)
    expect(await codeOf(bench, first.id)).toBeUndefined()
  })

  test('may bring its code where the vault was shut while it was held, and then nothing is written', async () => {
    const bench = await open()
    const capture = bench.key.seal({ ...visaCard, code: '123' })
    const { seq } = await bench.vault.store.auditHead()
    const readiness = { isSealed: () => bench.vault.backend.count() > 0 }
    expect(await put(bench, {}, { capture }, { readiness })).toEqual(refuse({ type: 'Sealed' }))
    expect(bench.vault.backend.count()).toBe(0)
    expect((await bench.vault.store.auditHead()).seq).toBe(seq)
    const { id } = await tokenOf(bench, {}, { capture })
    expect(await codeOf(bench, id)).toBe('123')
  })

  test('brings its code where there was no room for it before', async () => {
    const bench = await open(true, 1)
    const { id } = await tokenOf(bench, { number: testCards.amex, code: '1234' })
    const capture = bench.key.seal({ ...visaCard, code: '123' })
    expect(await put(bench, {}, { capture })).toEqual(refuse({ type: 'TooManyCodes' }))
    await codeOf(bench, id)
    const token = await tokenOf(bench, {}, { capture })
    expect(await codeOf(bench, token.id)).toBe('123')
  })

  /** What becomes of a code that was held, though nobody heard so, before anybody looks for it. */
  const losses: readonly (readonly [string, string | undefined, (bench: Bench, id: TokenId) => unknown])[] = [
    ['its code where the answer of the store of codes was lost', '123', () => undefined],
    ['no code where that was sent before its answer was lost', undefined, codeOf],
    [
      'no code where another was held since and its answer was lost',
      '999',
      (bench) => made(bench, { code: '999' }),
    ],
  ]
  test.each(losses)('brings %s', async (_, expected, meanwhile) => {
    const bench = await open()
    const { id } = await tokenOf(bench)
    const capture = bench.key.seal({ ...visaCard, code: '123' })
    const codes: CapturePorts['codes'] = {
      ...bench.vault.codes,
      hold: async (code) => {
        const held = await bench.vault.codes.hold(code)
        if (!held.ok) throw new Error('a test found no room')
        await meanwhile(bench, id)
        throw new HoldLostError('no answer', held.value)
      },
    }
    await expect(put(bench, {}, { capture }, { codes })).rejects.toThrow(UnavailableError)
    expect(bench.vault.backend.count()).toBe(expected === '999' ? 1 : 0)
    await tokenOf(bench, {}, { capture })
    expect(await codeOf(bench, id)).toBe(expected)
  })

  test('brings no code where nobody can tell whether it was held before', async () => {
    const bench = await open()
    const capture = bench.key.seal({ ...visaCard, code: '123' })
    const lost = async () => {
      throw new UnavailableError('no answer')
    }
    const silent = { ...bench.vault.codes, hold: lost }
    await expect(put(bench, {}, { capture }, { codes: silent })).rejects.toThrow(UnavailableError)
    const { id } = await tokenOf(bench, {}, { capture })
    expect(await codeOf(bench, id)).toBeUndefined()
  })
})

describe('an analytics token', () => {
  test('is made without a token, a card or a code', async () => {
    const bench = await open()
    const commits: (readonly Change[])[] = []
    const store = interceptCommits(bench.vault.store, async (changes, commit) => {
      commits.push(changes)
      return commit()
    })
    const result = await put(bench, { code: '123' }, { wants: 'analytics' }, { store })
    expect(commits.map(nameChanges)).toEqual([['put-fingerprint', 'audit token.analysed success']])
    expect(result.ok && result.value).toMatchObject({
      type: 'analytics',
      until: endAfterCard({ month: 12, year: 2030, yearDigits: 4 }),
      scheme: 'visa',
      mask: { last4: '1111' },
    })
    expect(bench.vault.backend.count()).toBe(0)
    expect((await lastEntry(bench)).slice(2, 4)).toEqual(['token.analysed', 'success'])
    expect((await lastEntry(bench))[8]).toEqual([
      'fingerprint',
      result.ok && result.value.type === 'analytics' && result.value.analyticsId,
    ])
  })

  test('is the same whatever becomes of tokens of its number, until its time is over', async () => {
    const bench = await open()
    const until = epochMs(bench.vault.clock.now() + 60 * dayMs)
    const { analyticsId } = await analysed(bench, {}, { until })
    const both = await made(bench, { year: 2031 }, { wants: 'both', until })
    expect(both.analyticsId).toBe(analyticsId)
    await deleteToken(bench.vault, testOperator, both.overview.token.id)
    bench.vault.clock.advance(31 * dayMs)
    await sweepTokens(bench.vault)
    expect(await bench.vault.store.token(both.overview.token.id)).toBeUndefined()
    expect((await analysed(bench, {}, { until })).analyticsId).toBe(analyticsId)
    expect((await made(bench, {}, { wants: 'both' })).analyticsId).toBe(analyticsId)
  })

  test('is of its scope and its number', async () => {
    const bench = await open(false)
    const one = await analysed(bench)
    const other = await analysed(bench, { number: testCards.mastercard })
    expect(other.analyticsId).not.toBe(one.analyticsId)
    expect((await analysed(bench, { year: 2033, name: 'Ada King' })).analyticsId).toBe(one.analyticsId)
  })

  test('is kept until the later of the times that were promised', async () => {
    const bench = await open()
    const [soon, late] = [1, 2].map((days) => epochMs(bench.vault.clock.now() + days * dayMs))
    expect((await analysed(bench, {}, { until: soon })).until).toBe(soon)
    expect((await analysed(bench, {}, { until: late })).until).toBe(late)
    expect((await analysed(bench, {}, { until: soon })).until).toBe(late)
    const token = await tokenOf(bench, {}, { wants: 'both', until: soon })
    expect(token).toMatchObject({ expiresAt: soon, fingerprint: { analyticsUntil: late } })
  })

  test('is promised with a token that was there before', async () => {
    const bench = await open()
    const token = await tokenOf(bench)
    expect(token.fingerprint.analyticsUntil).toBeUndefined()
    const { analyticsId } = await made(bench, {}, { wants: 'both' })
    expect(analyticsId).toBe(token.fingerprint.id)
    const stored = await bench.vault.store.fingerprint(token.scopeId, token.fingerprint.hash)
    expect(stored?.analyticsUntil).toBe(endAfterCard({ month: 12, year: 2030, yearDigits: 4 }))
  })

  test('is one for many first requests at once', async () => {
    const bench = await open()
    const all = await Promise.all(Array.from({ length: 8 }, () => analysed(bench)))
    expect(new Set(all.map(({ analyticsId }) => analyticsId)).size).toBe(1)
  })

  test('is given up after too many conflicts', async () => {
    const bench = await open()
    const store = interceptCommits(bench.vault.store, async () =>
      refuse({ type: 'Conflict', change: 'put-fingerprint' }),
    )
    await expect(put(bench, {}, { wants: 'analytics' }, { store })).rejects.toThrow(UnavailableError)
  })
})
