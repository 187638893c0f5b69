import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { createEgressDouble } from '@cardkeep/testing/doubles/egress'
import {
  benchOrigin,
  type Bench as ForwardBench,
  failed,
  forward,
  openBench,
  templateOf,
} from '@cardkeep/testing/doubles/forward'
import { callerOf, testOperator } from '@cardkeep/testing/doubles/vault'
import { cardOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, describe, expect, test } from 'vitest'
import { guessLimits } from '../../codes/guesses.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { UnavailableError } from '../../errors.ts'
import type { CaptureRef, TokenId } from '../../kernel/ids.ts'
import { done, refuse } from '../../kernel/result.ts'
import { openSecret, Secret } from '../../kernel/secret.ts'
import { minuteMs } from '../../kernel/time.ts'
import { activateToken } from '../tokens/activate-token.ts'
import { deleteToken } from '../tokens/delete-token.ts'
import { invalidateToken } from '../tokens/invalidate-token.ts'
import { suspendToken } from '../tokens/suspend-token.ts'
import { tokenizeCard } from '../tokens/tokenize-card.ts'
import { type RefreshCode, type RefreshingPorts, refreshCode } from './refresh-code.ts'

const opened: ForwardBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

/** A token without a code. */
const open = async () => {
  const bench = await openBench({ code: undefined })
  opened.push(bench)
  return bench
}

type Bench = Awaited<ReturnType<typeof open>>

const policy: CodePolicy = { hold: true, ttlMs: minuteMs, uses: 1, destinations: undefined }

const ref = '00000000-0000-4000-8000-00000000cafe' as CaptureRef

const refresh = (
  { vault, tenant, tokenId }: Bench,
  code = '947',
  ports: Partial<RefreshingPorts> = {},
  parts: Partial<RefreshCode> = {},
) =>
  refreshCode(
    { ...vault, readiness: { isSealed: () => false }, ...ports },
    { ...callerOf(tenant), captureRef: ref },
    { tokenId, code: new Secret(code), policy, ...parts },
  )

const take = async ({ vault, tenant, tokenId }: Bench): Promise<string | undefined> => {
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId }
  const address = { type: 'token', tenantId: tenant.id, tokenId } as const
  const taken = await vault.codes.take(address, { place, destination: benchOrigin })
  return taken && openSecret(taken.code, 'check')
}

const lastEntry = async ({ vault: { store } }: Bench): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

/** A store in which something happens once, just before a commit. */
const beforeCommit = ({ vault }: Bench, happen: () => Promise<unknown>) => {
  let isDue = true
  return interceptCommits(vault.store, async (_, commit) => {
    if (isDue) await happen()
    isDue = false
    return commit()
  })
}

const absent = refuse({ type: 'TokenNotFound' })

test('a fresh code is held by its token for as long and as often as the policy says', async () => {
  const bench = await open()
  expect(await refresh(bench, '947', {}, { policy: { ...policy, uses: 2, ttlMs: 1_000 } })).toEqual(done)
  bench.vault.clock.advance(999)
  expect(await take(bench)).toBe('947')
  bench.vault.clock.advance(1)
  expect(await take(bench)).toBeUndefined()
})

test('it goes only where the policy says', async () => {
  const bench = await open()
  const elsewhere = { ...policy, destinations: ['https://other.example'] }
  await refresh(bench, '947', {}, { policy: elsewhere })
  expect(await take(bench)).toBeUndefined()
})

test('it is held before it is written down, and nobody is told but the log', async () => {
  const bench = await open()
  const commits: (readonly string[])[] = []
  const held: number[] = []
  const store = interceptCommits(bench.vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    held.push(bench.vault.backend.count())
    return commit()
  })
  await refresh(bench, '947', { store })
  expect(commits).toEqual([['expect-token', 'audit code.refreshed success']])
  expect(held).toEqual([1])
  const entry = await lastEntry(bench)
  expect(entry.slice(3)).toEqual([
    'success',
    bench.tenant.id,
    ['session', ref],
    '192.0.2.1',
    callerOf(bench.tenant).requestId,
    ['token', bench.tokenId],
    { codeHeld: true },
  ])
  expect(JSON.stringify(entry)).not.toContain('947')
})

test('where the policy does not hold codes it is forgotten at once, and that is done', async () => {
  const bench = await open()
  expect(await refresh(bench, '947', {}, { policy: { ...policy, hold: false } })).toEqual(done)
  expect(bench.vault.backend.count()).toBe(0)
  expect((await lastEntry(bench))[9]).toEqual({ codeHeld: false })
})

test('the last one written wins', async () => {
  const bench = await open()
  await refresh(bench, '111')
  await refresh(bench, '222')
  expect([await take(bench), await take(bench)]).toEqual(['222', undefined])
})

describe.each([
  ['suspended', suspendToken],
  ['invalidated', invalidateToken],
  ['deleted', deleteToken],
])('a token that is %s', (_, end) => {
  test('gets no code', async () => {
    const bench = await open()
    await end(bench.vault, testOperator, bench.tokenId)
    expect(await refresh(bench)).toEqual(absent)
    expect(bench.vault.backend.count()).toBe(0)
  })

  test('while its code is held does not keep it', async () => {
    const bench = await open()
    const store = beforeCommit(bench, () => end(bench.vault, testOperator, bench.tokenId))
    expect(await refresh(bench, '947', { store })).toEqual(absent)
    expect(bench.vault.backend.count()).toBe(0)
    expect((await lastEntry(bench))[2]).not.toBe('code.refreshed')
  })

  test('before its code is held, whose codes are dropped only afterwards, does not keep it', async () => {
    const bench = await open()
    const { codes } = bench.vault
    let dropLater: (() => Promise<unknown>) | undefined
    const late = {
      dropToken: async (tokenId: TokenId) => {
        dropLater = () => codes.dropToken(tokenId)
        return false
      },
    }
    const store = beforeCommit(bench, () => end({ ...bench.vault, codes: late }, testOperator, bench.tokenId))
    expect(await refresh(bench, '947', { store })).toEqual(absent)
    expect(bench.vault.backend.count()).toBe(0)
    expect(dropLater).toBeDefined()
  })

  test('once its code was written down loses it', async () => {
    const bench = await open()
    await refresh(bench)
    await end(bench.vault, testOperator, bench.tokenId)
    expect(bench.vault.backend.count()).toBe(0)
  })
})

test('a token that is suspended and active again meanwhile is looked at anew, and its code is held', async () => {
  const bench = await open()
  const store = beforeCommit(bench, async () => {
    await suspendToken(bench.vault, testOperator, bench.tokenId)
    await activateToken(bench.vault, testOperator, bench.tokenId)
  })
  expect(await refresh(bench, '947', { store })).toEqual(done)
  expect(await take(bench)).toBe('947')
})

test('a code that cannot be written down is not held', async () => {
  const bench = await open()
  const store = interceptCommits(bench.vault.store, () => Promise.reject(new UnavailableError('disk full')))
  await expect(refresh(bench, '947', { store })).rejects.toThrow(UnavailableError)
  expect(bench.vault.backend.count()).toBe(0)
})

test('a code that cannot be written down leaves alone what was held since', async () => {
  const bench = await open()
  const store = interceptCommits(bench.vault.store, async () => {
    await refresh(bench, '111')
    throw new UnavailableError('disk full')
  })
  await expect(refresh(bench, '947', { store })).rejects.toThrow(UnavailableError)
  expect(await take(bench)).toBe('111')
})

test('it is given up where others change the token again and again, and nothing is held', async () => {
  const bench = await open()
  let commits = 0
  const store = interceptCommits(bench.vault.store, async () => {
    commits++
    return refuse({ type: 'Conflict', change: 'expect-token' })
  })
  await expect(refresh(bench, '947', { store })).rejects.toThrow(UnavailableError)
  expect(commits).toBeLessThanOrEqual(10)
  expect(bench.vault.backend.count()).toBe(0)
})

test('a vault that is sealed while a code is held keeps none and writes nothing', async () => {
  const bench = await open()
  const { seq } = await bench.vault.store.auditHead()
  const readiness = { isSealed: () => bench.vault.backend.count() > 0 }
  expect(await refresh(bench, '947', { readiness })).toEqual(refuse({ type: 'Sealed' }))
  expect(bench.vault.backend.count()).toBe(0)
  expect((await bench.vault.store.auditHead()).seq).toBe(seq)
})

test('a code that finds no room is refused, and nothing is written', async () => {
  const bench = await open()
  const { seq } = await bench.vault.store.auditHead()
  const codes = { ...bench.vault.codes, hold: async () => refuse({ type: 'TooManyCodes' } as const) }
  expect(await refresh(bench, '947', { codes })).toEqual(refuse({ type: 'TooManyCodes' }))
  expect((await bench.vault.store.auditHead()).seq).toBe(seq)
})

test('each code counts as a guess, and past the limit the one that is held stays', async () => {
  const bench = await open()
  for (let guess = 0; guess < guessLimits.answer.atOnce; guess++)
    expect(await refresh(bench, '111')).toEqual(done)
  expect(await refresh(bench, '222')).toMatchObject({ error: { type: 'TooManyGuesses' } })
  expect(await take(bench)).toBe('111')
  bench.vault.clock.advance(guessLimits.answer.everyMs)
  expect(await refresh(bench, '222')).toEqual(done)
})

test('guesses at one token do not shut another', async () => {
  const bench = await open()
  for (let guess = 0; guess < guessLimits.answer.atOnce; guess++) await refresh(bench, '111')
  const other = await tokenizeCard(bench.vault, callerOf(bench.tenant), {
    card: cardOf(testCards.visa),
    code: undefined,
    policy,
    heldBy: 'token',
    takesExpired: false,
    test: false,
    lifetimeMs: undefined,
  })
  if (!other.ok) throw new Error('no token')
  expect(await refresh({ ...bench, tokenId: other.value.token.id })).toEqual(done)
})

describe('while a forward is in flight with the code before', () => {
  const withCode = { sessionId: undefined, template: templateOf('${number}:${cvv}') }

  test('a fresh code stays, although the forward gives its own back', async () => {
    const bench = await open()
    await refresh(bench, '111')
    const egress = createEgressDouble(async (_, parcel) => {
      expect(parcel.code && openSecret(parcel.code, 'check')).toBe('111')
      expect(await refresh(bench, '222')).toEqual(done)
      return failed('no')
    })
    expect(await forward(bench, { egress }, withCode)).toMatchObject({ error: { sent: 'no' } })
    expect([await take(bench), await take(bench)]).toEqual(['222', undefined])
  })

  test('without a fresh one it comes back', async () => {
    const bench = await open()
    await refresh(bench, '111')
    await forward(bench, { egress: createEgressDouble(() => failed('no')) }, withCode)
    expect(await take(bench)).toBe('111')
  })
})
