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
import { UnavailableError } from '../../errors.ts'
import type { NetworkTokenId, TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret, Secret } from '../../kernel/secret.ts'
import { dayMs, epochMs, hourMs, minuteMs, secondMs } from '../../kernel/time.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { endAfterCard } from '../../tokens/end.ts'
import { needsCard } from '../../tokens/instrument.ts'
import type { CardToken } from '../../tokens/token.ts'
import { deleteToken } from './delete-token.ts'
import { invalidateToken } from './invalidate-token.ts'
import { putCard } from './put-card.ts'
import { suspendToken } from './suspend-token.ts'
import type { CapturePorts } from './token-ports.ts'
import { type UpdateToken, updateToken } from './update-token.ts'

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

/** Each a moment after the one before, so that it is known which is older. */
const put = async ({ vault, tenant, key }: Bench, typed: Typed = {}): Promise<CardToken> => {
  vault.clock.advance(secondMs)
  const result = await putCard(capturePortsOf(vault), callerOf(tenant), {
    ...{ scopeId: tenant.defaultScopeId, capture: key.seal({ ...visaCard, ...typed }), wants: 'reuse' },
    ...{ until: undefined, policy },
  })
  if (!result.ok || result.value.type !== 'token') throw new Error('a test could not put a card')
  return result.value.overview.token
}

const nothing = {
  ...{ capture: undefined, code: undefined, holderName: undefined, email: undefined },
  ...{ expiryMonth: undefined, expiryYear: undefined, until: undefined, networkToken: undefined, policy },
} as const

const update = (
  { vault, tenant }: Bench,
  { id }: { readonly id: TokenId },
  changes: Partial<UpdateToken>,
  ports: Partial<CapturePorts> = {},
) =>
  updateToken({ ...capturePortsOf(vault), ...ports }, callerOf(tenant), {
    ...nothing,
    tokenId: id,
    ...changes,
  })

const updated = async (...of: Parameters<typeof update>) => {
  const result = await update(...of)
  if (!result.ok) throw new Error(`a test could not update a token: ${result.error.type}`)
  return result.value
}

const sealed = ({ key }: Bench, typed: Typed): Partial<UpdateToken> => ({ capture: key.seal(typed) })

const relink = (bench: Bench, token: { readonly id: TokenId }, number: string, typed: Typed = {}) =>
  updated(bench, token, sealed(bench, { ...visaCard, number, ...typed }))

const placeOf = ({ tenant }: Bench, tokenId: TokenId) => ({
  ...{ scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId },
})

const cardOf = async (bench: Bench, { id }: { readonly id: TokenId }) => {
  const token = await bench.vault.store.token(id)
  if (!token) throw new Error('a token is gone')
  const { pan, expiry, holder, email } = needsCard(
    await bench.vault.cipher.open(placeOf(bench, id), token.sealed),
  )
  return { number: openSecret(pan, 'check'), expiry, holder, email }
}

const uniqueOf = async ({ vault }: Bench, { id }: { readonly id: TokenId }) =>
  (await vault.store.token(id))?.unique

/** Takes the code that a token holds. */
const codeOf = async (bench: Bench, { id: tokenId }: { readonly id: TokenId }) => {
  const tenantId = bench.tenant.id
  const taker = { place: placeOf(bench, tokenId), destination: 'https://psp.example' }
  const taken = await bench.vault.codes.take({ type: 'token', tenantId, tokenId }, taker)
  return taken && openSecret(taken.code, 'check')
}

const watch = ({ vault }: Bench) => {
  const commits: (readonly Change[])[] = []
  const store = interceptCommits(vault.store, async (changes, commit) => {
    commits.push(changes)
    return commit()
  })
  return { commits, store }
}

const lastEntry = async ({ vault }: Bench): Promise<unknown[]> => {
  const { seq } = await vault.store.auditHead()
  const [entry] = await vault.store.auditEntries(seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

const notFound = refuse({ type: 'TokenNotFound' })
const code = new Secret('947')

describe('a token', () => {
  test('of which nothing is changed is answered as it is, once it is written down who was shown it', async () => {
    const bench = await open()
    const token = await put(bench, { name: 'Ada King' })
    const { commits, store } = watch(bench)
    const same = { holderName: 'Ada King', expiryMonth: 12, expiryYear: 2030 }
    const short = sealed(bench, { ...visaCard, yearDigits: 2, name: 'Ada King' })
    const wishes = [{}, same, sealed(bench, { ...visaCard, name: 'Ada King' }), short]
    for (const changes of wishes) {
      const overview = await updated(bench, token, changes, { store })
      expect(overview).toMatchObject({ state: 'active', token: { id: token.id, version: 1 } })
    }
    expect(commits.map(nameChanges)).toEqual(wishes.map(() => ['audit token.shown success']))
    expect((await lastEntry(bench))[8]).toEqual(['token', token.id])
  })

  test('is not shown where that cannot be written down', async () => {
    const bench = await open()
    const token = await put(bench)
    const store = interceptCommits(bench.vault.store, async () => {
      throw new UnavailableError('disk full')
    })
    await expect(update(bench, token, {}, { store })).rejects.toThrow(UnavailableError)
  })

  test('is written with its event and with the names of what changed, and without what it became', async () => {
    const bench = await open()
    const token = await put(bench)
    const { commits, store } = watch(bench)
    bench.vault.clock.advance(secondMs)
    const changes = { holderName: 'Ada King', email: 'ada@example.com', expiryMonth: 3, code }
    const overview = await updated(bench, token, changes, { store })
    expect(overview).toMatchObject({
      token: { id: token.id, version: 2, createdAt: token.createdAt, updatedAt: bench.vault.clock.now() },
      card: { holder: { fullName: 'Ada King' }, email: 'ada@example.com', expiry: { month: 3, year: 2030 } },
    })
    expect(commits.map(nameChanges)).toEqual([['replace-token', 'emit-event', 'audit token.updated success']])
    expect((await lastEntry(bench))[9]).toEqual({ parts: 'expiry holder email end', codeHeld: true })
    const clear = commits.flat().filter(({ type }) => type !== 'replace-token')
    expect(JSON.stringify(clear)).not.toMatch(new RegExp(`${testCards.visa}|947|Ada|ada@`))
    expect(await cardOf(bench, token)).toMatchObject({ number: testCards.visa, expiry: { month: 3 } })
  })

  test('takes what stands in the body before what stands in the capture', async () => {
    const bench = await open()
    const token = await put(bench)
    const capture = bench.key.seal({ month: 1, year: 2040, yearDigits: 2, name: 'Eve', code: '111' })
    const body = { holderName: 'Ada King', expiryMonth: 6, expiryYear: 2033, code }
    expect(await updated(bench, token, { capture, ...body })).toMatchObject({
      card: { expiry: { month: 6, year: 2033, yearDigits: 4 }, holder: { fullName: 'Ada King' } },
    })
    expect(await codeOf(bench, token)).toBe('947')
    expect(await updated(bench, token, { capture })).toMatchObject({
      card: { expiry: { month: 1, year: 2040, yearDigits: 2 }, holder: { fullName: 'Eve' } },
    })
    expect(await codeOf(bench, token)).toBe('111')
  })

  test.each<[string, Partial<UpdateToken>, object]>([
    ['a month that has passed', { expiryMonth: 11, expiryYear: 2025 }, { type: 'CardExpired' }],
    ['a year that is far off', { expiryYear: 2092 }, { type: 'InvalidExpiryYear' }],
    ['a code of another scheme', { code: new Secret('1234') }, { type: 'InvalidCode' }],
    ['a code that is none', { code: new Secret('12 ') }, { type: 'InvalidCode' }],
    ['a network token that nobody issues', { networkToken: 'activate' }, { type: 'NetworkTokenRefused' }],
  ])('does not become %s, nor anything that came with it', async (_, changes, error) => {
    const bench = await open()
    const token = await put(bench)
    const { commits, store } = watch(bench)
    const result = await update(bench, token, { code, holderName: 'Eve', ...changes }, { store })
    expect(result).toMatchObject({ ok: false, error })
    expect(commits).toEqual([])
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('of a card that has ended may still get another name and a code', async () => {
    const bench = await open()
    const token = await put(bench, { month: 1, year: 2026 })
    bench.vault.clock.advance(40 * dayMs)
    expect(await updated(bench, token, { holderName: 'Ada King', code })).toMatchObject({ state: 'active' })
    expect(await update(bench, token, { expiryMonth: 2, expiryYear: 2025 })).toEqual(
      refuse({ type: 'CardExpired' }),
    )
  })

  test('ends later with a later card, and when it was chosen where that was', async () => {
    const bench = await open()
    const token = await put(bench)
    expect((await updated(bench, token, { expiryYear: 2031 })).token.expiresAt).toBe(
      endAfterCard({ month: 12, year: 2031, yearDigits: 4 }),
    )
    const until = epochMs(bench.vault.clock.now() + 100 * dayMs)
    const chosen = { expiresAt: until, endsWithCard: false }
    expect((await updated(bench, token, { until })).token).toMatchObject(chosen)
    expect((await lastEntry(bench))[9]).toMatchObject({ parts: 'end' })
    expect((await updated(bench, token, { expiryYear: 2035 })).token).toMatchObject(chosen)
  })

  test('keeps its email where another dialect renews its card', async () => {
    const bench = await open()
    const token = await put(bench, { month: 2, year: 2026 })
    await updated(bench, token, { email: 'ada@example.com' })
    const renewed = await addToken(bench.vault, bench.tenant)
    expect(renewed.token).toMatchObject({ id: token.id, version: 3 })
    expect(await cardOf(bench, token)).toMatchObject({ expiry: { year: 2030 }, email: 'ada@example.com' })
  })

  test('that is invalidated is good again with a later expiry, and not with a name', async () => {
    const bench = await open()
    const token = await put(bench)
    await invalidateToken(bench.vault, testOperator, token.id)
    expect((await updated(bench, token, { holderName: 'Ada King' })).state).toBe('invalidated')
    expect((await updated(bench, token, { expiryMonth: 11 })).state).toBe('invalidated')
    expect((await updated(bench, token, { expiryMonth: 12, code })).state).toBe('active')
    expect(await codeOf(bench, token)).toBe('947')
  })

  test('that is invalidated is good again with another number, also one that ends before', async () => {
    const bench = await open()
    const token = await put(bench)
    await invalidateToken(bench.vault, testOperator, token.id)
    expect(await relink(bench, token, testCards.visa2, { year: 2028 })).toMatchObject({ state: 'active' })
  })

  test('that is suspended stays so and holds no code', async () => {
    const bench = await open()
    const token = await put(bench)
    await suspendToken(bench.vault, testOperator, token.id)
    for (const changes of [{ code }, { code, ...sealed(bench, { ...visaCard, number: testCards.visa2 }) }])
      expect((await updated(bench, token, changes)).state).toBe('suspended')
    expect(bench.vault.backend.count()).toBe(0)
    expect((await lastEntry(bench))[9]).toMatchObject({ codeHeld: false })
  })

  test('of another tenant, of an account or of nobody is not found, and nothing is decrypted', async () => {
    const bench = await open()
    const stranger = { ...bench, tenant: await addTenant(bench.vault, 'stranger') }
    const token = await put(bench)
    const captures = {
      open: async () => {
        throw new Error('nothing should be opened')
      },
    }
    const wish = sealed(bench, visaCard)
    expect(await update(stranger, token, wish, { captures })).toEqual(notFound)
    expect(await update(bench, { id: bench.vault.ids.uuid() as TokenId }, wish, { captures })).toEqual(
      notFound,
    )
  })

  test('that is deleted meanwhile stays deleted', async () => {
    const bench = await open()
    const token = await put(bench)
    let isFirst = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await deleteToken(bench.vault, testOperator, token.id)
      }
      return commit()
    })
    const wish = { code, holderName: 'Eve' }
    expect(await update(bench, token, wish, { store })).toEqual(notFound)
    expect(bench.vault.backend.count()).toBe(0)
    expect(await bench.vault.store.token(token.id)).toMatchObject({ status: 'deleted' })
  })

  test('that others change at the same time is updated on what stands then', async () => {
    const bench = await open()
    const token = await put(bench)
    let isFirst = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await updated(bench, token, { email: 'ada@example.com' })
      }
      return commit()
    })
    const overview = await updated(bench, token, { holderName: 'Ada King', code }, { store })
    expect(overview).toMatchObject({
      token: { version: 3 },
      card: { email: 'ada@example.com', holder: { fullName: 'Ada King' } },
    })
    expect(await codeOf(bench, token)).toBe('947')
  })

  test('that others change again and again is given up', async () => {
    const bench = await open()
    const token = await put(bench)
    const store = interceptCommits(bench.vault.store, async () =>
      refuse({ type: 'Conflict', change: 'replace-token' }),
    )
    await expect(update(bench, token, { code, holderName: 'Eve' }, { store })).rejects.toThrow(
      UnavailableError,
    )
    expect(bench.vault.backend.count()).toBe(0)
  })
})

describe('a code', () => {
  test('comes by itself, and the token stays as it is', async () => {
    const bench = await open()
    const token = await put(bench)
    const { commits, store } = watch(bench)
    expect((await updated(bench, token, { code }, { store })).token.version).toBe(1)
    expect(commits.map(nameChanges)).toEqual([['expect-token', 'audit token.updated success']])
    expect((await lastEntry(bench))[9]).toEqual({ parts: '', codeHeld: true })
    expect(await codeOf(bench, token)).toBe('947')
  })

  test('is not held where the policy says so', async () => {
    const bench = await open()
    const token = await put(bench)
    await updated(bench, token, { code, policy: { ...policy, hold: false } })
    expect(bench.vault.backend.count()).toBe(0)
    expect((await lastEntry(bench))[9]).toEqual({ parts: '', codeHeld: false })
  })

  test('of a capture is held once, whether it came by PUT or by PATCH', async () => {
    const bench = await open()
    const typed = { ...visaCard, code: '123', capturedAt: bench.vault.clock.now() }
    const token = await put(bench, typed)
    expect(await codeOf(bench, token)).toBe('123')
    await updated(bench, token, sealed(bench, typed))
    expect(await codeOf(bench, token)).toBeUndefined()
    const other = { ...typed, code: '124' }
    await updated(bench, token, sealed(bench, other))
    await bench.vault.codes.dropToken(token.id)
    await updated(bench, token, sealed(bench, other))
    await put(bench, other)
    expect(await codeOf(bench, token)).toBeUndefined()
  })

  test.each([
    ['is dropped if the store fails', new UnavailableError('disk full')],
    ['is dropped after a bug', new Error('a bug')],
  ])('%s, and its capture may come again', async (_, error) => {
    const bench = await open()
    const token = await put(bench)
    const store = interceptCommits(bench.vault.store, async () => {
      throw error
    })
    const wish = sealed(bench, { code: '123' })
    await expect(update(bench, token, wish, { store })).rejects.toThrow(error)
    expect(bench.vault.backend.count()).toBe(0)
    await updated(bench, token, wish)
    expect(await codeOf(bench, token)).toBe('123')
  })

  test('that could not be written leaves alone what others held since', async () => {
    const bench = await open()
    const token = await put(bench)
    const store = interceptCommits(bench.vault.store, async () => {
      await updated(bench, token, { code: new Secret('999') })
      throw new UnavailableError('disk full')
    })
    const wish = sealed(bench, { code: '123' })
    await expect(update(bench, token, wish, { store })).rejects.toThrow(UnavailableError)
    await updated(bench, token, wish)
    expect(await codeOf(bench, token)).toBe('999')
  })

  test('is not held in a vault that was shut meanwhile', async () => {
    const bench = await open()
    const token = await put(bench)
    const { commits, store } = watch(bench)
    const readiness = { isSealed: () => true }
    const result = await update(bench, token, { code, holderName: 'Eve' }, { store, readiness })
    expect(result).toEqual(refuse({ type: 'Sealed' }))
    expect(bench.vault.backend.count()).toBe(0)
    expect(commits).toEqual([])
  })

  test('counts as a guess, however it came and with whatever number, and past the limit the held one stays', async () => {
    const bench = await open()
    const token = await put(bench)
    const { atOnce, everyMs } = guessLimits.answer
    // Each code another, because a capture that comes again is no guess.
    const waysOf = (number: string, round: number): readonly Partial<UpdateToken>[] => [
      { code: new Secret('111') },
      sealed(bench, { code: `22${round}` }),
      sealed(bench, { ...visaCard, number, code: `33${round}` }),
    ]
    const numbers = [testCards.mastercard, testCards.visa, testCards.mastercard]
    for (const wish of numbers.flatMap(waysOf)) await updated(bench, token, wish)
    for (let guess = 3 * numbers.length; guess < atOnce; guess++) await updated(bench, token, { code })
    const { commits, store } = watch(bench)
    bench.vault.clock.advance(secondMs)
    for (const wish of waysOf(testCards.visa, numbers.length)) {
      const result = await update(bench, token, { ...wish, holderName: 'Eve' }, { store })
      const retryAfterSeconds = (everyMs - secondMs) / 1000
      expect(result).toEqual(refuse({ type: 'TooManyGuesses', retryAfterSeconds }))
    }
    expect(commits).toEqual([])
    expect(await cardOf(bench, token)).toMatchObject({ number: testCards.mastercard, holder: undefined })
    expect(await codeOf(bench, token)).toBe('947')
    bench.vault.clock.advance(everyMs)
    await updated(bench, token, { code: new Secret('444') })
    expect(await codeOf(bench, token)).toBe('444')
  })

  test('counts once, whatever comes between, and not where it is not held', async () => {
    const bench = await open()
    const token = await put(bench)
    const counted: (readonly string[])[] = []
    const guesses = {
      ...bench.vault.guesses,
      failed: async (marks: readonly string[]) => void counted.push(marks),
    }
    let isFirst = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isFirst) await updated(bench, token, { email: 'ada@example.com' })
      isFirst = false
      return commit()
    })
    const wish = sealed(bench, { ...visaCard, number: testCards.mastercard, code: '123' })
    await updated(bench, token, wish, { store, guesses })
    const marks = [`answer ${bench.tenant.id} ${token.id}`]
    expect(counted).toEqual([marks])
    await updated(bench, token, wish, { guesses })
    await updated(bench, token, { code, policy: { ...policy, hold: false } }, { guesses })
    await suspendToken(bench.vault, testOperator, token.id)
    await updated(bench, token, { code }, { guesses })
    expect(counted).toEqual([marks])
  })

  test('that finds no room keeps the token from being changed', async () => {
    const bench = await open(true, 1)
    await put(bench, { number: testCards.mastercard, code: '555' })
    const token = await put(bench)
    const { commits, store } = watch(bench)
    expect(await update(bench, token, { code, holderName: 'Eve' }, { store })).toEqual(
      refuse({ type: 'TooManyCodes' }),
    )
    expect(commits).toEqual([])
  })
})

describe('another number', () => {
  test('comes to a token that keeps its id, and nothing is left of the one before', async () => {
    const bench = await open()
    const token = await put(bench, { code: '123', name: 'Ada King' })
    const { commits, store } = watch(bench)
    const wish = sealed(bench, { ...visaCard, number: testCards.amex, year: 2032, code: '1234' })
    const overview = await updated(bench, token, wish, { store })
    expect(overview.token).toMatchObject({
      ...{ id: token.id, createdAt: token.createdAt, version: 2, unique: true },
      ...{ scheme: 'amex', mask: { last4: '0005', length: 15 } },
      expiresAt: endAfterCard({ month: 12, year: 2032, yearDigits: 4 }),
    })
    expect(commits.map(nameChanges)).toEqual([
      [
        ...['put-fingerprint', 'replace-token', 'release-fingerprint', 'end-network-tokens', 'emit-event'],
        'audit token.updated success',
      ],
      ['expect-token', 'audit token.updated success'],
    ])
    const entries = commits
      .flat()
      .flatMap((change) => (change.type === 'audit' ? [change.entry.details] : []))
    expect(entries).toEqual([
      { parts: 'number expiry end', codeHeld: false },
      { parts: '', codeHeld: true },
    ])
    expect(commits[0]?.[1]).toMatchObject({ isRelinked: true })
    expect(await cardOf(bench, token)).toMatchObject({
      number: testCards.amex,
      holder: { fullName: 'Ada King' },
    })
    expect(await codeOf(bench, token)).toBe('1234')
    const { scopeId, hash } = token.fingerprint
    expect(await bench.vault.store.fingerprint(scopeId, hash)).toBeUndefined()
  })

  test('wants its own expiry, and takes it from either side', async () => {
    const bench = await open()
    const token = await put(bench)
    const number = testCards.mastercard
    const missing = (field: string) => refuse({ type: 'MissingField', field, within: ['encrypted_card'] })
    expect(await update(bench, token, sealed(bench, { number, year: 2031 }))).toEqual(missing('expiryMonth'))
    expect(await update(bench, token, sealed(bench, { number, month: 3 }))).toEqual(missing('expiryYear'))
    expect(
      await updated(bench, token, { ...sealed(bench, { number, month: 3 }), expiryYear: 2031 }),
    ).toMatchObject({ card: { expiry: { month: 3, year: 2031 } } })
  })

  test('of the same number is none, with or without its expiry', async () => {
    const bench = await open()
    const token = await put(bench, { code: '123' })
    await updated(bench, token, sealed(bench, { number: testCards.visa }))
    expect(await bench.vault.store.token(token.id)).toMatchObject({ version: 1 })
    expect(await codeOf(bench, token)).toBe('123')
  })

  test('does not take the codes of the number before, also those that are held at that very moment', async () => {
    const bench = await open()
    const { vault, tenant } = bench
    const token = await put(bench)
    await addToken(vault, tenant, { number: testCards.visa })
    let isFirst = true
    const store = interceptCommits(vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await addToken(vault, tenant, { number: testCards.visa })
        await updated(bench, token, { code: new Secret('111') })
      }
      return commit()
    })
    await updated(bench, token, sealed(bench, { ...visaCard, number: testCards.visa2 }), { store })
    expect(vault.backend.count()).toBe(0)
  })

  test('does not take the codes of the number before where the vault dies once it is written', async () => {
    const bench = await open()
    const { codes } = bench.vault
    const token = await put(bench, { code: '123' })
    let isWritten = false
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      isWritten = true
      return commit()
    })
    const dying = {
      ...codes,
      dropToken: async (id: TokenId) => {
        if (isWritten) throw new UnavailableError('no answer')
        return codes.dropToken(id)
      },
    }
    const wish = sealed(bench, { ...visaCard, number: testCards.visa2 })
    await expect(update(bench, token, wish, { store, codes: dying })).rejects.toThrow(UnavailableError)
    expect(await bench.vault.store.token(token.id)).toMatchObject({ mask: { last4: '4242' } })
    expect(await codeOf(bench, token)).toBeUndefined()
  })

  test('that gets yet another one meanwhile holds no code of the one between', async () => {
    const bench = await open()
    const token = await put(bench)
    let isFirst = true
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      const committed = await commit()
      if (isFirst) {
        isFirst = false
        await relink(bench, token, testCards.visa2)
      }
      return committed
    })
    const wish = sealed(bench, { ...visaCard, number: testCards.mastercard, code: '777' })
    const { card, token: after } = await updated(bench, token, wish, { store })
    expect(card && openSecret(card.pan, 'check')).toBe(testCards.visa2)
    expect(after).toMatchObject({ version: 3, mask: { last4: '4242' } })
    expect(await codeOf(bench, token)).toBeUndefined()
    expect(bench.vault.backend.count()).toBe(0)
    expect((await lastEntry(bench))[2]).toBe('token.shown')
  })

  test('comes without its code where there is no room, and the code may come again', async () => {
    const bench = await open(true, 1)
    const other = await put(bench, { number: testCards.mastercard, code: '555' })
    const token = await put(bench)
    const wish = sealed(bench, { ...visaCard, number: testCards.visa2, code: '123' })
    expect(await update(bench, token, wish)).toEqual(refuse({ type: 'TooManyCodes' }))
    await codeOf(bench, other)
    expect((await updated(bench, token, wish)).token.mask.last4).toBe('4242')
    expect(await codeOf(bench, token)).toBe('123')
  })

  test('and back again leaves one fingerprint and a token that the scope knows', async () => {
    const bench = await open()
    const token = await put(bench)
    await relink(bench, token, testCards.mastercard)
    expect((await put(bench, { number: testCards.mastercard })).id).toBe(token.id)
    await relink(bench, token, testCards.visa)
    expect((await put(bench)).id).toBe(token.id)
    expect((await put(bench, { number: testCards.mastercard })).id).not.toBe(token.id)
    expect(await uniqueOf(bench, token)).toBe(true)
  })

  test('is not that of the capture which made the token: that one makes another token', async () => {
    for (const dedup of [true, false]) {
      const bench = await open(dedup)
      const typed = { ...visaCard, capturedAt: bench.vault.clock.now() }
      const token = await put(bench, typed)
      await relink(bench, token, testCards.mastercard)
      const again = await put(bench, typed)
      expect(again).toMatchObject({ status: 'active', mask: { last4: '1111' } })
      expect(again.id).not.toBe(token.id)
      expect((await put(bench, { ...typed, number: testCards.mastercard })).mask.last4).toBe('4444')
    }
  })

  test('that another token has makes the older of both the one that the scope knows it by', async () => {
    for (const swap of [false, true]) {
      const bench = await open()
      const older = await put(bench)
      const younger = await put(bench, { number: testCards.mastercard })
      if (swap) await relink(bench, younger, testCards.visa)
      else await relink(bench, older, testCards.mastercard)
      expect([await uniqueOf(bench, older), await uniqueOf(bench, younger)]).toEqual([true, false])
      const number = swap ? testCards.visa : testCards.mastercard
      expect((await put(bench, { number })).id).toBe(older.id)
      await deleteToken(bench.vault, testOperator, older.id)
      expect((await put(bench, { number })).id).toBe(younger.id)
      expect(await uniqueOf(bench, younger)).toBe(true)
    }
  })

  test('is decided anew where the token that has it is deleted meanwhile and its card comes in again', async () => {
    const bench = await open()
    const known = await put(bench, { number: testCards.mastercard })
    const token = await put(bench)
    let isFirst = true
    let younger = token
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await deleteToken(bench.vault, testOperator, known.id)
        younger = await put(bench, { number: testCards.mastercard })
      }
      return commit()
    })
    await updated(bench, token, sealed(bench, { ...visaCard, number: testCards.mastercard }), { store })
    expect([await uniqueOf(bench, token), await uniqueOf(bench, younger)]).toEqual([true, false])
    expect((await put(bench, { number: testCards.mastercard })).id).toBe(token.id)
  })

  test('exchanged between two tokens at once ends with both', async () => {
    const bench = await open()
    const [one, other] = [await put(bench), await put(bench, { number: testCards.mastercard })]
    await Promise.all([relink(bench, one, testCards.mastercard), relink(bench, other, testCards.visa)])
    expect((await put(bench)).id).toBe(other.id)
    expect((await put(bench, { number: testCards.mastercard })).id).toBe(one.id)
  })

  test('whose token is past its time has none', async () => {
    const bench = await open()
    const late = await put(bench, { number: testCards.mastercard })
    await updated(bench, late, { until: epochMs(bench.vault.clock.now() + minuteMs) })
    const token = await put(bench)
    bench.vault.clock.advance(minuteMs)
    await relink(bench, token, testCards.mastercard)
    expect(await bench.vault.store.token(late.id)).toBeUndefined()
    expect(await uniqueOf(bench, token)).toBe(true)
  })

  test('keeps the id of the number before for whom it was promised', async () => {
    const bench = await open()
    const token = await put(bench)
    const { fingerprint } = token
    const until = epochMs(bench.vault.clock.now() + dayMs)
    await bench.vault.store.commit([{ type: 'keep-fingerprint', fingerprint, until }])
    await relink(bench, token, testCards.mastercard)
    expect((await bench.vault.store.fingerprint(token.scopeId, fingerprint.hash))?.id).toBe(fingerprint.id)
  })

  test('in a scope that does not de-duplicate makes no token unique', async () => {
    const bench = await open(false)
    const [one, other] = [await put(bench), await put(bench, { number: testCards.mastercard })]
    await relink(bench, one, testCards.mastercard)
    expect([await uniqueOf(bench, one), await uniqueOf(bench, other)]).toEqual([false, false])
    expect(await bench.vault.store.token(one.id)).toMatchObject({ mask: { last4: '4444' } })
  })

  test('ends the network token of the number before', async () => {
    const bench = await open()
    const { vault, tenant } = bench
    const token = await put(bench)
    const id = vault.ids.uuid() as NetworkTokenId
    await vault.store.commit([
      {
        type: 'put-network-token',
        networkToken: {
          ...{ id, tokenId: token.id, scopeId: tenant.defaultScopeId, status: 'active', isSettled: false },
          ...{ sealed: new Uint8Array(9), createdAt: vault.clock.now(), updatedAt: vault.clock.now() },
        },
      },
    ])
    const { commits, store } = watch(bench)
    const wish = sealed(bench, { ...visaCard, number: testCards.mastercard })
    const { networkToken } = await updated(bench, token, wish, { store })
    expect(networkToken).toEqual({ status: 'deleted', issued: undefined })
    const told = 'audit network-token.deleted success'
    expect(commits.map(nameChanges)).toEqual([
      [
        ...['put-fingerprint', 'replace-token', 'release-fingerprint', 'end-network-tokens', told],
        ...['emit-event', 'audit token.updated success'],
      ],
    ])
    await updated(bench, token, sealed(bench, { ...visaCard, number: testCards.visa2 }), { store })
    expect(commits).toHaveLength(2)
    expect(commits.slice(1).flatMap(nameChanges)).not.toContain(told)
    expect((await vault.store.unsettledNetworkTokens(9)).map((each) => each.id)).toEqual([id])
  })
})

describe('a network token', () => {
  const withNetwork = async (): Promise<Bench> => {
    const vault = await openTestVault()
    opened.push(vault)
    const tenant = await addTenant(vault, 'shop', { environment: 'test', deduplicates: true })
    await vault.store.commit([
      {
        type: 'set-network-tokens',
        scopeId: tenant.defaultScopeId,
        settings: { networkToken: true, accountReference: true, requestor: 'merchant' },
      },
    ])
    return { vault, tenant, key: await addCaptureKey(vault, tenant) }
  }

  test('is issued beside the token, which stays as it is', async () => {
    const bench = await withNetwork()
    const token = await put(bench)
    const { commits, store } = watch(bench)
    const { networkToken, token: after } = await updated(
      bench,
      token,
      { networkToken: 'activate' },
      { store },
    )
    expect(networkToken).toMatchObject({ status: 'active', issued: {} })
    expect(after.version).toBe(1)
    expect(commits.map(nameChanges)).toEqual([
      ['expect-token', 'put-network-token', 'audit network-token.activated success'],
    ])
    expect((await put(bench)).id).toBe(token.id)
  })

  test('of another number is another one, in the same commit', async () => {
    const bench = await withNetwork()
    const token = await put(bench)
    const before = await updated(bench, token, { networkToken: 'activate' })
    const wish = sealed(bench, { ...visaCard, number: testCards.mastercard, code: '123' })
    const { networkToken } = await updated(bench, token, { ...wish, networkToken: 'activate' })
    expect(networkToken?.status).toBe('active')
    expect(networkToken?.issued?.accountReference).not.toBe(before.networkToken?.issued?.accountReference)
    expect(await bench.vault.store.unsettledNetworkTokens(9)).toHaveLength(1)
    expect(await codeOf(bench, token)).toBe('123')
  })

  test('that is ended together with its number is written down once', async () => {
    const bench = await withNetwork()
    const token = await put(bench)
    await updated(bench, token, { networkToken: 'activate' })
    const { commits, store } = watch(bench)
    const wish = sealed(bench, { ...visaCard, number: testCards.mastercard })
    await updated(bench, token, { ...wish, networkToken: 'delete' }, { store })
    const entries = commits.flatMap(nameChanges).filter((name) => name.startsWith('audit'))
    expect(entries).toEqual(['audit network-token.deleted success', 'audit token.updated success'])
  })

  test('is taken back from its provider where it could not be written', async () => {
    const bench = await withNetwork()
    const token = await put(bench)
    const told: string[] = []
    const provider = bench.vault.networkTokens('test')
    if (!provider) throw new Error('a test has no provider')
    const networkTokens = () => ({
      ...provider,
      end: async () => {
        told.push('end')
      },
    })
    const store = interceptCommits(bench.vault.store, async () => {
      throw new UnavailableError('disk full')
    })
    const wish = { networkToken: 'activate', code } as const
    await expect(update(bench, token, wish, { store, networkTokens })).rejects.toThrow(UnavailableError)
    const codes = {
      ...bench.vault.codes,
      hold: async () => {
        throw new UnavailableError('no answer')
      },
    }
    await expect(update(bench, token, wish, { codes, networkTokens })).rejects.toThrow(UnavailableError)
    expect(told).toEqual(['end', 'end'])
    expect(bench.vault.backend.count()).toBe(0)
  })
})
