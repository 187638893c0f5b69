import type {
  CodeAddress,
  CodeTaker,
  HeldCode,
  HoldReceipt,
  TakenCode,
  TokenAddress,
} from '@cardkeep/core/codes/held-code'
import { reservationMs } from '@cardkeep/core/codes/held-code'
import { unlimitedUses } from '@cardkeep/core/codes/policy'
import type { ScopeId, SessionId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import type { Clock, CodeStore } from '@cardkeep/core/ports'
import type { CardPlace } from '@cardkeep/core/tokens/place'
import { describe, expect, test } from 'vitest'
import { createFixedClock } from '../clock.ts'

/** What a test of the suite is given to work on; nothing is held in it yet. */
export interface CodeStoreUnderTest {
  readonly store: CodeStore
  /** Does what the running vault does again and again beside every request; nothing where the engine forgets by itself. */
  readonly sweep?: () => void
}

export interface CodeStoreWish {
  /** Time passes only here. */
  readonly clock: Clock
  readonly limitPerTenant: number
  /** The scopes whose codes will be held. */
  readonly scopes: readonly ScopeId[]
}

type FixedClock = ReturnType<typeof createFixedClock>

interface Bench extends CodeStoreUnderTest {
  readonly clock: FixedClock
}

const idAt = (kind: string, at: number): string =>
  `${kind}-0000-4000-8000-${at.toString(16).padStart(12, '0')}`

const scopeId = idAt('000005c0', 1) as ScopeId
const tenant = idAt('00000e00', 1) as TenantId
const otherTenant = idAt('00000e00', 2) as TenantId

const placeOf = (token: number): CardPlace => ({
  scopeId,
  environment: 'live',
  tokenId: idAt('00000700', token) as TokenId,
})

const place = placeOf(1)
const otherPlace = placeOf(2)

const session = (at: number, tenantId = tenant): CodeAddress => ({
  type: 'session',
  tenantId,
  sessionId: idAt('00000500', at) as SessionId,
})

const byToken = ({ tokenId }: CardPlace, tenantId = tenant): TokenAddress => ({
  type: 'token',
  tenantId,
  tokenId,
})

const shop = 'https://shop.example'

const by = (taker: CardPlace, destination = shop): CodeTaker => ({ place: taker, destination })

const ttlMs = 90 * secondMs

const codeAt = (
  address: CodeAddress,
  parts: Partial<HeldCode> & { readonly digits?: string } = {},
): HeldCode => ({
  address,
  place,
  tenantId: tenant,
  code: new Secret(parts.digits ?? '123'),
  ttlMs,
  uses: 1,
  destinations: undefined,
  ...parts,
})

const digitsOf = (taken: TakenCode | undefined): string | undefined =>
  taken && openSecret(taken.code, 'check')

/** Every store of held codes does this, whatever keeps its bytes. The states stand in core/codes/held-code.ts. */
export const codeStoreConformance = (
  name: string,
  makeStore: (wish: CodeStoreWish) => Promise<CodeStoreUnderTest>,
): void => {
  const open = async (limitPerTenant = 100_000): Promise<Bench> => {
    const clock = createFixedClock()
    return { clock, ...(await makeStore({ clock, limitPerTenant, scopes: [scopeId] })) }
  }

  describe(`${name}: taking`, () => {
    describeTaking(open)
  })
  describe(`${name}: where a code may be sent to`, () => {
    describeDestinations(open)
  })
  describe(`${name}: a race for one code`, () => {
    describeRaces(open)
  })
  describe(`${name}: giving back`, () => {
    describeGivingBack(open)
  })
  describe(`${name}: undoing a hold`, () => {
    describeUndoing(open)
  })
  describe(`${name}: dropping`, () => {
    describeDropping(open)
  })
  describe(`${name}: whether one is held by a token`, () => {
    describeAsking(open)
  })
  describe(`${name}: the limit of a tenant`, () => {
    describeLimit(open)
  })
}

type Open = (limitPerTenant?: number) => Promise<Bench>

const describeTaking = (open: Open): void => {
  test.each(['123', '007', '0000', '9876'])('the code %s comes out as it went in, once', async (digits) => {
    const { store } = await open()
    expect(await store.hold(codeAt(session(1), { digits }))).toMatchObject({ ok: true })
    expect(digitsOf(await store.take(session(1), by(place)))).toBe(digits)
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('a code that is taken does not print itself', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1)))
    expect(String((await store.take(session(1), by(place)))?.code)).toBe('[secret]')
  })

  test('by one token each tenant takes the code that it held, and no other', async () => {
    const { store } = await open()
    const theirs = byToken(place, otherTenant)
    await store.hold(codeAt(byToken(place), { digits: '111' }))
    expect(await store.take(theirs, by(place))).toBeUndefined()
    await store.hold(codeAt(theirs, { digits: '222', tenantId: otherTenant }))
    expect(digitsOf(await store.take(theirs, by(place)))).toBe('222')
    expect(await store.take(theirs, by(place))).toBeUndefined()
    expect(digitsOf(await store.take(byToken(place), by(place)))).toBe('111')
  })

  test('where nothing was held there is nothing', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1)))
    expect(await store.take(session(2), by(place))).toBeUndefined()
    expect(await store.take(byToken(place), by(place))).toBeUndefined()
  })

  test('a code held by its token is found by the token only', async () => {
    const { store } = await open()
    await store.hold(codeAt(byToken(place), { digits: '456' }))
    expect(await store.take(session(1), by(place))).toBeUndefined()
    expect(await store.take(byToken(otherPlace), by(otherPlace))).toBeUndefined()
    expect(digitsOf(await store.take(byToken(place), by(place)))).toBe('456')
  })

  test('codes of one token under a session and under the token itself are two, each with its own uses', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { digits: '111', uses: 2 }))
    await store.hold(codeAt(byToken(place), { digits: '222', uses: 3 }))
    const digitsAt = async (address: CodeAddress) => digitsOf(await store.take(address, by(place)))
    expect([await digitsAt(byToken(place)), await digitsAt(session(1))]).toEqual(['222', '111'])
    expect([await digitsAt(session(1)), await digitsAt(session(1))]).toEqual(['111', undefined])
    const rest = [
      await digitsAt(byToken(place)),
      await digitsAt(byToken(place)),
      await digitsAt(byToken(place)),
    ]
    expect(rest).toEqual(['222', '222', undefined])
  })

  test('a token that comes with a new code before the old one is spent has the new one only', async () => {
    const { store } = await open()
    await store.hold(codeAt(byToken(place), { digits: '111', uses: 5 }))
    await store.hold(codeAt(byToken(place), { digits: '222' }))
    expect(digitsOf(await store.take(byToken(place), by(place)))).toBe('222')
    expect(await store.take(byToken(place), by(place))).toBeUndefined()
  })

  test('the wrong token gets nothing and takes nothing away', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1)))
    for (let attempt = 0; attempt < 3; attempt++)
      expect(await store.take(session(1), by(otherPlace))).toBeUndefined()
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
  })

  test('another tenant finds nothing under the same session and takes nothing away', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1)))
    expect(await store.take(session(1, otherTenant), by(place))).toBeUndefined()
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
  })

  test('a code with several uses is taken as often, and not more', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { uses: 3 }))
    for (let use = 0; use < 3; use++) expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('a code without a limit of uses is taken until its time is over', async () => {
    const { store, clock } = await open()
    await store.hold(codeAt(session(1), { uses: unlimitedUses }))
    clock.advance(ttlMs - 1)
    for (let use = 0; use < 50; use++) expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    clock.advance(1)
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('a code is good to the last millisecond of its time', async () => {
    const { store, clock } = await open()
    await store.hold(codeAt(session(1)))
    await store.hold(codeAt(session(2)))
    clock.advance(ttlMs - 1)
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    clock.advance(1)
    expect(await store.take(session(2), by(place))).toBeUndefined()
  })

  test.each([
    ['forwards', minuteMs * 60 * 24],
    ['backwards', -minuteMs * 60 * 24],
  ])('setting the wall clock %s neither ends a code nor lengthens its time', async (_, stepMs) => {
    const { store, clock } = await open()
    await store.hold(codeAt(session(1)))
    await store.hold(codeAt(session(2)))
    clock.step(stepMs)
    clock.advance(ttlMs - 1)
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    clock.advance(1)
    expect(await store.take(session(2), by(place))).toBeUndefined()
  })

  test('a second code at an address replaces the first, with its own time and uses', async () => {
    const { store, clock } = await open()
    await store.hold(codeAt(session(1), { digits: '111', uses: 5 }))
    clock.advance(ttlMs - 1)
    await store.hold(codeAt(session(1), { digits: '222', place: otherPlace }))
    clock.advance(ttlMs - 1)
    expect(await store.take(session(1), by(place))).toBeUndefined()
    expect(digitsOf(await store.take(session(1), by(otherPlace)))).toBe('222')
    expect(await store.take(session(1), by(otherPlace))).toBeUndefined()
  })

  test('a spent address can hold a new code', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { digits: '111' }))
    await store.take(session(1), by(place))
    await store.hold(codeAt(session(1), { digits: '222' }))
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('222')
  })
}

const describeDestinations = (open: Open): void => {
  const other = 'https://other.example'

  test('without a list it goes wherever it is wanted', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { uses: 2 }))
    for (const origin of [shop, other])
      expect(digitsOf(await store.take(session(1), by(place, origin)))).toBe('123')
  })

  test.each([
    ['another host', other],
    ['another port', `${shop}:8443`],
    ['no TLS', 'http://shop.example'],
    ['a longer name', `${shop}.evil.example`],
    ['a shorter name', 'https://shop.exampl'],
    ['a name below it', 'https://a.shop.example'],
    ['nothing', ''],
  ])('%s gets nothing of a code for one origin, and takes no use away', async (_, origin) => {
    const { store } = await open()
    for (const address of [session(1), byToken(place)]) {
      await store.hold(codeAt(address, { destinations: [shop] }))
      for (let attempt = 0; attempt < 3; attempt++)
        expect(await store.take(address, by(place, origin))).toBeUndefined()
      expect(digitsOf(await store.take(address, by(place)))).toBe('123')
    }
  })

  test('each origin of the list gets it, and together they have its uses', async () => {
    const { store } = await open()
    const destinations = Array.from({ length: 10 }, (_, at) => `https://${at}.example`)
    await store.hold(codeAt(session(1), { destinations, uses: 10 }))
    for (const origin of destinations)
      expect(digitsOf(await store.take(session(1), by(place, origin)))).toBe('123')
    expect(await store.take(session(1), by(place, destinations[0]))).toBeUndefined()
  })

  test('with an empty list it goes nowhere', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { destinations: [] }))
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('the right origin is of no use to the wrong token', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { destinations: [shop] }))
    expect(await store.take(session(1), by(otherPlace))).toBeUndefined()
  })

  test('it stays limited when it comes back', async () => {
    const { store } = await open()
    for (const uses of [1, 2]) {
      await store.hold(codeAt(session(1), { destinations: [shop], uses }))
      const taken = await store.take(session(1), by(place))
      expect(taken && (await store.giveBack(taken))).toBe(true)
      expect(await store.take(session(1), by(place, other))).toBeUndefined()
      expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    }
  })

  const ends: readonly (readonly [string, (bench: Bench) => Promise<unknown>])[] = [
    ['was replaced', async () => undefined],
    ['was dropped', ({ store }) => store.drop(session(1))],
    ['lost its token', ({ store }) => store.dropToken(place.tokenId)],
    ['went with those of its tenant', ({ store }) => store.dropTokenOf(tenant, place.tokenId)],
    ['went with all others', ({ store }) => store.dropAll()],
    [
      'was spent and forgotten',
      async ({ store, clock, sweep }) => {
        await store.take(session(1), by(place))
        clock.advance(reservationMs)
        sweep?.()
      },
    ],
    [
      'expired',
      async ({ clock, sweep }) => {
        clock.advance(ttlMs)
        sweep?.()
      },
    ],
  ]
  test.each(ends)('the list of a code that %s says nothing about the next ones', async (_, end) => {
    const bench = await open()
    const { store } = bench
    await store.hold(codeAt(session(1), { destinations: [shop] }))
    await end(bench)
    await store.hold(codeAt(session(1), { digits: '456' }))
    await store.hold(codeAt(session(2), { digits: '789', destinations: [other] }))
    expect(digitsOf(await store.take(session(1), by(place, other)))).toBe('456')
    expect(await store.take(session(2), by(place, shop))).toBeUndefined()
    expect(digitsOf(await store.take(session(2), by(place, other)))).toBe('789')
  })

  test('of callers with either origin at once only those with the right one win', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { destinations: [shop], uses: 3 }))
    const origins = Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? other : shop))
    const taken = await Promise.all(origins.map((origin) => store.take(session(1), by(place, origin))))
    const winners = origins.filter((_, at) => taken[at] !== undefined)
    expect(winners).toEqual([shop, shop, shop])
  })
}

const describeRaces = (open: Open): void => {
  test.each([
    [1, 1_000],
    [5, 1_000],
  ])('with %i uses and %i callers at once exactly that many win', async (uses, callers) => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { uses }))
    const taken = await Promise.all(Array.from({ length: callers }, () => store.take(session(1), by(place))))
    expect(taken.filter((code) => code !== undefined).map(digitsOf)).toEqual(Array(uses).fill('123'))
  })

  test('of many that give back and take again at once no more win than there are uses', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { uses: 2 }))
    const taken = [await store.take(session(1), by(place)), await store.take(session(1), by(place))]
    const returning = Promise.all(taken.map(async (code) => code && (await store.giveBack(code))))
    const later = await Promise.all(Array.from({ length: 100 }, () => store.take(session(1), by(place))))
    expect(await returning).toEqual([true, true])
    const rest = await Promise.all(Array.from({ length: 100 }, () => store.take(session(1), by(place))))
    expect([...later, ...rest].filter((code) => code !== undefined)).toHaveLength(2)
  })
}

const describeGivingBack = (open: Open): void => {
  /** Holds a code and takes its first use. */
  const holdAndTake = async (
    store: CodeStore,
    parts: Parameters<typeof codeAt>[1] = {},
  ): Promise<TakenCode> => {
    await store.hold(codeAt(session(1), parts))
    const taken = await store.take(session(1), by(place))
    if (!taken) throw new Error('a held code was not there')
    return taken
  }

  test('the last use comes back once and can be taken again', async () => {
    const { store } = await open()
    expect(await store.giveBack(await holdAndTake(store))).toBe(true)
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('a code can go out and come back again and again', async () => {
    const { store } = await open()
    let taken = await holdAndTake(store)
    for (let round = 0; round < 5; round++) {
      expect(await store.giveBack(taken)).toBe(true)
      const again = await store.take(session(1), by(place))
      expect(digitsOf(again)).toBe('123')
      taken = again ?? taken
    }
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('one use of several comes back beside those that were left', async () => {
    const { store } = await open()
    expect(await store.giveBack(await holdAndTake(store, { uses: 2 }))).toBe(true)
    for (let use = 0; use < 2; use++) expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('all uses come back, in whatever order', async () => {
    const { store } = await open()
    const first = await holdAndTake(store, { uses: 3 })
    const others = [await store.take(session(1), by(place)), await store.take(session(1), by(place))]
    for (const taken of [...others.toReversed(), first])
      expect(taken && (await store.giveBack(taken))).toBe(true)
    for (let use = 0; use < 3; use++) expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test.each([1, 2])('a use that comes back twice counts once, of %i', async (uses) => {
    const { store } = await open()
    const taken = await holdAndTake(store, { uses })
    expect([await store.giveBack(taken), await store.giveBack(taken)]).toEqual([true, false])
    for (let use = 0; use < uses; use++) expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    expect(await store.take(session(1), by(place))).toBeUndefined()
    expect(await store.giveBack(taken)).toBe(false)
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('a code without a limit of uses stays as it was', async () => {
    const { store } = await open()
    expect(await store.giveBack(await holdAndTake(store, { uses: unlimitedUses }))).toBe(true)
    for (let use = 0; use < 5; use++) expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
  })

  test.each([
    ['less than a reservation', ttlMs],
    ['more than a reservation', 15 * minuteMs],
  ])('a code that has %s comes back with what remains of its time', async (_, longMs) => {
    const { store, clock } = await open()
    await store.hold(codeAt(session(1), { ttlMs: longMs }))
    clock.advance(longMs - 30 * secondMs)
    const taken = await store.take(session(1), by(place))
    clock.advance(20 * secondMs)
    expect(taken && (await store.giveBack(taken))).toBe(true)
    clock.advance(5 * secondMs)
    const again = await store.take(session(1), by(place))
    expect(again && (await store.giveBack(again))).toBe(true)
    clock.advance(5 * secondMs - 1)
    const last = await store.take(session(1), by(place))
    expect(digitsOf(last)).toBe('123')
    // An engine that forgets by a clock of its own may have done so in that millisecond.
    if (last) await store.giveBack(last)
    clock.advance(1)
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test('a code whose time is over does not come back', async () => {
    const { store, clock } = await open()
    for (const uses of [1, 2]) {
      const taken = await holdAndTake(store, { uses })
      clock.advance(ttlMs)
      expect(await store.giveBack(taken)).toBe(false)
      expect(await store.take(session(1), by(place))).toBeUndefined()
    }
  })

  test('a code comes back to the last millisecond of its reservation, and then no more', async () => {
    const { store, clock } = await open()
    const early = await holdAndTake(store, { ttlMs: 15 * minuteMs })
    clock.advance(reservationMs - 1)
    expect(await store.giveBack(early)).toBe(true)
    const late = await holdAndTake(store, { ttlMs: 15 * minuteMs })
    clock.advance(reservationMs)
    expect(await store.giveBack(late)).toBe(false)
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  const ends: readonly (readonly [string, (store: CodeStore) => Promise<unknown>])[] = [
    ['was dropped', (store) => store.drop(session(1))],
    ['lost its token', (store) => store.dropToken(place.tokenId)],
    ['went with those of its tenant', (store) => store.dropTokenOf(tenant, place.tokenId)],
    ['went with all others', (store) => store.dropAll()],
  ]
  test.each(ends)('a code that %s meanwhile does not come back', async (_, end) => {
    const { store } = await open()
    for (const uses of [1, 2, unlimitedUses]) {
      const taken = await holdAndTake(store, { uses })
      await end(store)
      expect(await store.giveBack(taken)).toBe(false)
      expect(await store.take(session(1), by(place))).toBeUndefined()
    }
  })

  test('a code that was replaced meanwhile does not come back, and leaves its successor alone', async () => {
    const { store } = await open()
    for (const uses of [1, 2]) {
      const taken = await holdAndTake(store, { digits: '111', uses })
      await store.hold(codeAt(session(1), { digits: '222' }))
      expect(await store.giveBack(taken)).toBe(false)
      expect(digitsOf(await store.take(session(1), by(place)))).toBe('222')
      expect(await store.giveBack(taken)).toBe(false)
      expect(await store.take(session(1), by(place))).toBeUndefined()
    }
  })

  test('a code that was dropped and held again is another code', async () => {
    const { store } = await open()
    const taken = await holdAndTake(store)
    await store.drop(session(1))
    await store.hold(codeAt(session(1), { digits: '222' }))
    expect(await store.giveBack(taken)).toBe(false)
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('222')
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })
}

const describeUndoing = (open: Open): void => {
  const receiptOf = async (store: CodeStore, held: HeldCode): Promise<HoldReceipt> => {
    const result = await store.hold(held)
    if (!result.ok) throw new Error('a test could not hold a code')
    return result.value
  }
  const everyUses = [1, 2, unlimitedUses]

  test.each(everyUses)('one of which no use went (of %i) takes its code away, once', async (uses) => {
    for (const address of [session(1), byToken(place)]) {
      const { store } = await open()
      const held = await receiptOf(store, codeAt(address, { uses }))
      expect([await store.undoHold(held), await store.undoHold(held)]).toEqual([true, false])
      expect(await store.take(address, by(place))).toBeUndefined()
      expect(await store.dropToken(place.tokenId)).toBe(false)
    }
  })

  test.each([1, 2, 3])('one of which a use is on its way (of %i) ends it, and says so', async (uses) => {
    const { store } = await open()
    const held = await receiptOf(store, codeAt(session(1), { uses }))
    const taken = await store.take(session(1), by(place))
    expect(await store.undoHold(held)).toBe(false)
    expect(taken && (await store.giveBack(taken))).toBe(false)
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  test.each(everyUses)('one of which a use came back (of %i) is as if it had never gone', async (uses) => {
    const { store } = await open()
    const held = await receiptOf(store, codeAt(session(1), { uses }))
    const taken = await store.take(session(1), by(place))
    if (taken) await store.giveBack(taken)
    expect(await store.undoHold(held)).toBe(true)
    expect(await store.take(session(1), by(place))).toBeUndefined()
  })

  const ends: readonly (readonly [string, (bench: Bench) => Promise<unknown>])[] = [
    ['was replaced', async () => undefined],
    ['was spent', ({ store }) => store.take(session(1), by(place))],
    ['was dropped', ({ store }) => store.drop(session(1))],
    ['lost its token', ({ store }) => store.dropToken(place.tokenId)],
    ['went with those of its tenant', ({ store }) => store.dropTokenOf(tenant, place.tokenId)],
    ['went with all others', ({ store }) => store.dropAll()],
    [
      'expired',
      async ({ clock, sweep }) => {
        clock.advance(ttlMs)
        sweep?.()
      },
    ],
  ]
  test.each(ends)('one whose code %s leaves alone what others held there since', async (_, end) => {
    const bench = await open()
    const { store } = bench
    for (const uses of [1, 2]) {
      const held = await receiptOf(store, codeAt(session(1), { digits: '111' }))
      await end(bench)
      await store.hold(codeAt(session(1), { digits: '222', uses }))
      expect(await store.undoHold(held)).toBe(false)
      for (let use = 0; use < uses; use++)
        expect(digitsOf(await store.take(session(1), by(place)))).toBe('222')
      expect(await store.take(session(1), by(place))).toBeUndefined()
    }
  })

  test.each(ends.slice(1))('one whose code %s says so, swept or not', async (_, end) => {
    const bench = await open()
    const held = await receiptOf(bench.store, codeAt(session(1)))
    await end({ ...bench, sweep: () => undefined })
    expect(await bench.store.undoHold(held)).toBe(false)
    expect(await bench.store.take(session(1), by(place))).toBeUndefined()
  })

  test('leaves room for exactly one', async () => {
    const { store } = await open(1)
    const held = await receiptOf(store, codeAt(session(1)))
    await store.undoHold(held)
    expect((await store.hold(codeAt(session(2)))).ok).toBe(true)
    expect((await store.hold(codeAt(session(3)))).ok).toBe(false)
  })

  test.each([1, 3])(
    'at once with many that take it says that all was there, or some won (of %i)',
    async (uses) => {
      const { store } = await open()
      for (const before of [0, 1, 50]) {
        const held = await receiptOf(store, codeAt(session(1), { uses }))
        const takeMany = (count: number) =>
          Promise.all(Array.from({ length: count }, () => store.take(session(1), by(place))))
        const [first, undone, then] = await Promise.all([
          takeMany(before),
          store.undoHold(held),
          takeMany(50),
        ])
        const won = [...first, ...then].filter((code) => code !== undefined).length
        expect(undone).toBe(won === 0)
        expect(await store.take(session(1), by(place))).toBeUndefined()
      }
    },
  )
}

const describeDropping = (open: Open): void => {
  test('a code that is dropped is gone, and only that one', async () => {
    const { store } = await open()
    await store.hold(codeAt(session(1), { uses: 2 }))
    await store.hold(codeAt(session(2)))
    expect(await store.drop(session(1))).toBe(true)
    expect(await store.take(session(1), by(place))).toBeUndefined()
    expect(digitsOf(await store.take(session(2), by(place)))).toBe('123')
  })

  test('where nothing is held, dropping says so', async () => {
    const { store, clock } = await open()
    const sayNothing = async (address: CodeAddress): Promise<void> => {
      expect(await store.drop(address)).toBe(false)
      expect(await store.dropTokenOf(tenant, place.tokenId)).toBe(false)
      expect(await store.dropToken(place.tokenId)).toBe(false)
    }
    await sayNothing(session(1))
    await sayNothing(byToken(place))

    await store.hold(codeAt(session(1)))
    await store.take(session(1), by(place))
    await sayNothing(session(1))

    await store.hold(codeAt(session(2)))
    clock.advance(ttlMs)
    await sayNothing(session(2))
  })

  test.each([
    ['by its session', session(1), session(1, otherTenant)],
    ['by its token', byToken(place), byToken(place, otherTenant)],
  ])('another tenant cannot drop a code %s', async (_, address, another) => {
    const { store } = await open()
    await store.hold(codeAt(address))
    expect(await store.drop(another)).toBe(false)
    expect(await store.dropTokenOf(otherTenant, place.tokenId)).toBe(false)
    expect(digitsOf(await store.take(address, by(place)))).toBe('123')
  })

  test('the code that a token holds of a tenant is dropped by itself', async () => {
    const { store } = await open()
    const others: readonly CodeAddress[] = [session(1), byToken(place, otherTenant)]
    for (const address of [byToken(place), ...others]) await store.hold(codeAt(address))
    expect(await store.drop(byToken(place))).toBe(true)
    expect(await store.take(byToken(place), by(place))).toBeUndefined()
    for (const address of others) expect(digitsOf(await store.take(address, by(place)))).toBe('123')
  })

  /** Codes that came with one token and with another, of two tenants, by either address. */
  const holdMany = async (store: CodeStore): Promise<void> => {
    for (const tenantId of [tenant, otherTenant]) {
      await store.hold(codeAt(session(1, tenantId), { tenantId }))
      await store.hold(codeAt(byToken(place, tenantId), { tenantId }))
    }
    await store.hold(codeAt(session(3), { place: otherPlace }))
    await store.hold(codeAt(byToken(otherPlace), { place: otherPlace }))
  }

  const takeMany = async (
    store: CodeStore,
    addresses: readonly CodeAddress[],
    taker = place,
  ): Promise<readonly unknown[]> =>
    Promise.all(addresses.map(async (address) => digitsOf(await store.take(address, by(taker)))))

  const mine = [session(1), byToken(place)]
  const theirs = [session(1, otherTenant), byToken(place, otherTenant)]
  const ofOtherToken = [session(3), byToken(otherPlace)]

  test('a token drops every code that came with it, by whatever address and of every tenant, and no other', async () => {
    const { store } = await open()
    await holdMany(store)
    expect(await store.dropToken(place.tokenId)).toBe(true)
    expect(await takeMany(store, [...mine, ...theirs])).toEqual([undefined, undefined, undefined, undefined])
    expect(await takeMany(store, ofOtherToken, otherPlace)).toEqual(['123', '123'])
    expect(await store.dropToken(place.tokenId)).toBe(false)
  })

  test('a tenant drops every code of its own that came with a token, and no other', async () => {
    const { store } = await open()
    await holdMany(store)
    expect(await store.dropTokenOf(tenant, place.tokenId)).toBe(true)
    expect(await takeMany(store, mine)).toEqual([undefined, undefined])
    expect(await store.dropTokenOf(tenant, place.tokenId)).toBe(false)
    expect(await takeMany(store, theirs)).toEqual(['123', '123'])
    expect(await takeMany(store, ofOtherToken, otherPlace)).toEqual(['123', '123'])
  })

  test('what a tenant left of a token goes with the token', async () => {
    const { store } = await open()
    await holdMany(store)
    await store.dropTokenOf(tenant, place.tokenId)
    expect(await store.dropToken(place.tokenId)).toBe(true)
    expect(await takeMany(store, theirs)).toEqual([undefined, undefined])
  })

  test('dropping all leaves nothing', async () => {
    const { store } = await open()
    const addresses = [session(1), session(2, otherTenant), byToken(place)]
    for (const address of addresses) await store.hold(codeAt(address, { uses: 2 }))
    await store.take(session(1), by(place))
    await store.dropAll()
    for (const address of addresses) expect(await store.take(address, by(place))).toBeUndefined()
    await store.hold(codeAt(session(1)))
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
  })
}

const describeAsking = (open: Open): void => {
  test('is said as often as it is asked, and uses nothing up', async () => {
    const { store } = await open()
    await store.hold(codeAt(byToken(place)))
    for (let turn = 0; turn < 3; turn++) expect(await store.isHeldBy(byToken(place))).toBe(true)
    expect(digitsOf(await store.take(byToken(place), by(place)))).toBe('123')
  })

  test('is not so where there is none, or one of another token or tenant, or one for a session', async () => {
    const { store } = await open()
    expect(await store.isHeldBy(byToken(place))).toBe(false)
    await store.hold(codeAt(byToken(otherPlace), { place: otherPlace }))
    await store.hold(codeAt(byToken(place, otherTenant), { tenantId: otherTenant }))
    await store.hold(codeAt(session(1)))
    expect(await store.isHeldBy(byToken(place))).toBe(false)
  })

  test('is so until its last use is taken, and again once that came back', async () => {
    const { store } = await open()
    await store.hold(codeAt(byToken(place), { uses: 2 }))
    await store.take(byToken(place), by(place))
    expect(await store.isHeldBy(byToken(place))).toBe(true)
    const taken = await store.take(byToken(place), by(place))
    expect(await store.isHeldBy(byToken(place))).toBe(false)
    if (taken) await store.giveBack(taken)
    expect(await store.isHeldBy(byToken(place))).toBe(true)
  })

  const ends: readonly (readonly [string, (bench: Bench) => Promise<unknown>])[] = [
    ['was dropped', ({ store }) => store.drop(byToken(place))],
    ['lost its token', ({ store }) => store.dropToken(place.tokenId)],
    ['went with those of its tenant', ({ store }) => store.dropTokenOf(tenant, place.tokenId)],
    ['went with all others', ({ store }) => store.dropAll()],
    ['expired', async ({ clock }) => clock.advance(ttlMs)],
  ]
  test.each(ends)('is not so of a code that %s, swept or not', async (_, end) => {
    const bench = await open()
    await bench.store.hold(codeAt(byToken(place)))
    await end(bench)
    expect(await bench.store.isHeldBy(byToken(place))).toBe(false)
    bench.sweep?.()
    expect(await bench.store.isHeldBy(byToken(place))).toBe(false)
  })

  test('is so to the last millisecond of its time', async () => {
    const { store, clock } = await open()
    await store.hold(codeAt(byToken(place)))
    clock.advance(ttlMs - 1)
    expect(await store.isHeldBy(byToken(place))).toBe(true)
  })
}

const describeLimit = (open: Open): void => {
  const tooMany = { ok: false, error: { type: 'TooManyCodes' } }

  const isHeld = async (store: CodeStore, held: HeldCode): Promise<boolean> => (await store.hold(held)).ok

  test('one tenant reaches it, another does not', async () => {
    const { store } = await open(2)
    expect(await isHeld(store, codeAt(session(1)))).toBe(true)
    expect(await isHeld(store, codeAt(session(2)))).toBe(true)
    expect(await store.hold(codeAt(session(3)))).toEqual(tooMany)
    expect(await isHeld(store, codeAt(session(3, otherTenant), { tenantId: otherTenant }))).toBe(true)
  })

  test('a code that was refused is not there, and those that are stay', async () => {
    const { store } = await open(1)
    await store.hold(codeAt(session(1)))
    expect(await store.hold(codeAt(session(2)))).toEqual(tooMany)
    expect(await store.take(session(2), by(place))).toBeUndefined()
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
  })

  test('a code that replaces another needs no room', async () => {
    const { store } = await open(1)
    await store.hold(codeAt(session(1), { digits: '111' }))
    expect(await isHeld(store, codeAt(session(1), { digits: '222' }))).toBe(true)
    expect(await store.hold(codeAt(session(2)))).toEqual(tooMany)
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('222')
  })

  const ends: readonly (readonly [string, (bench: Bench) => Promise<unknown>])[] = [
    ['was spent', ({ store }) => store.take(session(1), by(place))],
    ['was dropped', ({ store }) => store.drop(session(1))],
    ['lost its token', ({ store }) => store.dropToken(place.tokenId)],
    ['went with those of its tenant', ({ store }) => store.dropTokenOf(tenant, place.tokenId)],
    ['went with all others', ({ store }) => store.dropAll()],
    [
      'expired',
      async ({ clock, sweep }) => {
        clock.advance(ttlMs)
        sweep?.()
      },
    ],
  ]
  test.each(ends)('a code that %s leaves room for exactly one', async (_, end) => {
    const bench = await open(1)
    await bench.store.hold(codeAt(session(1)))
    expect(await bench.store.hold(codeAt(session(2)))).toEqual(tooMany)
    await end(bench)
    bench.sweep?.()
    expect(await isHeld(bench.store, codeAt(session(2)))).toBe(true)
    expect(await bench.store.hold(codeAt(session(3)))).toEqual(tooMany)
  })

  test('a code with uses left still counts', async () => {
    const { store } = await open(1)
    await store.hold(codeAt(session(1), { uses: 2 }))
    await store.take(session(1), by(place))
    expect(await store.hold(codeAt(session(2)))).toEqual(tooMany)
  })

  test('a code comes back although another has its room, and counts again', async () => {
    const { store } = await open(1)
    await store.hold(codeAt(session(1)))
    const taken = await store.take(session(1), by(place))
    expect(await isHeld(store, codeAt(session(2)))).toBe(true)
    expect(taken && (await store.giveBack(taken))).toBe(true)
    await store.take(session(2), by(place))
    expect(await store.hold(codeAt(session(3)))).toEqual(tooMany)
    expect(digitsOf(await store.take(session(1), by(place)))).toBe('123')
    expect(await isHeld(store, codeAt(session(3)))).toBe(true)
  })
}
