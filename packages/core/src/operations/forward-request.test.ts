import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { approved, createEgressDouble } from '@cardkeep/testing/doubles/egress'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import { parsePan } from '../cards/pan.ts'
import type { Change } from '../changes.ts'
import type { CodePolicy } from '../codes/policy.ts'
import { type ForwardFailure, type Refusal, type Sent, UnavailableError } from '../errors.ts'
import type { DestinationId, SessionId, TokenId } from '../kernel/ids.ts'
import { openSecret, Secret } from '../kernel/secret.ts'
import { minuteMs } from '../kernel/time.ts'
import type { CodeStore, Egress, SendOutcome, Store } from '../ports.ts'
import type { PlaceholderSyntax } from '../templates/syntax.ts'
import { parseTemplate } from '../templates/template.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { allowDestination } from './change-destinations.ts'
import { linkScope } from './create-scope.ts'
import { type ForwardRequest, forwardRequest } from './forward-request.ts'
import { suspendToken } from './suspend-token.ts'
import { type TokenizeCard, tokenizeCard } from './tokenize-card.ts'

const syntax: PlaceholderSyntax = {
  open: '${',
  close: '}',
  table: {
    number: { value: 'card number', form: 'given' },
    cvv: { value: 'code', form: 'given' },
  },
}

const templateOf = (text: string) => {
  const template = parseTemplate({ type: 'object', entries: [['card', { type: 'text', text }]] }, syntax)
  if (!template.ok) throw new Error('a test has a wrong template')
  return template.value
}
const withCode = templateOf('${number}:${cvv}')
const withoutCode = templateOf('${number}')

const policy: CodePolicy = { hold: true, ttlMs: 15 * minuteMs, uses: 1 }

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Bench {
  readonly vault: TestVault
  readonly tenant: Tenant
  readonly tokenId: TokenId
  readonly sessionId: SessionId
  readonly destinationId: DestinationId
  readonly command: ForwardRequest
}

const tokenizeFor = async (vault: TestVault, tenant: Tenant, parts: Partial<TokenizeCard> = {}) => {
  const pan = parsePan(new Secret(testCards.visa))
  if (!pan.ok) throw new Error('a test names a number that is none')
  const made = await tokenizeCard(vault, callerOf(tenant), {
    card: { pan: pan.value, expiry: { month: 12, year: 2030, yearDigits: 4 }, holder: undefined },
    code: new Secret('947'),
    policy,
    test: false,
    lifetimeMs: undefined,
    ...parts,
  })
  if (!made.ok) throw new Error(`a test could not make a token: ${made.error.type}`)
  return made.value
}

/** A tenant with a token, a held code, and a place to send it to. */
const open = async (parts: Partial<TokenizeCard> = {}): Promise<Bench> => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const destinationId = vault.ids.uuid() as DestinationId
  await allowDestination(vault, testOperator, tenant, {
    id: destinationId,
    origin: 'https://psp.example',
    pathPrefix: '/v1',
    methods: ['POST', 'GET'],
    ca: undefined,
    client: undefined,
    allowPrivate: false,
  })
  const { token, sessionId = 'none' as SessionId } = await tokenizeFor(vault, tenant, parts)
  const command: ForwardRequest = {
    tokenId: token.id,
    sessionId,
    template: withCode,
    url: 'https://psp.example/v1/charges?x=1',
    method: 'POST',
    headers: { 'x-key': 'k' },
    contentType: 'application/json',
  }
  return { vault, tenant, tokenId: token.id, sessionId, destinationId, command }
}

interface Doubles {
  readonly egress?: Egress
  readonly store?: Store
  readonly codes?: CodeStore
  readonly auditFailed?: () => void
  readonly isSealed?: () => boolean
}

/** Forwards with the real parts of the bench in place of doubles that are not given. */
const forward = (
  bench: Bench,
  doubles: Doubles = {},
  parts: Partial<ForwardRequest> = {},
  tenant = bench.tenant,
) => {
  const { vault, command } = bench
  const { egress = createEgressDouble(), store = vault.store, codes = vault.codes } = doubles
  const readiness = {
    auditFailed: doubles.auditFailed ?? (() => {}),
    isSealed: doubles.isSealed ?? (() => false),
  }
  const ports = { store, codes, egress, readiness, cipher: vault.cipher, clock: vault.clock, ids: vault.ids }
  return forwardRequest(ports, callerOf(tenant), { ...command, ...parts })
}

/** Whether the code is still there; taking it is the only way to know. */
const isHeld = async ({ vault, tenant, tokenId, sessionId }: Bench): Promise<boolean> => {
  const place = { scopeId: tenant.defaultScopeId, environment: tenant.environment, tokenId }
  return (await vault.codes.take({ type: 'session', tenantId: tenant.id, sessionId }, place)) !== undefined
}

const failed = (sent: Sent, reason: ForwardFailure = 'connection lost'): SendOutcome => ({
  type: 'refused',
  refusal: { type: 'ForwardFailed', sent, reason },
})

const refusedWith = (refusal: Refusal) => ({ ok: false, error: refusal })

const isForward = (changes: readonly Change[], outcome?: string): boolean =>
  changes.some(
    (change) =>
      change.type === 'audit' &&
      change.entry.action === 'card.forward' &&
      (outcome === undefined || change.entry.outcome === outcome),
  )

/** Waits for what was asked of the store: nobody waits for the outcome of a forward to be written. */
const settle = ({ store }: TestVault): Promise<void> => store.checkWritable()

const entriesOf = async (vault: TestVault): Promise<readonly unknown[][]> => {
  await settle(vault)
  return (await vault.store.auditEntries(0, 1_000))
    .map(({ text }) => JSON.parse(text) as unknown[])
    .filter(([, , action]) => action === 'card.forward')
}

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
      'audit card.forward intent',
      'send',
      'give back',
      'audit card.forward failure',
    ])
    events.length = 0
    await forward(bench, { store, codes: watched, egress })
    await settle(bench.vault)
    expect(events).toEqual(['take', 'audit card.forward intent', 'send', 'audit card.forward success'])
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
      address: { type: 'token', tokenId },
      place,
      tenantId: tenant.id,
      code,
      ttlMs: 1_000,
      uses: 1,
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
