import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { approved, createEgressDouble } from '@cardkeep/testing/doubles/egress'
import {
  type Bench,
  entriesOf,
  failed,
  forward,
  isHeld,
  openBench,
  policy,
  settle,
  templateOf,
  tokenizeFor,
  withoutCode,
} from '@cardkeep/testing/doubles/forward'
import { addTenant, callerOf, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { accountOf, cardOf } from '@cardkeep/testing/keys/fixture'
import { afterEach, describe, expect, test } from 'vitest'
import type { Change } from '../../changes.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { DestinationId, TokenId } from '../../kernel/ids.ts'
import { openSecret, Secret } from '../../kernel/secret.ts'
import { minuteMs } from '../../kernel/time.ts'
import type { CodeStore, GuessLimits, SendOutcome, Store } from '../../ports.ts'
import { allowDestination } from '../administration/change-destinations.ts'
import { linkScope } from '../administration/create-scope.ts'
import { deleteToken } from '../tokens/delete-token.ts'
import { invalidateToken } from '../tokens/invalidate-token.ts'
import { suspendToken } from '../tokens/suspend-token.ts'
import { tokenizeAccount } from '../tokens/tokenize-account.ts'
import type { ForwardRequest } from './forward-request.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async (...parts: Parameters<typeof openBench>): Promise<Bench> => {
  const bench = await openBench(...parts)
  opened.push(bench.vault)
  return bench
}

const refusedWith = (refusal: Refusal) => ({ ok: false, error: refusal })

const isForward = (changes: readonly Change[], outcome?: string): boolean =>
  changes.some(
    (change) =>
      change.type === 'audit' &&
      change.entry.action === 'card.forward' &&
      (outcome === undefined || change.entry.outcome === outcome),
  )

describe('a forward', () => {
  test('reserves the code, writes its intent, sends, and settles, in this order', async () => {
    const bench = await open()
    const events: string[] = []
    const note = (event: string): void => {
      events.push(event)
    }
    const store = interceptCommits(bench.vault.store, async (changes, commit) => {
      const result = await commit()
      nameChanges(changes).forEach(note)
      return result
    })
    const { codes } = bench.vault
    const watched: CodeStore = {
      ...codes,
      take: async (...address) => {
        note('take')
        return codes.take(...address)
      },
      giveBack: async (taken) => {
        note('give back')
        return codes.giveBack(taken)
      },
    }
    const outcomes = [failed('no'), approved]
    const egress = createEgressDouble(() => {
      note('send')
      return outcomes.shift() ?? approved
    })
    await forward(bench, { store, codes: watched, egress })
    await settle(bench.vault)
    expect(events).toEqual([
      'take',
      'expect-token',
      'audit card.forward intent',
      'send',
      'give back',
      'expect-token',
      'audit card.forward failure',
    ])
    events.length = 0
    await forward(bench, { store, codes: watched, egress })
    await settle(bench.vault)
    expect(events).toEqual([
      'take',
      'expect-token',
      'audit card.forward intent',
      'send',
      'expect-token',
      'audit card.forward success',
    ])
  })

  test('puts the card and the code into the body and tells egress what must not come back', async () => {
    const bench = await open()
    const egress = createEgressDouble()
    expect(await forward(bench, { egress })).toEqual({
      ok: true,
      value: approved.type === 'answered' && approved.answer,
    })
    expect(egress.sent).toHaveLength(1)
    const { forward: admitted, parcel } = egress.sent[0] ?? {}
    expect(parcel?.body && openSecret(parcel.body, 'render')).toBe(`{"card":"${testCards.visa}:947"}`)
    expect(parcel?.pan && openSecret(parcel.pan, 'conceal')).toBe(testCards.visa)
    expect(parcel?.code && openSecret(parcel.code, 'conceal')).toBe('947')
    expect(parcel?.contentType).toBe('application/json')
    expect(admitted?.url.href).toBe('https://psp.example/v1/charges?x=1')
    expect(admitted?.destination.id).toBe(bench.destinationId)
    expect(admitted?.headers).toMatchObject({ 'x-key': 'k' })
  })

  test('that does not need a value does not hand it over', async () => {
    const bench = await open()
    const egress = createEgressDouble()
    await forward(bench, { egress }, { template: templateOf('nothing') })
    expect(egress.sent[0]?.parcel).toMatchObject({ pan: undefined, code: undefined })
    expect(await isHeld(bench)).toBe(true)
  })

  test('writes who sent what where, and nothing of the card', async () => {
    const bench = await open()
    await forward(bench)
    const [intent, outcome] = await entriesOf(bench.vault)
    const { tenant, tokenId, destinationId } = bench
    expect(intent?.slice(2)).toEqual([
      'card.forward',
      'intent',
      tenant.id,
      ['credential', callerOf(tenant).principal.credentialId],
      '192.0.2.1',
      callerOf(tenant).requestId,
      ['token', tokenId],
      {
        forwardId: expect.any(String),
        destination: destinationId,
        origin: 'https://psp.example',
        method: 'POST',
        carriesCode: true,
      },
    ])
    const details = intent?.[9] as { forwardId: string }
    expect(outcome?.slice(2)).toEqual([
      ...(intent?.slice(2, 3) ?? []),
      'success',
      ...(intent?.slice(4, 9) ?? []),
      { forwardId: details.forwardId, sent: 'yes', status: 200 },
    ])
    expect(JSON.stringify([intent, outcome])).not.toMatch(new RegExp(`${testCards.visa}|947`))
  })

  test('sends a GET without a body', async () => {
    const bench = await open()
    const egress = createEgressDouble()
    await forward(bench, { egress }, { method: 'GET', template: templateOf('') })
    expect(egress.sent[0]?.parcel.body).toBeUndefined()
  })
})

describe('a code', () => {
  test('is gone once the provider answered, whatever it said', async () => {
    for (const status of [200, 402, 500]) {
      const bench = await open()
      const answer = { status, headers: {}, body: { type: 'text', text: 'x' } } as const
      const result = await forward(bench, {
        egress: createEgressDouble(() => ({ type: 'answered', answer })),
      })
      expect(result).toEqual({ ok: true, value: answer })
      expect(await isHeld(bench)).toBe(false)
      expect(await forward(bench)).toEqual(refusedWith({ type: 'CodeNotHeld' }))
    }
  })

  test.each<readonly [SendOutcome, boolean]>([
    [failed('no', 'name not resolved'), true],
    [failed('no', 'tls'), true],
    [failed('unknown'), false],
    [failed('yes', 'answer too large'), false],
    [{ type: 'refused', refusal: { type: 'ForwardTimedOut', sent: 'no' } }, true],
    [{ type: 'refused', refusal: { type: 'ForwardTimedOut', sent: 'unknown' } }, false],
    [{ type: 'refused', refusal: { type: 'ForwardTimedOut', sent: 'yes' } }, false],
    [{ type: 'refused', refusal: { type: 'DestinationNotAllowed' } }, true],
    [{ type: 'refused', refusal: { type: 'RequestTooLarge' } }, true],
    [{ type: 'refused', refusal: { type: 'Unavailable' } }, true],
  ])('after %j comes back: %s', async (outcome, comesBack) => {
    const bench = await open()
    const result = await forward(bench, { egress: createEgressDouble(() => outcome) })
    expect(result).toEqual(refusedWith(outcome.type === 'refused' ? outcome.refusal : { type: 'Sealed' }))
    expect(await isHeld(bench)).toBe(comesBack)
  })

  test('that came back can be sent with the next forward, once', async () => {
    const bench = await open()
    await forward(bench, { egress: createEgressDouble(() => failed('no')) })
    expect((await forward(bench)).ok).toBe(true)
    expect(await forward(bench)).toEqual(refusedWith({ type: 'CodeNotHeld' }))
  })

  test('is gone if egress throws, because nobody knows how far it came', async () => {
    const bench = await open()
    const egress = createEgressDouble(() => {
      throw new TypeError('a bug')
    })
    await expect(forward(bench, { egress })).rejects.toThrow('a bug')
    expect(await isHeld(bench)).toBe(false)
  })

  test('serves exactly one of many forwards at once', async () => {
    const bench = await open()
    const egress = createEgressDouble()
    const results = await Promise.all(Array.from({ length: 20 }, () => forward(bench, { egress })))
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(results.filter(({ ok }) => !ok)).toEqual(Array(19).fill(refusedWith({ type: 'CodeNotHeld' })))
    expect(egress.sent).toHaveLength(1)
  })

  test('does not come back to a token that was suspended meanwhile', async () => {
    const bench = await open({ policy: { ...policy, uses: 2 } })
    const { vault, tenant, tokenId } = bench
    const egress = createEgressDouble(async () => {
      await suspendToken(vault, callerOf(tenant), tokenId)
      return failed('no')
    })
    await forward(bench, { egress })
    expect(await isHeld(bench)).toBe(false)
  })

  test('does not come back to a token that another process suspended, whose codes are not here', async () => {
    const bench = await open()
    const { vault, tenant, tokenId } = bench
    const elsewhere: CodeStore = { ...vault.codes, drop: async () => false }
    const egress = createEgressDouble(async () => {
      await suspendToken({ ...vault, codes: elsewhere }, callerOf(tenant), tokenId)
      return failed('no')
    })
    await forward(bench, { egress })
    expect(await isHeld(bench)).toBe(false)
  })

  test('does not come back to a token that expired meanwhile', async () => {
    const bench = await open({ lifetimeMs: minuteMs })
    const egress = createEgressDouble(() => {
      bench.vault.clock.advance(minuteMs)
      return failed('no')
    })
    await forward(bench, { egress })
    expect(await isHeld(bench)).toBe(false)
  })

  test('does not come back if it was dropped meanwhile', async () => {
    const bench = await open()
    const { vault, tenant, sessionId } = bench
    const egress = createEgressDouble(async () => {
      await vault.codes.drop({ type: 'session', tenantId: tenant.id, sessionId })
      return failed('no')
    })
    await forward(bench, { egress })
    expect(await isHeld(bench)).toBe(false)
  })

  test('comes back although its token cannot be read again', async () => {
    const bench = await open()
    let reads = 0
    const store: Store = {
      ...bench.vault.store,
      token: async (id) => {
        if (reads++ > 0) throw new UnavailableError('gone')
        return bench.vault.store.token(id)
      },
    }
    const result = await forward(bench, { store, egress: createEgressDouble(() => failed('no')) })
    expect(result).toMatchObject({ ok: false, error: { type: 'ForwardFailed' } })
    expect(await isHeld(bench)).toBe(true)
  })
})

test('a vault that is sealed while a forward waits sends nothing, and logs no intent', async () => {
  const bench = await open()
  const before = await bench.vault.store.auditHead()
  const result = await forward(bench, { isSealed: () => true })
  expect(result).toEqual({ ok: false, error: { type: 'Sealed' } })
  expect(await bench.vault.store.auditHead()).toEqual(before)
})

describe('what cannot be logged', () => {
  test('does not happen: nothing is sent, and the code comes back', async () => {
    const bench = await open()
    const egress = createEgressDouble()
    const store = interceptCommits(bench.vault.store, async (changes, commit) => {
      if (isForward(changes, 'intent')) throw new UnavailableError('disk full')
      return commit()
    })
    await expect(forward(bench, { store, egress })).rejects.toThrow(UnavailableError)
    expect(egress.sent).toEqual([])
    expect(await isHeld(bench)).toBe(true)
  })

  test('afterwards does not hide the answer, but is told', async () => {
    const bench = await open()
    let told = 0
    const store = interceptCommits(bench.vault.store, async (changes, commit) => {
      if (isForward(changes, 'success')) throw new UnavailableError('disk full')
      return commit()
    })
    const auditFailed = (): void => {
      told++
    }
    expect((await forward(bench, { store, auditFailed })).ok).toBe(true)
    await settle(bench.vault)
    expect(told).toBe(1)
    expect(await isHeld(bench)).toBe(false)
  })

  test('yet keeps nobody waiting once it was sent', async () => {
    const bench = await open()
    const disk = Promise.withResolvers<void>()
    const store = interceptCommits(bench.vault.store, async (changes, commit) => {
      if (isForward(changes, 'success')) await disk.promise
      return commit()
    })
    expect((await forward(bench, { store })).ok).toBe(true)
    expect(await entriesOf(bench.vault)).toHaveLength(1)
    disk.resolve()
    await disk.promise
    expect(await entriesOf(bench.vault)).toHaveLength(2)
  })

  test('of a failure is told too, and does not keep the code from coming back', async () => {
    const bench = await open()
    let told = 0
    const store = interceptCommits(bench.vault.store, async (changes, commit) => {
      if (isForward(changes, 'failure')) throw new Error('disk full')
      return commit()
    })
    const auditFailed = (): void => {
      told++
    }
    const result = await forward(bench, {
      store,
      auditFailed,
      egress: createEgressDouble(() => failed('no')),
    })
    expect(result).toEqual(refusedWith({ type: 'ForwardFailed', sent: 'no', reason: 'connection lost' }))
    await settle(bench.vault)
    expect(told).toBe(1)
    expect(await isHeld(bench)).toBe(true)
  })
})

test.each<readonly [SendOutcome, string, Record<string, unknown>]>([
  [approved, 'success', { sent: 'yes', status: 200 }],
  [failed('no', 'tls'), 'failure', { sent: 'no', reason: 'tls' }],
  [failed('yes', 'answer too large'), 'failure', { sent: 'yes', reason: 'answer too large' }],
  [failed('unknown'), 'unknown', { sent: 'unknown', reason: 'connection lost' }],
  [
    { type: 'refused', refusal: { type: 'ForwardTimedOut', sent: 'unknown' } },
    'unknown',
    { sent: 'unknown', reason: 'ForwardTimedOut' },
  ],
  [
    { type: 'refused', refusal: { type: 'RequestTooLarge' } },
    'failure',
    { sent: 'no', reason: 'RequestTooLarge' },
  ],
])('%j is logged as %s', async (outcome, logged, details) => {
  const bench = await open()
  await forward(bench, { egress: createEgressDouble(() => outcome) })
  const [, entry] = await entriesOf(bench.vault)
  expect(entry?.[3]).toBe(logged)
  expect(entry?.[9]).toEqual({ forwardId: expect.any(String), ...details })
})

describe('before anything is taken, sent or logged', () => {
  const expectUntouched = async (
    bench: Bench,
    egress: ReturnType<typeof createEgressDouble>,
  ): Promise<void> => {
    expect(egress.sent).toEqual([])
    expect(await entriesOf(bench.vault)).toEqual([])
    expect(await isHeld(bench)).toBe(true)
  }

  test.each<readonly [string, Partial<ForwardRequest>, Refusal['type']]>([
    ['a destination that is not on the list', { url: 'https://evil.example/v1' }, 'DestinationNotAllowed'],
    ['a path that is not below the prefix', { url: 'https://psp.example/v2' }, 'DestinationNotAllowed'],
    ['a method that is not allowed', { method: 'DELETE' }, 'DestinationNotAllowed'],
    ['a header that is not the callers to set', { headers: { host: 'x' } }, 'HeaderNotAllowed'],
    [
      'a token that there is not',
      { tokenId: '00000000-0000-4000-8000-0000deadbeef' as TokenId },
      'TokenNotFound',
    ],
  ])('%s is refused', async (_, parts, type) => {
    const bench = await open()
    const egress = createEgressDouble()
    expect(await forward(bench, { egress }, parts)).toMatchObject({ ok: false, error: { type } })
    await expectUntouched(bench, egress)
  })

  test('a token of another tenant looks as if there were none', async () => {
    const bench = await open()
    const stranger = await addTenant(bench.vault, 'stranger')
    const egress = createEgressDouble()
    expect(await forward(bench, { egress }, {}, stranger)).toEqual(refusedWith({ type: 'TokenNotFound' }))
    await expectUntouched(bench, egress)
  })

  test('a token that is suspended looks as if there were none', async () => {
    const bench = await open({ code: undefined })
    await suspendToken(bench.vault, callerOf(bench.tenant), bench.tokenId)
    expect(await forward(bench, {}, { template: withoutCode })).toEqual(
      refusedWith({ type: 'TokenNotFound' }),
    )
    expect(await entriesOf(bench.vault)).toEqual([])
  })

  test('a token that expired looks as if there were none, to the millisecond', async () => {
    const bench = await open({ lifetimeMs: minuteMs, policy: { ...policy, uses: 2 } })
    bench.vault.clock.advance(minuteMs - 1)
    expect((await forward(bench)).ok).toBe(true)
    bench.vault.clock.advance(1)
    expect(await forward(bench)).toEqual(refusedWith({ type: 'TokenNotFound' }))
  })
})

describe('a template', () => {
  test('without a code takes none', async () => {
    const bench = await open()
    expect((await forward(bench, {}, { template: withoutCode })).ok).toBe(true)
    expect(await isHeld(bench)).toBe(true)
    const [intent] = await entriesOf(bench.vault)
    expect(intent?.[9]).toMatchObject({ carriesCode: false })
  })

  test('with a code, and neither a session nor a code held for the token, asks for one', async () => {
    const bench = await open()
    const egress = createEgressDouble()
    expect(await forward(bench, { egress }, { sessionId: undefined })).toEqual(
      refusedWith({ type: 'CodeRequired' }),
    )
    expect(egress.sent).toEqual([])
    expect(await isHeld(bench)).toBe(true)
  })

  test('with a code and no session takes the code that is held for the token', async () => {
    const bench = await open({ code: undefined })
    const { vault, tenant, tokenId } = bench
    const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId }
    const code = new Secret('123')
    await vault.codes.hold({
      address: { type: 'token', tenantId: tenant.id, tokenId },
      place,
      tenantId: tenant.id,
      code,
      ttlMs: 1_000,
      uses: 1,
      destinations: undefined,
    })
    const egress = createEgressDouble()
    expect((await forward(bench, { egress }, { sessionId: undefined })).ok).toBe(true)
    expect(egress.sent[0]?.parcel.code && openSecret(egress.sent[0].parcel.code, 'conceal')).toBe('123')
    expect(await forward(bench, {}, { sessionId: undefined })).toEqual(refusedWith({ type: 'CodeRequired' }))
  })

  test('whose session belongs to another token gets no code and takes none away', async () => {
    const bench = await open()
    const other = await tokenizeFor(bench.vault, bench.tenant)
    const egress = createEgressDouble()
    expect(await forward(bench, { egress }, { tokenId: other.token.id })).toEqual(
      refusedWith({ type: 'CodeNotHeld' }),
    )
    expect(egress.sent).toEqual([])
    expect(await isHeld(bench)).toBe(true)
  })

  test('whose session belongs to another tenant gets no code, even where the token is shared', async () => {
    const bench = await open()
    const friend = await addTenant(bench.vault, 'friend')
    await linkScope(bench.vault, testOperator, bench.tenant.defaultScopeId, friend)
    await allowDestination(bench.vault, testOperator, friend, {
      id: bench.vault.ids.uuid() as DestinationId,
      origin: 'https://psp.example',
      pathPrefix: undefined,
      methods: [],
      ca: undefined,
      client: undefined,
      headers: [],
      allowPrivate: false,
    })
    expect((await forward(bench, {}, { template: withoutCode }, friend)).ok).toBe(true)
    expect(await forward(bench, {}, {}, friend)).toEqual(refusedWith({ type: 'CodeNotHeld' }))
    expect(await isHeld(bench)).toBe(true)
  })

  test('whose code is past its time gets none', async () => {
    const bench = await open()
    bench.vault.clock.advance(policy.ttlMs)
    expect(await forward(bench)).toEqual(refusedWith({ type: 'CodeNotHeld' }))
  })
})

describe('a token that changes between the look at it and the intent', () => {
  /** Does something before the first intent is written, as another caller may. */
  const meanwhile = (bench: Bench, run: () => Promise<unknown>, times = 1) => {
    let left = times
    return interceptCommits(bench.vault.store, async (changes, commit) => {
      if (isForward(changes, 'intent') && left-- > 0) await run()
      return commit()
    })
  }

  test.each([
    ['suspended', suspendToken],
    ['invalidated', invalidateToken],
    ['deleted', deleteToken],
  ] as const)('and is %s sends nothing, writes no intent, and gives no code back', async (_, move) => {
    const bench = await open()
    const { vault, tenant, tokenId } = bench
    const elsewhere = { ...vault, codes: { dropToken: async () => false } }
    const store = meanwhile(bench, () => move(elsewhere, callerOf(tenant), tokenId))
    const egress = createEgressDouble()
    expect(await forward(bench, { store, egress })).toEqual(refusedWith({ type: 'TokenNotFound' }))
    expect(egress.sent).toEqual([])
    expect(await entriesOf(vault)).toEqual([])
    expect(await isHeld(bench)).toBe(false)
  })

  /** Gives it another card, as an update does. */
  const replaceCard = async ({ vault, tenant, tokenId }: Bench, number: string): Promise<void> => {
    const token = await vault.store.token(tokenId)
    if (!token) throw new Error('no token')
    const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId }
    const sealed = await vault.cipher.seal(place, cardOf(number))
    await vault.store.commit([
      { type: 'replace-token', token: { ...token, sealed, version: token.version + 1 } },
    ])
  }

  test('and gets another card sends that one, once', async () => {
    const bench = await open()
    const store = meanwhile(bench, () => replaceCard(bench, testCards.mastercard))
    const egress = createEgressDouble()
    expect((await forward(bench, { store, egress })).ok).toBe(true)
    expect(egress.sent).toHaveLength(1)
    const { parcel } = egress.sent[0] ?? {}
    expect(parcel?.body && openSecret(parcel.body, 'render')).toBe(`{"card":"${testCards.mastercard}:947"}`)
    expect(parcel?.pan && openSecret(parcel.pan, 'conceal')).toBe(testCards.mastercard)
    expect(await entriesOf(bench.vault)).toHaveLength(2)
  })

  test('again and again is given up, and the code comes back', async () => {
    const bench = await open()
    const store = meanwhile(bench, () => replaceCard(bench, testCards.visa), 100)
    const egress = createEgressDouble()
    await expect(forward(bench, { store, egress })).rejects.toThrow(UnavailableError)
    expect(egress.sent).toEqual([])
    expect(await isHeld(bench)).toBe(true)
  })
})

test('what is remembered of a token may refuse a forward, and never allows one', async () => {
  const bench = await open()
  const { vault, tenant, tokenId } = bench
  const active = await vault.store.standing(tokenId)
  await suspendToken(vault, callerOf(tenant), tokenId)
  const remembering = (standing: typeof active): Store => ({ ...vault.store, standing: async () => standing })
  const refused = refusedWith({ type: 'TokenNotFound' })
  expect(await forward(bench, { store: remembering(active) })).toEqual(refused)
  expect(await forward(bench, { store: remembering(undefined) })).toEqual(refused)
})

describe('the outcome of a forward names what became of its token meanwhile', () => {
  test.each([
    ['suspended', suspendToken],
    ['invalidated', invalidateToken],
    ['deleted', deleteToken],
  ] as const)('%s', async (state, move) => {
    const bench = await open()
    const egress = createEgressDouble(async () => {
      await move(bench.vault, callerOf(bench.tenant), bench.tokenId)
      return approved
    })
    expect((await forward(bench, { egress })).ok).toBe(true)
    const [, outcome] = await entriesOf(bench.vault)
    expect(outcome?.slice(2, 4)).toEqual(['card.forward', 'success'])
    expect(outcome?.[9]).toMatchObject({ sent: 'yes', tokenMeanwhile: state })
  })

  test('expired', async () => {
    const bench = await open({ lifetimeMs: minuteMs })
    const egress = createEgressDouble(() => {
      bench.vault.clock.advance(minuteMs)
      return failed('unknown')
    })
    await forward(bench, { egress })
    const [, outcome] = await entriesOf(bench.vault)
    expect(outcome?.[9]).toMatchObject({ sent: 'unknown', tokenMeanwhile: 'expired' })
  })

  test('and that nobody knows, if it cannot be read', async () => {
    const bench = await open()
    let isGone = false
    const store: Store = {
      ...bench.vault.store,
      token: async (id) => {
        if (isGone) throw new UnavailableError('gone')
        return bench.vault.store.token(id)
      },
    }
    const egress = createEgressDouble(async () => {
      await suspendToken(bench.vault, callerOf(bench.tenant), bench.tokenId)
      isGone = true
      return approved
    })
    expect((await forward(bench, { store, egress })).ok).toBe(true)
    const [, outcome] = await entriesOf(bench.vault)
    expect(outcome?.[9]).toMatchObject({ sent: 'yes', tokenMeanwhile: 'unknown' })
  })
})

describe('guessing', () => {
  const watch = (wait?: number) => {
    const asked: (readonly string[])[] = []
    const failures: (readonly string[])[] = []
    const guesses: GuessLimits = {
      waitSeconds: async (marks) => {
        asked.push(marks)
        return wait
      },
      failed: async (marks) => {
        failures.push(marks)
      },
    }
    return { asked, failures, guesses }
  }

  test('of codes that are not held counts for token, session and address of the tenant', async () => {
    const bench = await open()
    const { tenant, tokenId, sessionId } = bench
    const { asked, failures, guesses } = watch()
    expect((await forward(bench, { guesses })).ok).toBe(true)
    expect(failures).toEqual([])
    expect(await forward(bench, { guesses })).toEqual(refusedWith({ type: 'CodeNotHeld' }))
    const marks = [
      `session ${tenant.id} ${sessionId}`,
      `token ${tenant.id} ${tokenId}`,
      `address ${tenant.id} 192.0.2.1`,
    ]
    expect(asked).toEqual([marks, marks])
    expect(failures).toEqual([marks])
    await forward(bench, { guesses }, { sessionId: undefined })
    expect(failures[1]).toEqual(marks.slice(1))
  })

  test('too often is refused before the code is taken', async () => {
    const bench = await open()
    const { failures, guesses } = watch(7)
    const egress = createEgressDouble()
    expect(await forward(bench, { guesses, egress })).toEqual(
      refusedWith({ type: 'TooManyGuesses', retryAfterSeconds: 7 }),
    )
    expect(egress.sent).toEqual([])
    expect(failures).toEqual([])
    expect(await isHeld(bench)).toBe(true)
  })

  test('is no matter of a template without a code', async () => {
    const bench = await open()
    const { asked, guesses } = watch(7)
    expect((await forward(bench, { guesses }, { template: withoutCode })).ok).toBe(true)
    expect(asked).toEqual([])
  })
})

test('a code that may be sent to other origins only is not taken, and is still held', async () => {
  const bench = await open({ policy: { ...policy, destinations: ['https://other.example'] } })
  const egress = createEgressDouble()
  expect(await forward(bench, { egress })).toEqual(refusedWith({ type: 'CodeNotHeld' }))
  expect(egress.sent).toEqual([])
  const { vault, tenant, tokenId, sessionId } = bench
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId }
  const address = { type: 'session', tenantId: tenant.id, sessionId } as const
  expect(await vault.codes.take(address, { place, destination: 'https://other.example' })).toBeDefined()
})

describe('a value that the token does not have', () => {
  test.each([
    ['a routing number of a card', '${routing}${cvv}', 'routing number'],
    ['an account number of a card', '${account}${cvv}', 'account number'],
    ['a name of a card without names', '${first}${cvv}', 'first name'],
  ])('refuses the forward before its code is taken: %s', async (_, text, value) => {
    const bench = await open()
    const egress = createEgressDouble()
    expect(await forward(bench, { egress }, { template: templateOf(text) })).toEqual({
      ok: false,
      error: { type: 'ValueNotInToken', value },
    })
    expect(egress.sent).toEqual([])
    expect(await entriesOf(bench.vault)).toEqual([])
    expect(await isHeld(bench)).toBe(true)
  })
})

describe('the token of a bank account', () => {
  const openAccount = async () => {
    const bench = await open()
    const made = await tokenizeAccount(bench.vault, callerOf(bench.tenant), {
      account: accountOf('000123456789'),
    })
    if (!made.ok) throw new Error(`a test could not make a token: ${made.error.type}`)
    return { bench, tokenId: made.value.token.id }
  }

  test('is sent as a card is, and egress is told what must not come back', async () => {
    const { bench, tokenId } = await openAccount()
    const egress = createEgressDouble()
    const template = templateOf('${account}/${routing}')
    expect((await forward(bench, { egress }, { tokenId, template })).ok).toBe(true)
    const { parcel } = egress.sent[0] ?? {}
    expect(parcel?.body && openSecret(parcel.body, 'render')).toBe('{"card":"000123456789/110000000"}')
    expect(parcel?.accountNumber && openSecret(parcel.accountNumber, 'conceal')).toBe('000123456789')
    expect(parcel?.pan).toBeUndefined()
  })

  test('has neither card number nor code', async () => {
    const { bench, tokenId } = await openAccount()
    for (const [text, value] of [
      ['${number}', 'card number'],
      ['${account}${cvv}', 'code'],
    ] as const)
      expect(await forward(bench, {}, { tokenId, template: templateOf(text) })).toEqual(
        refusedWith({ type: 'ValueNotInToken', value }),
      )
  })
})
