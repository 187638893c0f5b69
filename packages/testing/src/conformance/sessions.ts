import type { CaptureId, CaptureRef, CredentialId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import { dayMs } from '@cardkeep/core/kernel/time'
import type { Clock, SessionStore } from '@cardkeep/core/ports'
import {
  answeringMs,
  type CaptureSession,
  failuresAllowed,
  type PayloadMark,
  type SessionClaim,
  type SessionEnd,
  sessionKeyMs,
  sessionLifetimeMs,
} from '@cardkeep/core/sessions/capture-session'
import { describe, expect, test } from 'vitest'
import { createFixedClock } from '../clock.ts'

/** What a test of the suite is given to work on; no session is open in it yet. */
export interface SessionStoreUnderTest {
  readonly store: SessionStore
  /** The same sessions by way of another node; the same store where there are no others. */
  readonly another: SessionStore
  /** Does what the running vault does again and again beside every request; nothing where the engine forgets by itself. */
  readonly sweep?: () => void
}

export interface SessionStoreWish {
  /** Time passes only here. */
  readonly clock: Clock
  readonly limitPerTenant: number
}

interface Bench extends SessionStoreUnderTest {
  readonly clock: ReturnType<typeof createFixedClock>
}

type Open = (limitPerTenant?: number) => Promise<Bench>

const idAt = (kind: string, at: number): string =>
  `${kind}-0000-4000-8000-${at.toString(16).padStart(12, '0')}`

const tenantId = idAt('00000e00', 1) as TenantId
const otherTenantId = idAt('00000e00', 2) as TenantId
const tokenId = idAt('00000700', 1) as TokenId

const sessionAt = (at: number, parts: Partial<CaptureSession> = {}): CaptureSession => ({
  id: idAt('0000ca97', at) as CaptureId,
  ref: idAt('00000ca9', at) as CaptureRef,
  tenantId,
  openedBy: idAt('0000c0de', 1) as CredentialId,
  wish: {
    type: 'refresh code',
    tokenId,
    card: {
      issuerNumber: '424242',
      last4: '4242',
      length: 16,
      scheme: 'visa',
      expiryMonth: 4,
      expiryYear: 2033,
    },
  },
  key: { id: 'a key', modulus: 'x'.repeat(342), exponent: 'AQAB' },
  ...parts,
})

const session = sessionAt(1)
const success: SessionEnd = { type: 'success', tokenId }
const failure: SessionEnd = { type: 'failure', reason: 'too many failures' }
const ended = (end: SessionEnd) => ({ type: 'ended', end })

const markAt = (at: number): PayloadMark => new Uint8Array(32).fill(at)

const claimOf = async (store: SessionStore, { id } = session): Promise<SessionClaim> => {
  const claim = await store.claim(id)
  if (claim?.type !== 'claimed') throw new Error('a test could not claim its session')
  return claim
}

const stateOf = async (store: SessionStore, { id } = session) => (await store.find(id))?.state

/** Every store of capture sessions does this. The states stand in core/sessions/capture-session.ts. */
export const sessionConformance = (
  name: string,
  makeStore: (wish: SessionStoreWish) => Promise<SessionStoreUnderTest>,
): void => {
  const open: Open = async (limitPerTenant = 1_000) => {
    const clock = createFixedClock()
    return { clock, ...(await makeStore({ clock, limitPerTenant })) }
  }

  describe(`${name}: finding`, () => {
    describeFinding(open)
  })
  describe(`${name}: claiming`, () => {
    describeClaiming(open)
  })
  describe(`${name}: what becomes of a claim`, () => {
    describeOutcomes(open)
  })
  describe(`${name}: a claim that ran out`, () => {
    describeLateOutcomes(open)
  })
  describe(`${name}: a payload`, () => {
    describePayloads(open)
  })
  describe(`${name}: dropping`, () => {
    describeDropping(open)
  })
  describe(`${name}: the limit of a tenant`, () => {
    describeLimit(open)
  })
}

const describeFinding = (open: Open): void => {
  test('a session that was opened is found as it went in, by each node, and is open', async () => {
    const { store, another } = await open()
    const others = [
      sessionAt(2, { wish: { type: 'tokenize', lifetimeMs: undefined } }),
      sessionAt(3, { wish: { type: 'tokenize', lifetimeMs: 60_000 }, tenantId: otherTenantId }),
    ]
    for (const one of [session, ...others]) {
      expect(await store.open(one)).toEqual({ ok: true, value: undefined })
      const found = { type: 'found', session: one, state: { type: 'open' } }
      expect(await store.find(one.id)).toEqual(found)
      expect(await another.find(one.id)).toEqual(found)
    }
  })

  test('one that was not opened is not there, whatever is asked of it', async () => {
    const { store } = await open()
    await store.open(session)
    const { id } = sessionAt(2)
    expect([await store.find(id), await store.claim(id)]).toEqual([undefined, undefined])
  })

  test('it is gone when its time is over, to the millisecond, whatever state it is in', async () => {
    const { store, clock } = await open()
    for (const at of [1, 2, 3]) await store.open(sessionAt(at))
    await store.end(await claimOf(store, sessionAt(2)), success)
    clock.advance(sessionLifetimeMs - 1)
    const claim = await claimOf(store, sessionAt(3))
    for (const at of [1, 2, 3]) expect(await store.find(sessionAt(at).id)).toBeDefined()
    clock.advance(1)
    for (const at of [1, 2, 3]) {
      expect(await store.find(sessionAt(at).id)).toBeUndefined()
      expect(await store.claim(sessionAt(at).id)).toBeUndefined()
    }
    expect(await store.admit(claim, markAt(1))).toBe(false)
    expect(await store.fail(claim)).toBeUndefined()
    expect(await store.end(claim, success)).toBe(false)
  })

  test.each([dayMs, -dayMs])('it lives as long when the wall clock is set by %i ms', async (stepMs) => {
    const { store, clock } = await open()
    await store.open(session)
    clock.step(stepMs)
    expect(await stateOf(store)).toEqual({ type: 'open' })
    clock.advance(sessionLifetimeMs)
    expect(await stateOf(store)).toBeUndefined()
  })
}

const describeClaiming = (open: Open): void => {
  test('whoever claims has the session, and the others are told that it is being answered', async () => {
    const { store, another } = await open()
    await store.open(session)
    expect(await store.claim(session.id)).toMatchObject({ type: 'claimed', session })
    const found = { type: 'found', session, state: { type: 'answering' } }
    expect(await another.claim(session.id)).toEqual(found)
    expect(await another.find(session.id)).toEqual(found)
  })

  test('of fifty who claim at once exactly one has it, a hundred times', async () => {
    const { store, another } = await open()
    for (let at = 0; at < 100; at++) {
      const { id } = sessionAt(at)
      await store.open(sessionAt(at))
      const claims = await Promise.all(
        Array.from({ length: 50 }, (_, turn) => (turn % 2 === 0 ? store : another).claim(id)),
      )
      expect(claims.filter((claim) => claim?.type === 'claimed')).toHaveLength(1)
      expect(claims.filter((claim) => claim?.type === 'found')).toHaveLength(49)
    }
  })

  test('a claim to one session is none to another', async () => {
    const { store } = await open()
    await store.open(session)
    await store.open(sessionAt(2))
    await claimOf(store)
    expect(await stateOf(store, sessionAt(2))).toEqual({ type: 'open' })
    await claimOf(store, sessionAt(2))
  })

  test('a claim is over when whoever has it must have died, to the millisecond, and the next one has it', async () => {
    const { store, another, clock } = await open()
    await store.open(session)
    await claimOf(store)
    clock.advance(answeringMs - 1)
    expect(await stateOf(store)).toEqual({ type: 'answering' })
    clock.advance(1)
    expect(await stateOf(store)).toEqual({ type: 'open' })
    const second = await claimOf(another)
    expect(await stateOf(store)).toEqual({ type: 'answering' })
    expect(await another.end(second, success)).toBe(true)
  })
}

const describeOutcomes = (open: Open): void => {
  test('a session that ends says what came of it until its time is over, and is not claimed again', async () => {
    const { store, another, clock } = await open()
    await store.open(session)
    expect(await store.end(await claimOf(store), success)).toBe(true)
    const found = { type: 'found', session, state: ended(success) }
    clock.advance(sessionLifetimeMs - 1)
    expect(await another.find(session.id)).toEqual(found)
    expect(await another.claim(session.id)).toEqual(found)
  })

  test('it ends once: the same claim neither ends nor fails it another time', async () => {
    const { store } = await open()
    await store.open(session)
    const claim = await claimOf(store)
    await store.end(claim, success)
    expect(await store.end(claim, failure)).toBe(false)
    expect(await store.fail(claim)).toEqual(ended(success))
    await store.release(claim)
    expect(await stateOf(store)).toEqual(ended(success))
  })

  test('one that is released is open as if nothing had been sent, however often', async () => {
    const { store } = await open()
    await store.open(session)
    for (let turn = 0; turn < 2 * failuresAllowed; turn++) {
      await store.release(await claimOf(store))
      expect(await stateOf(store)).toEqual({ type: 'open' })
    }
  })

  test('the last failure that is allowed ends it, and what was released in between does not count', async () => {
    const { store, another } = await open()
    await store.open(session)
    for (let turn = 1; turn < failuresAllowed; turn++) {
      expect(await store.fail(await claimOf(store))).toEqual({ type: 'open' })
      await another.release(await claimOf(another))
    }
    expect(await another.fail(await claimOf(another))).toEqual(ended(failure))
    expect(await store.claim(session.id)).toEqual({ type: 'found', session, state: ended(failure) })
  })

  test('a claim that failed is no claim any more', async () => {
    const { store } = await open()
    await store.open(session)
    const claim = await claimOf(store)
    await store.fail(claim)
    expect(await store.fail(claim)).toEqual({ type: 'open' })
    expect(await store.admit(claim, markAt(1))).toBe(false)
    expect(await store.end(claim, success)).toBe(false)
    for (let turn = 2; turn < failuresAllowed; turn++)
      expect(await store.fail(await claimOf(store))).toEqual({ type: 'open' })
    expect(await store.fail(await claimOf(store))).toEqual(ended(failure))
  })

  test('failures of one session are not those of another', async () => {
    const { store } = await open()
    for (const at of [1, 2]) await store.open(sessionAt(at))
    for (let turn = 1; turn < failuresAllowed; turn++)
      for (const at of [1, 2])
        expect(await store.fail(await claimOf(store, sessionAt(at)))).toEqual({ type: 'open' })
  })

  test('a session lives no longer for what is done to it', async () => {
    const { store, clock } = await open()
    await store.open(session)
    clock.advance(sessionLifetimeMs - 1)
    await store.fail(await claimOf(store))
    await store.release(await claimOf(store))
    await claimOf(store)
    clock.advance(1)
    expect(await stateOf(store)).toBeUndefined()
  })
}

const describeLateOutcomes = (open: Open): void => {
  const claimTooLong = async ({ store, clock }: Bench): Promise<SessionClaim> => {
    await store.open(session)
    const claim = await claimOf(store)
    clock.advance(answeringMs)
    return claim
  }

  test('neither ends the session nor admits anything', async () => {
    const bench = await open()
    const claim = await claimTooLong(bench)
    expect(await bench.store.end(claim, success)).toBe(false)
    expect(await bench.store.admit(claim, markAt(1))).toBe(false)
    expect(await stateOf(bench.store)).toEqual({ type: 'open' })
    expect(await bench.store.admit(await claimOf(bench.store), markAt(1))).toBe(true)
  })

  test('takes nothing from whoever has claimed since', async () => {
    const bench = await open()
    const { store, another } = bench
    const late = await claimTooLong(bench)
    const claim = await claimOf(another)
    await store.release(late)
    expect(await store.fail(late)).toEqual({ type: 'answering' })
    expect(await store.end(late, failure)).toBe(false)
    expect(await stateOf(store)).toEqual({ type: 'answering' })
    expect(await another.end(claim, success)).toBe(true)
    expect(await store.fail(late)).toEqual(ended(success))
  })

  test('counts no failure', async () => {
    const bench = await open()
    const late = await claimTooLong(bench)
    for (let turn = 0; turn < failuresAllowed; turn++)
      expect(await bench.store.fail(late)).toEqual({ type: 'open' })
  })

  test('leaves its payload spent: nobody knows what became of it', async () => {
    const { store, clock } = await open()
    await store.open(session)
    const late = await claimOf(store)
    await store.admit(late, markAt(1))
    clock.advance(answeringMs)
    await store.release(late)
    expect(await store.admit(await claimOf(store), markAt(1))).toBe(false)
  })
}

const describePayloads = (open: Open): void => {
  test('is admitted once, to whatever session and by whatever node', async () => {
    const { store, another } = await open()
    for (const at of [1, 2]) await store.open(sessionAt(at, at === 2 ? { tenantId: otherTenantId } : {}))
    const claim = await claimOf(store)
    expect(await store.admit(claim, markAt(1))).toBe(true)
    expect(await store.admit(claim, markAt(1))).toBe(false)
    const other = await claimOf(another, sessionAt(2))
    expect(await another.admit(other, markAt(1))).toBe(false)
    expect(await another.admit(other, markAt(2))).toBe(true)
  })

  test('of fifty who bring it at once, each to a session of their own, one is let in', async () => {
    const { store, another } = await open()
    const claims = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        await store.open(sessionAt(at))
        return claimOf(store, sessionAt(at))
      }),
    )
    const admitted = await Promise.all(
      claims.map((claim, at) => (at % 2 === 0 ? store : another).admit(claim, markAt(1))),
    )
    expect(admitted.filter((isAdmitted) => isAdmitted)).toHaveLength(1)
  })

  const spent: readonly (readonly [
    string,
    (store: SessionStore, claim: SessionClaim) => Promise<unknown>,
  ])[] = [
    ['failed', (store, claim) => store.fail(claim)],
    ['ended', (store, claim) => store.end(claim, success)],
  ]
  test.each(spent)('stays spent where its answer %s', async (_, spend) => {
    const { store } = await open()
    for (const at of [1, 2]) await store.open(sessionAt(at))
    const claim = await claimOf(store)
    await store.admit(claim, markAt(1))
    await spend(store, claim)
    expect(await store.admit(await claimOf(store, sessionAt(2)), markAt(1))).toBe(false)
  })

  test('may come again where its answer was released, and those of other answers may not', async () => {
    const { store } = await open()
    for (const at of [1, 2]) await store.open(sessionAt(at))
    await store.admit(await claimOf(store, sessionAt(2)), markAt(2))
    const claim = await claimOf(store)
    await store.admit(claim, markAt(1))
    expect(await store.admit(claim, markAt(2))).toBe(false)
    await store.release(claim)
    const again = await claimOf(store)
    expect(await store.admit(again, markAt(1))).toBe(true)
    expect(await store.admit(again, markAt(2))).toBe(false)
  })

  test('is remembered for longer than a session can live that has the same key', async () => {
    const { store, clock, sweep } = await open()
    await store.open(session)
    await store.admit(await claimOf(store), markAt(1))
    clock.advance(sessionKeyMs + sessionLifetimeMs)
    sweep?.()
    await store.open(sessionAt(2))
    expect(await store.admit(await claimOf(store, sessionAt(2)), markAt(1))).toBe(false)
  })

  test('is remembered also where all sessions were dropped: keys live on', async () => {
    const { store } = await open()
    await store.open(session)
    await store.admit(await claimOf(store), markAt(1))
    await store.dropAll()
    await store.open(sessionAt(2))
    expect(await store.admit(await claimOf(store, sessionAt(2)), markAt(1))).toBe(false)
  })
}

const describeDropping = (open: Open): void => {
  test('a session that is dropped is gone, and only that one', async () => {
    const { store, another } = await open()
    for (const at of [1, 2]) await store.open(sessionAt(at))
    await another.drop(session.id)
    expect(await store.find(session.id)).toBeUndefined()
    expect(await stateOf(store, sessionAt(2))).toEqual({ type: 'open' })
    await store.drop(session.id)
  })

  const drops: readonly (readonly [string, (store: SessionStore) => Promise<void>])[] = [
    ['it was dropped', (store) => store.drop(session.id)],
    ['all were dropped', (store) => store.dropAll()],
  ]
  test.each(drops)('a claim is none any more where %s meanwhile', async (_, drop) => {
    const { store, another } = await open()
    await store.open(session)
    const claim = await claimOf(store)
    await drop(another)
    expect(await store.admit(claim, markAt(1))).toBe(false)
    expect(await store.fail(claim)).toBeUndefined()
    expect(await store.end(claim, success)).toBe(false)
    await store.release(claim)
    expect(await store.find(session.id)).toBeUndefined()
  })

  test('dropping all leaves nothing, and what is opened afterwards is there', async () => {
    const { store, another } = await open()
    for (const at of [1, 2, 3]) await store.open(sessionAt(at))
    await claimOf(store, sessionAt(2))
    await store.end(await claimOf(store, sessionAt(3)), success)
    await another.dropAll()
    for (const at of [1, 2, 3]) expect(await store.find(sessionAt(at).id)).toBeUndefined()
    await store.open(sessionAt(4))
    expect(await stateOf(store, sessionAt(4))).toEqual({ type: 'open' })
  })
}

const describeLimit = (open: Open): void => {
  const tooMany = { ok: false, error: { type: 'TooManySessions' } }
  const isOpened = async (store: SessionStore, one: CaptureSession) => (await store.open(one)).ok

  test('one tenant reaches it, at whatever node, and another does not', async () => {
    const { store, another } = await open(2)
    expect([await isOpened(store, sessionAt(1)), await isOpened(another, sessionAt(2))]).toEqual([true, true])
    expect(await store.open(sessionAt(3))).toEqual(tooMany)
    expect(await store.find(sessionAt(3).id)).toBeUndefined()
    expect(await isOpened(store, sessionAt(4, { tenantId: otherTenantId }))).toBe(true)
  })

  test('of fifty that are opened at once as many are as it allows', async () => {
    const { store } = await open(20)
    const opened = await Promise.all(Array.from({ length: 50 }, (_, at) => isOpened(store, sessionAt(at))))
    expect(opened.filter((is) => is)).toHaveLength(20)
  })

  const ends: readonly (readonly [string, (bench: Bench) => Promise<unknown>])[] = [
    ['was answered', async ({ store }) => store.end(await claimOf(store), success)],
    [
      'failed too often',
      async ({ store }) => {
        for (let turn = 0; turn < failuresAllowed; turn++) await store.fail(await claimOf(store))
      },
    ],
    ['was dropped', ({ store }) => store.drop(session.id)],
    ['went with all others', ({ store }) => store.dropAll()],
    ['is past its time', async ({ clock }) => clock.advance(sessionLifetimeMs)],
  ]
  test.each(ends)('a session that %s leaves room for exactly one', async (_, end) => {
    const bench = await open(1)
    await bench.store.open(session)
    expect(await bench.store.open(sessionAt(2))).toEqual(tooMany)
    await end(bench)
    bench.sweep?.()
    expect(await isOpened(bench.store, sessionAt(2))).toBe(true)
    expect(await bench.store.open(sessionAt(3))).toEqual(tooMany)
  })

  test('one that ended and is then past its time or dropped does not leave room twice', async () => {
    const { store, clock, sweep } = await open(1)
    await store.open(session)
    await store.end(await claimOf(store), success)
    await store.drop(session.id)
    await store.open(sessionAt(2))
    await store.end(await claimOf(store, sessionAt(2)), success)
    clock.advance(sessionLifetimeMs)
    sweep?.()
    expect(await isOpened(store, sessionAt(3))).toBe(true)
    expect(await store.open(sessionAt(4))).toEqual(tooMany)
  })

  test('one that is being answered, or whose answer was no good, still counts', async () => {
    const { store } = await open(1)
    await store.open(session)
    const claim = await claimOf(store)
    expect(await store.open(sessionAt(2))).toEqual(tooMany)
    await store.fail(claim)
    expect(await store.open(sessionAt(2))).toEqual(tooMany)
    await store.release(await claimOf(store))
    expect(await store.open(sessionAt(2))).toEqual(tooMany)
  })
}
