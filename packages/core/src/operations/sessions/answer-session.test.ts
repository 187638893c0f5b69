import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import {
  type AnswerWish,
  answer,
  openFor,
  openSessionKeys,
  sealFor,
  type Typed,
  visitor,
} from '@cardkeep/testing/doubles/session'
import { addToken } from '@cardkeep/testing/doubles/token'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import { guessLimits, marksOfPayload, marksOfVisitor } from '../../codes/guesses.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { CaptureId, TokenId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret } from '../../kernel/secret.ts'
import { minuteMs } from '../../kernel/time.ts'
import type { SessionKeys, SessionStore } from '../../ports.ts'
import { answeringMs, failuresAllowed, sessionLifetimeMs } from '../../sessions/capture-session.ts'
import { setCodePolicy } from '../codes/set-code-policy.ts'
import { suspendToken } from '../tokens/suspend-token.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async (codesPerTenant?: number) => {
  const vault = await openTestVault(codesPerTenant)
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  return { vault, tenant }
}

type Bench = Awaited<ReturnType<typeof open>>

const takeCode = async ({ vault, tenant }: Bench, tokenId: TokenId): Promise<string | undefined> => {
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId }
  const taker = { place, destination: 'https://psp.example' }
  const address = { type: 'token', tenantId: tenant.id, tokenId } as const
  const taken = await vault.codes.take(address, taker)
  return taken && openSecret(taken.code, 'check')
}

const isHeld = ({ vault, tenant }: Bench, tokenId: TokenId): Promise<boolean> =>
  vault.codes.isHeldBy({ type: 'token', tenantId: tenant.id, tokenId })

const tokensOf = ({ vault, tenant }: Bench) =>
  vault.store.countCardTokens(tenant, { from: undefined, before: undefined, at: vault.clock.now() })

const entriesOf = async ({ vault }: Bench, action: string): Promise<readonly unknown[][]> =>
  (await vault.store.auditEntries(0, 1_000))
    .map(({ text }) => JSON.parse(text) as unknown[])
    .filter((entry) => entry[2] === action)

const stateOf = async ({ vault }: Bench, id: CaptureId) => (await vault.sessions.find(id))?.state

/** The token that an answer has led to. */
const tokenOf = async (answered: ReturnType<typeof answer>): Promise<TokenId> => {
  const result = await answered
  const state = result.ok ? result.value.state : undefined
  if (state?.type !== 'ended' || state.end.type !== 'success') throw new Error('no token came of an answer')
  return state.end.tokenId
}

const card: Typed = { number: testCards.visa, code: '947' }
const tooManyFailures = {
  ok: true,
  value: { type: 'found', state: { type: 'ended', end: { type: 'failure', reason: 'too many failures' } } },
}

describe('an answer with a card', () => {
  test('becomes a token of the tenant, with its code held by the token', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const answered = await answer(bench.vault, id)
    const tokenId = await tokenOf(Promise.resolve(answered))
    expect(answered).toMatchObject({ value: { type: 'found', session: { id } } })
    expect(await stateOf(bench, id)).toEqual({ type: 'ended', end: { type: 'success', tokenId } })
    expect(await bench.vault.store.token(tokenId)).toMatchObject({
      tenantId: bench.tenant.id,
      scopeId: bench.tenant.defaultScopeId,
      mask: { last4: '1111' },
      test: false,
      expiresAt: undefined,
    })
    expect(await takeCode(bench, tokenId)).toBe('947')
    expect(await takeCode(bench, tokenId)).toBeUndefined()
  })

  test('is written down as done by the session, from the address of the browser', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    await answer(bench.vault, id)
    const [entry] = await entriesOf(bench, 'token.created')
    const ref = (await bench.vault.sessions.find(id))?.session.ref
    expect(entry?.slice(4, 8)).toEqual([bench.tenant.id, ['session', ref], visitor.origin, visitor.requestId])
    const log = JSON.stringify(await bench.vault.store.auditEntries(0, 1_000))
    expect(log).not.toContain(id)
    expect(log).not.toMatch(new RegExp(`${testCards.visa}|947`))
  })

  test.each([
    [undefined, undefined, undefined],
    [5_000, undefined, 5_000],
    [undefined, 3_000, 3_000],
    [5_000, 3_000, 3_000],
    [5_000, 9_000, 5_000],
  ])(
    'to a session for %s ms that wants a token for %s ms gets one for %s',
    async (session, wanted, lives) => {
      const bench = await open()
      const id = await openFor(bench.vault, bench.tenant, { type: 'tokenize', lifetimeMs: session })
      const typed = wanted === undefined ? card : { ...card, lifetimeMs: wanted }
      const token = await bench.vault.store.token(await tokenOf(answer(bench.vault, id, typed)))
      expect(token?.expiresAt).toBe(lives === undefined ? undefined : (token?.createdAt ?? 0) + lives)
    },
  )

  test("has its code held as the tenant's policy says, and without one as the dialect's", async () => {
    const bench = await open()
    const { vault, tenant } = bench
    const defaultPolicy: CodePolicy = { hold: true, ttlMs: 1_000, uses: 1, destinations: undefined }
    const make = async () => tokenOf(answer(vault, await openFor(vault, tenant), card, { defaultPolicy }))
    const byDialect = await make()
    vault.clock.advance(1_000)
    expect(await takeCode(bench, byDialect)).toBeUndefined()
    await setCodePolicy(vault, testOperator, tenant, { ...defaultPolicy, ttlMs: minuteMs, uses: 2 })
    const byTenant = await make()
    vault.clock.advance(1_000)
    expect([await takeCode(bench, byTenant), await takeCode(bench, byTenant)]).toEqual(['947', '947'])
  })

  test('without a code is taken as it is', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const tokenId = await tokenOf(answer(bench.vault, id, { number: testCards.visa }))
    expect(await isHeld(bench, tokenId)).toBe(false)
  })
})

describe('a session is answered once', () => {
  test('whatever comes later is told how it ended, and nothing is looked at', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const first = await answer(bench.vault, id)
    const sessionKeys = {
      open: async () => {
        throw new Error('a payload was looked at')
      },
    }
    expect(await answer(bench.vault, id, card, { ports: { sessionKeys: sessionKeys as never } })).toEqual(
      first,
    )
    expect(await tokensOf(bench)).toBe(1)
  })

  test('of several answers at once one is taken, and the others are told that it is', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const answers = await Promise.all([1, 2, 3, 4].map(() => answer(bench.vault, id)))
    const states = answers.map((result) => (result.ok ? result.value.state.type : result.error.type))
    expect(states.filter((type) => type === 'ended')).not.toEqual([])
    expect(states.filter((type) => type !== 'ended' && type !== 'answering')).toEqual([])
    expect(await tokensOf(bench)).toBe(1)
    expect(bench.vault.backend.count()).toBe(1)
  })

  test('while one is being worked on the others are told so', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const others: unknown[] = []
    const store = interceptCommits(bench.vault.store, async (_, commit) => {
      others.push(await answer(bench.vault, id))
      return commit()
    })
    expect(await answer(bench.vault, id, card, { ports: { store } })).toMatchObject({ ok: true })
    expect(others).toMatchObject([{ ok: true, value: { state: { type: 'answering' } } }])
    expect(await tokensOf(bench)).toBe(1)
  })

  test('one that is unknown or past its time is not found, also if its time ends in between', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const notFound = refuse({ type: 'SessionNotFound' })
    const unknown = '00000000-0000-4000-8000-0000deadbeef' as CaptureId
    expect(await answer(bench.vault, unknown)).toEqual(notFound)
    const sessions: SessionStore = {
      ...bench.vault.sessions,
      claim: (claimed) => {
        bench.vault.clock.advance(sessionLifetimeMs)
        return bench.vault.sessions.claim(claimed)
      },
    }
    expect(await answer(bench.vault, id, card, { ports: { sessions } })).toEqual(notFound)
    expect(await answer(bench.vault, id)).toEqual(notFound)
    expect(await tokensOf(bench)).toBe(0)
  })

  test('an address that asked for too many that are not there is answered as any other', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    for (let guess = 0; guess < guessLimits.visitor.atOnce; guess++)
      await bench.vault.guesses.failed(marksOfVisitor(visitor))
    await tokenOf(answer(bench.vault, id))
    expect(await tokensOf(bench)).toBe(1)
  })

  test('an address that sent too many answers has to wait with the next one, and hears how others stand', async () => {
    const bench = await open()
    const ended = await openFor(bench.vault, bench.tenant)
    const how = await answer(bench.vault, ended)
    const id = await openFor(bench.vault, bench.tenant)
    for (let sent = 0; sent < guessLimits.payload.atOnce; sent++)
      await bench.vault.guesses.failed(marksOfPayload(visitor))
    expect(await answer(bench.vault, id)).toMatchObject({ error: { type: 'TooManyGuesses' } })
    expect(await stateOf(bench, id)).toEqual({ type: 'open' })
    expect(await answer(bench.vault, ended)).toEqual(how)
    bench.vault.clock.advance(guessLimits.payload.everyMs)
    await tokenOf(answer(bench.vault, id))
  })
})

test('an answer to another question is refused and not counted, also where the session has ended', async () => {
  const bench = await open()
  const id = await openFor(bench.vault, bench.tenant)
  const wrong = () => answer(bench.vault, id, { code: '947' })
  for (let tried = 0; tried <= failuresAllowed; tried++)
    expect(await wrong()).toEqual(refuse({ type: 'InvalidField', field: 'action' }))
  expect(await stateOf(bench, id)).toEqual({ type: 'open' })
  await tokenOf(answer(bench.vault, id))
  expect(await wrong()).toEqual(refuse({ type: 'InvalidField', field: 'action' }))
})

interface Fault {
  readonly name: string
  readonly refusal: Refusal
  readonly make: (bench: Bench, id: CaptureId) => ReturnType<typeof answer>
}

/** As where no header names the session that a payload is for. */
const openAnywhere: SessionKeys['open'] = (environment, session, payload) => {
  const [sealedFor] = JSON.parse(payload) as readonly [CaptureId]
  return openSessionKeys.open(environment, { ...session, id: sealedFor }, payload)
}

const notReadable: Refusal = { type: 'PayloadNotReadable' }

const faults: readonly Fault[] = [
  {
    name: 'is sealed for another session',
    refusal: notReadable,
    make: async ({ vault, tenant }, id) =>
      answer(vault, id, card, { payload: sealFor(await openFor(vault, tenant), card) }),
  },
  {
    name: 'was seen before at another session',
    refusal: notReadable,
    make: async ({ vault, tenant }, id) => {
      const another = await openFor(vault, tenant)
      const payload = sealFor(another, card)
      await answer(vault, another, card, { payload })
      const sessionKeys = { ...openSessionKeys, open: openAnywhere }
      return answer(vault, id, card, { payload, ports: { sessionKeys } })
    },
  },
  {
    name: 'cannot be read',
    refusal: { type: 'MissingField', field: 'number' },
    make: ({ vault }, id) => answer(vault, id, { code: '947' }, { answers: 'tokenize' }),
  },
  {
    name: 'has an expired card',
    refusal: { type: 'CardExpired' },
    make: ({ vault }, id) => answer(vault, id, { ...card, expired: true }),
  },
]

describe.each(faults)('an answer that $name', ({ refusal, make }) => {
  test('is refused, makes no token, and the session is open for a better one', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const made = await tokensOf(bench)
    expect(await make(bench, id)).toEqual(refuse(refusal))
    expect(await stateOf(bench, id)).toEqual({ type: 'open' })
    expect((await entriesOf(bench, 'session.failed')).length).toBe(0)
    await tokenOf(answer(bench.vault, id))
    expect((await tokensOf(bench)) - made).toBeGreaterThanOrEqual(1)
  })

  test('ends the session the fifth time, which is told in the place of the refusal', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    for (let failed = 1; failed < failuresAllowed; failed++)
      expect(await make(bench, id)).toEqual(refuse(refusal))
    expect(await make(bench, id)).toMatchObject(tooManyFailures)
    expect(await answer(bench.vault, id)).toMatchObject(tooManyFailures)
    const entries = await entriesOf(bench, 'session.failed')
    const ref = (await bench.vault.sessions.find(id))?.session.ref
    expect(entries.map((entry) => entry.slice(3))).toEqual([
      [
        'failure',
        bench.tenant.id,
        ['session', ref],
        visitor.origin,
        visitor.requestId,
        ['session', ref],
        { reason: 'too many failures' },
      ],
    ])
  })
})

test.each([
  ['live', 'test'],
  ['test', 'live'],
] as const)(
  'a pair of %s opens no answer for a tenant of %s, whatever the session says',
  async (theirs, ours) => {
    const { vault } = await open()
    const tenant = await addTenant(vault, 'another', { environment: ours })
    const found = await vault.sessions.find(await openFor(vault, tenant))
    if (!found) throw new Error('a session is not there')
    const id = '0000ca97-0000-4000-8000-00000000feed' as CaptureId
    await vault.sessions.open({ ...found.session, id, key: await openSessionKeys.current(theirs) })
    expect(await answer(vault, id)).toEqual(refuse(notReadable))
    await tokenOf(answer(vault, found.session.id))
  },
)

test('each answer that is no good counts for the address that it came from', async () => {
  const bench = await open()
  const id = await openFor(bench.vault, bench.tenant)
  const counted: (readonly string[])[] = []
  const guesses = {
    ...bench.vault.guesses,
    failed: async (marks: readonly string[]) => void counted.push(marks),
  }
  await answer(bench.vault, id, { ...card, expired: true }, { ports: { guesses } })
  expect(counted).toEqual([marksOfPayload(visitor)])
  await answer(bench.vault, id, card, { ports: { guesses } })
  expect(counted).toHaveLength(1)
})

test('an address whose answers cannot be taken has to wait as well, before another one is opened', async () => {
  const bench = await open()
  const { token } = await addToken(bench.vault, bench.tenant)
  for (let typed = 0; typed < guessLimits.answer.atOnce; typed++)
    await answer(bench.vault, await openFor(bench.vault, bench.tenant, token.id), { code: '947' })
  const id = await openFor(bench.vault, bench.tenant, token.id)
  let unsealed = 0
  const sessionKeys: SessionKeys = {
    ...openSessionKeys,
    open: (...sealed) => {
      unsealed++
      return openSessionKeys.open(...sealed)
    },
  }
  for (let tried = 0; tried < 2 * guessLimits.payload.atOnce; tried++)
    expect(await answer(bench.vault, id, { code: '947' }, { ports: { sessionKeys } })).toMatchObject({
      error: { type: 'TooManyGuesses' },
    })
  expect(unsealed).toBe(guessLimits.payload.atOnce)
  expect(await stateOf(bench, id)).toEqual({ type: 'open' })
})

describe('what is not the fault of an answer', () => {
  const down = () => Promise.reject(new UnavailableError('disk full'))

  const rows: readonly (readonly [string, (bench: Bench) => AnswerWish['ports'], Refusal['type'] | Error])[] =
    [
      [
        'a code store that is full',
        ({ vault }) => ({ codes: { ...vault.codes, hold: async () => refuse({ type: 'TooManyCodes' }) } }),
        'TooManyCodes',
      ],
      [
        'a vault that is sealed meanwhile',
        () => ({ readiness: { isSealed: () => true, auditFailed: () => undefined } }),
        'Sealed',
      ],
      [
        'a pair that went when the vault was sealed meanwhile',
        () => ({
          sessionKeys: { ...openSessionKeys, open: async () => refuse({ type: 'PayloadNotReadable' }) },
          readiness: { isSealed: () => true, auditFailed: () => undefined },
        }),
        'Sealed',
      ],
      [
        'a database that cannot be reached',
        ({ vault }) => ({ store: interceptCommits(vault.store, down) }),
        new UnavailableError('disk full'),
      ],
      [
        'a key that cannot be had',
        () => ({ sessionKeys: { ...openSessionKeys, open: down } }),
        new UnavailableError('disk full'),
      ],
    ]

  test.each(rows)('%s costs nothing: the same payload may come again', async (_, broken, outcome) => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const payload = sealFor(id, card)
    const send = (ports: AnswerWish['ports'] = {}) => answer(bench.vault, id, card, { payload, ports })
    for (let tried = 0; tried <= failuresAllowed; tried++)
      if (outcome instanceof Error) await expect(send(broken(bench))).rejects.toThrow(outcome)
      else expect(await send(broken(bench))).toEqual(refuse({ type: outcome }))
    expect(await stateOf(bench, id)).toEqual({ type: 'open' })
    expect([await tokensOf(bench), bench.vault.backend.count()]).toEqual([0, 0])
    await tokenOf(send())
    expect(await tokensOf(bench)).toBe(1)
  })

  test('a bug in reading it is thrown, and the session is open again at once', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const read = () => {
      throw new Error('a bug')
    }
    await expect(answer(bench.vault, id, card, { read })).rejects.toThrow('a bug')
    expect(await stateOf(bench, id)).toEqual({ type: 'open' })
  })

  test('a claim that cannot be released runs out, and what went wrong is what is told', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const sessions: SessionStore = {
      ...bench.vault.sessions,
      release: () => Promise.reject(new Error('away')),
    }
    const store = interceptCommits(bench.vault.store, down)
    await expect(answer(bench.vault, id, card, { ports: { sessions, store } })).rejects.toThrow('disk full')
    expect(await stateOf(bench, id)).toEqual({ type: 'answering' })
    bench.vault.clock.advance(answeringMs)
    await tokenOf(answer(bench.vault, id))
  })
})

describe('where a token is made and the session cannot be ended', () => {
  test.each<readonly [string, (sessions: SessionStore) => SessionStore['end']]>([
    ['because its claim has run out', () => async () => false],
    ['because its store is away', () => () => Promise.reject(new UnavailableError('away'))],
  ])('%s, the token is told, and the session opens again by itself', async (_, end) => {
    const bench = await open()
    const { vault } = bench
    const id = await openFor(vault, bench.tenant)
    const sessions: SessionStore = { ...vault.sessions, end: end(vault.sessions) }
    const tokenId = await tokenOf(answer(vault, id, card, { ports: { sessions } }))
    expect(await vault.store.token(tokenId)).toBeDefined()
    expect(await stateOf(bench, id)).toEqual({ type: 'answering' })
    vault.clock.advance(answeringMs)
    expect(await stateOf(bench, id)).toEqual({ type: 'open' })
  })

  test('because of a bug, the bug is thrown and the payload is not taken again', async () => {
    const bench = await open()
    const id = await openFor(bench.vault, bench.tenant)
    const sessions: SessionStore = { ...bench.vault.sessions, end: () => Promise.reject(new Error('a bug')) }
    const payload = sealFor(id, card)
    const send = (ports: AnswerWish['ports']) => answer(bench.vault, id, card, { payload, ports })
    await expect(send({ sessions })).rejects.toThrow('a bug')
    bench.vault.clock.advance(answeringMs)
    expect(await send({})).toEqual(refuse(notReadable))
    expect(await tokensOf(bench)).toBe(1)
  })
})

test('a session has ended although that cannot be written down, and the vault is told', async () => {
  const bench = await open()
  const id = await openFor(bench.vault, bench.tenant)
  let auditFailures = 0
  const readiness = { isSealed: () => false, auditFailed: () => void auditFailures++ }
  const store = interceptCommits(bench.vault.store, () => Promise.reject(new UnavailableError('disk full')))
  const fail = () => answer(bench.vault, id, { ...card, expired: true }, { ports: { readiness, store } })
  for (let failed = 1; failed < failuresAllowed; failed++) await fail()
  expect(await fail()).toMatchObject(tooManyFailures)
  expect(auditFailures).toBe(1)
})

describe('an answer with a code', () => {
  const openRefresh = async (number: string) => {
    const bench = await open()
    const { token } = await addToken(bench.vault, bench.tenant, { number, code: undefined })
    return { ...bench, token, id: await openFor(bench.vault, bench.tenant, token.id) }
  }

  test.each([
    ['visa', testCards.visa, '947'],
    ['amex', testCards.amex, '9471'],
  ])('for a card of %s is held by its token', async (_, number, code) => {
    const bench = await openRefresh(number)
    expect(await tokenOf(answer(bench.vault, bench.id, { code }))).toBe(bench.token.id)
    expect(await takeCode(bench, bench.token.id)).toBe(code)
  })

  test.each([
    ['visa', testCards.visa, '9471'],
    ['visa', testCards.visa, '94a'],
    ['amex', testCards.amex, '947'],
  ])('for a card of %s that has another length or form is no good', async (_, number, code) => {
    const bench = await openRefresh(number)
    for (let failed = 1; failed < failuresAllowed; failed++)
      expect(await answer(bench.vault, bench.id, { code })).toEqual(refuse({ type: 'InvalidCode' }))
    expect(await answer(bench.vault, bench.id, { code })).toMatchObject(tooManyFailures)
    expect(await isHeld(bench, bench.token.id)).toBe(false)
  })

  test('for a token that was suspended meanwhile ends the session, and nothing is held', async () => {
    const bench = await openRefresh(testCards.visa)
    await suspendToken(bench.vault, testOperator, bench.token.id)
    const ended = { state: { type: 'ended', end: { type: 'failure', reason: 'token not found' } } }
    expect(await answer(bench.vault, bench.id, { code: '947' })).toMatchObject({ ok: true, value: ended })
    expect(await bench.vault.sessions.find(bench.id)).toMatchObject(ended)
    expect(bench.vault.backend.count()).toBe(0)
    const [entry] = await entriesOf(bench, 'session.failed')
    expect(entry?.[9]).toEqual({ reason: 'token not found' })
  })

  test('for a token that had too many has to wait, and may come again as it is', async () => {
    const bench = await openRefresh(testCards.visa)
    const { vault, tenant, token } = bench
    for (let guess = 0; guess < guessLimits.answer.atOnce; guess++)
      await tokenOf(answer(vault, await openFor(vault, tenant, token.id), { code: '111' }))
    const payload = sealFor(bench.id, { code: '947' })
    const send = () => answer(vault, bench.id, { code: '947' }, { payload })
    expect(await send()).toMatchObject({ error: { type: 'TooManyGuesses' } })
    expect(await stateOf(bench, bench.id)).toEqual({ type: 'open' })
    expect(await takeCode(bench, token.id)).toBe('111')
    vault.clock.advance(guessLimits.answer.everyMs)
    await tokenOf(send())
    expect(await takeCode(bench, token.id)).toBe('947')
  })

  test('that a vault drops which is sealed while it is held may come again as it is', async () => {
    const bench = await openRefresh(testCards.visa)
    const { vault, id } = bench
    const payload = sealFor(id, { code: '947' })
    const readiness = { isSealed: () => vault.backend.count() > 0, auditFailed: () => undefined }
    const send = (ports: AnswerWish['ports']) => answer(vault, id, { code: '947' }, { payload, ports })
    expect(await send({ readiness })).toEqual(refuse({ type: 'Sealed' }))
    expect(vault.backend.count()).toBe(0)
    expect(await tokenOf(send({}))).toBe(bench.token.id)
  })

  test('of several sessions on one token is the last one written', async () => {
    const bench = await openRefresh(testCards.visa)
    const later = await openFor(bench.vault, bench.tenant, bench.token.id)
    await tokenOf(answer(bench.vault, later, { code: '222' }))
    await tokenOf(answer(bench.vault, bench.id, { code: '111' }))
    expect(await takeCode(bench, bench.token.id)).toBe('111')
    expect(bench.vault.backend.count()).toBe(0)
  })
})
