import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { portsOf } from '@cardkeep/testing/doubles/session'
import { addToken } from '@cardkeep/testing/doubles/token'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { accountOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, expect, test } from 'vitest'
import type { Change } from '../../changes.ts'
import { UnavailableError } from '../../errors.ts'
import type { CaptureId, TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { hourMs } from '../../kernel/time.ts'
import type { SessionStore } from '../../ports.ts'
import { sessionLifetimeMs } from '../../sessions/capture-session.ts'
import { deleteToken } from '../tokens/delete-token.ts'
import { invalidateToken } from '../tokens/invalidate-token.ts'
import { suspendToken } from '../tokens/suspend-token.ts'
import { tokenizeAccount } from '../tokens/tokenize-account.ts'
import { type OpenSession, openSession } from './open-session.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const { token } = await addToken(vault, tenant, { lifetimeMs: hourMs })
  return { vault, tenant, token }
}

type Bench = Awaited<ReturnType<typeof open>>
type Parts = Parameters<typeof portsOf>[1]

const tokenize: OpenSession = { type: 'tokenize', lifetimeMs: undefined }
const refreshOf = (tokenId: TokenId): OpenSession => ({ type: 'refresh code', tokenId })

const openFor = ({ vault, tenant }: Bench, command: OpenSession, parts: Parts = {}) =>
  openSession(portsOf(vault, parts), callerOf(tenant), command)

const sessionOf = async (bench: Bench, command: OpenSession) => {
  const result = await openFor(bench, command)
  if (!result.ok) throw new Error(`refused: ${result.error.type}`)
  const found = await bench.vault.sessions.find(result.value.id)
  if (!found) throw new Error('a session is not there')
  return found
}

/** A store of sessions that tells which are in it. */
const watchSessions = (sessions: SessionStore) => {
  const ids = new Set<CaptureId>()
  const watched: SessionStore = {
    ...sessions,
    open: (session) => {
      ids.add(session.id)
      return sessions.open(session)
    },
    drop: (id) => {
      ids.delete(id)
      return sessions.drop(id)
    },
  }
  return { watched, ids }
}

const lastEntry = async ({ store }: TestVault): Promise<unknown[]> => {
  const [entry] = await store.auditEntries((await store.auditHead()).seq - 1, 1)
  return JSON.parse(entry?.text ?? '[]') as unknown[]
}

test('a session asks for a card, on behalf of whoever opened it, and is open', async () => {
  const bench = await open()
  const { principal } = callerOf(bench.tenant)
  expect(await sessionOf(bench, { type: 'tokenize', lifetimeMs: 5_000 })).toMatchObject({
    session: {
      tenantId: bench.tenant.id,
      openedBy: principal.credentialId,
      wish: { type: 'tokenize', lifetimeMs: 5_000 },
      key: { id: 'live pair' },
    },
    state: { type: 'open' },
  })
})

test('a session gets a pair of the environment of its tenant', async () => {
  const { vault } = await open()
  for (const environment of ['live', 'test'] as const) {
    const tenant = await addTenant(vault, environment, { environment })
    const { token } = await addToken(vault, tenant)
    const found = await sessionOf({ vault, tenant, token }, tokenize)
    expect(found.session.key.id).toBe(`${environment} pair`)
  }
})

test('a session asks for a code and shows of the card what tells the customer which one it is', async () => {
  const bench = await open()
  const { session } = await sessionOf(bench, refreshOf(bench.token.id))
  expect(session.wish).toEqual({
    type: 'refresh code',
    tokenId: bench.token.id,
    card: {
      issuerNumber: '41111111',
      last4: '1111',
      length: 16,
      scheme: 'visa',
      expiryMonth: 12,
      expiryYear: 2030,
    },
  })
  expect(JSON.stringify(session)).not.toContain(testCards.visa)
})

test('no two sessions have the same id or name in the log, and a session is gone after its time', async () => {
  const bench = await open()
  const [one, other] = [await sessionOf(bench, tokenize), await sessionOf(bench, tokenize)]
  expect(one.session.id).not.toBe(other.session.id)
  expect(one.session.ref).not.toBe(other.session.ref)
  bench.vault.clock.advance(sessionLifetimeMs)
  expect(await bench.vault.sessions.find(one.session.id)).toBeUndefined()
})

test.each<readonly [string, (bench: Bench) => OpenSession, (bench: Bench) => object]>([
  ['a card', () => tokenize, () => ({ for: 'tokenize' })],
  ['a code', ({ token }) => refreshOf(token.id), ({ token }) => ({ for: 'refresh code', tokenId: token.id })],
])('who asks for %s is written down, and not the id, which is a credential', async (_, command, details) => {
  const bench = await open()
  const { session } = await sessionOf(bench, command(bench))
  const entry = await lastEntry(bench.vault)
  expect(entry.slice(2)).toEqual([
    'session.opened',
    'success',
    bench.tenant.id,
    ['credential', callerOf(bench.tenant).principal.credentialId],
    '192.0.2.1',
    callerOf(bench.tenant).requestId,
    ['session', session.ref],
    details(bench),
  ])
  expect(session.ref).not.toBe(session.id)
  expect(JSON.stringify(entry)).not.toContain(session.id)
})

test('what was wanted alongside is committed with it, and is told the id', async () => {
  const bench = await open()
  const commits: (readonly string[])[] = []
  const told: CaptureId[] = []
  const store = interceptCommits(bench.vault.store, async (changes, commit) => {
    commits.push(nameChanges(changes))
    return commit()
  })
  const alongside = ({ id }: { readonly id: CaptureId }): readonly Change[] => {
    told.push(id)
    return [{ type: 'purge-idempotency', before: bench.vault.clock.now() }]
  }
  const ports = portsOf(bench.vault, { store })
  const caller = callerOf(bench.tenant)
  expect(await openSession(ports, caller, refreshOf(bench.token.id), alongside)).toEqual({
    ok: true,
    value: { id: told[0] },
  })
  expect(commits).toEqual([['expect-token', 'audit session.opened success', 'purge-idempotency']])
})

test.each([
  ['cannot be written down', new UnavailableError('disk full')],
  ['meets a bug', new Error('a bug')],
])('a session that %s is there no more', async (_, error) => {
  const bench = await open()
  const { watched, ids } = watchSessions(bench.vault.sessions)
  const seen: number[] = []
  const store = interceptCommits(bench.vault.store, () => {
    seen.push(ids.size)
    return Promise.reject(error)
  })
  await expect(openFor(bench, tokenize, { store, sessions: watched })).rejects.toThrow(error)
  expect([seen, ids.size]).toEqual([[1], 0])
})

test('a session is there no more if what belongs beside it cannot be made', async () => {
  const bench = await open()
  const { watched, ids } = watchSessions(bench.vault.sessions)
  const broken = () => {
    throw new Error('a bug')
  }
  const ports = portsOf(bench.vault, { sessions: watched })
  await expect(openSession(ports, callerOf(bench.tenant), tokenize, broken)).rejects.toThrow('a bug')
  expect(ids.size).toBe(0)
})

test('after a conflict one session is left, and too many conflicts leave none', async () => {
  const bench = await open()
  const { watched, ids } = watchSessions(bench.vault.sessions)
  let conflicts = 3
  const store = interceptCommits(bench.vault.store, async (_, commit) =>
    conflicts-- > 0 ? refuse({ type: 'Conflict', change: 'settle-idempotency' }) : commit(),
  )
  const result = await openFor(bench, tokenize, { store, sessions: watched })
  expect([...ids]).toEqual([result.ok && result.value.id])
  conflicts = Number.POSITIVE_INFINITY
  await expect(openFor(bench, tokenize, { store, sessions: watched })).rejects.toThrow(UnavailableError)
  expect(ids.size).toBe(1)
})

test('where the store of sessions is full nothing is written', async () => {
  const bench = await open()
  const sessions: SessionStore = {
    ...bench.vault.sessions,
    open: async () => refuse({ type: 'TooManySessions' }),
  }
  const { seq } = await bench.vault.store.auditHead()
  expect(await openFor(bench, tokenize, { sessions })).toEqual(refuse({ type: 'TooManySessions' }))
  expect((await bench.vault.store.auditHead()).seq).toBe(seq)
})

const absent = refuse({ type: 'TokenNotFound' })

test.each<readonly [string, (bench: Bench) => Promise<unknown>]>([
  ['suspended', ({ vault, token }) => suspendToken(vault, testOperator, token.id)],
  ['invalidated', ({ vault, token }) => invalidateToken(vault, testOperator, token.id)],
  ['deleted', ({ vault, token }) => deleteToken(vault, testOperator, token.id)],
  ['past its time', async ({ vault }) => vault.clock.advance(hourMs)],
])('no code is asked for where the token is %s', async (_, end) => {
  const bench = await open()
  await end(bench)
  expect(await openFor(bench, refreshOf(bench.token.id))).toEqual(absent)
})

test('no code is asked for a token that is unknown, of a stranger, or of an account', async () => {
  const bench = await open()
  const { vault, tenant } = bench
  const unknown = '00000000-0000-4000-8000-0000deadbeef' as TokenId
  const stranger = await addToken(vault, await addTenant(vault, 'stranger'))
  const account = await tokenizeAccount(vault, callerOf(tenant), { account: accountOf('000123456789') })
  if (!account.ok) throw new Error('no account')
  for (const id of [unknown, stranger.token.id, account.value.token.id])
    expect(await openFor(bench, refreshOf(id))).toEqual(absent)
})

test('a token that is suspended while its session is opened gets none', async () => {
  const bench = await open()
  const { vault, token } = bench
  const { watched, ids } = watchSessions(vault.sessions)
  let isDue = true
  const store = interceptCommits(vault.store, async (_, commit) => {
    if (isDue) await suspendToken(vault, testOperator, token.id)
    isDue = false
    return commit()
  })
  expect(await openFor(bench, refreshOf(token.id), { store, sessions: watched })).toEqual(absent)
  expect(ids.size).toBe(0)
  expect((await lastEntry(vault))[2]).toBe('token.suspended')
})
