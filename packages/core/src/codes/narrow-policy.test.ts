import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { minuteMs } from '../kernel/time.ts'
import { checkPolicyLimits, narrowPolicy } from './narrow-policy.ts'
import { type CodePolicy, defaultPolicies, policyLimits, testSessionPolicy, unlimitedUses } from './policy.ts'

const [a, b, c] = ['https://a.example', 'https://b.example', 'https://c.example'] as const

const base: CodePolicy = { hold: true, ttlMs: 90_000, uses: 2, destinations: [a, b] }

test('a wish for nothing leaves the policy as it is', () => {
  expect(narrowPolicy(base, {})).toEqual({ ok: true, value: base })
})

describe('a narrower wish is granted:', () => {
  test.each<readonly [string, Partial<CodePolicy>]>([
    ['a shorter time', { ttlMs: 1_000 }],
    ['the same time', { ttlMs: 90_000 }],
    ['fewer uses', { uses: 1 }],
    ['as many uses', { uses: 2 }],
    ['not to hold', { hold: false }],
    ['to hold, as it is done anyway', { hold: true }],
    ['fewer destinations', { destinations: [b] }],
    ['the same destinations in another order', { destinations: [b, a] }],
    ['no destination', { destinations: [] }],
    ['all at once', { hold: false, ttlMs: 1, uses: 1, destinations: [a] }],
  ])('%s', (_, wish) => {
    expect(narrowPolicy(base, wish)).toEqual({ ok: true, value: { ...base, ...wish } })
  })

  test('destinations where the policy has no list', () => {
    const open = { ...base, destinations: undefined }
    expect(narrowPolicy(open, { destinations: [c] })).toEqual({
      ok: true,
      value: { ...open, destinations: [c] },
    })
  })

  test('a number of uses where the policy has no limit', () => {
    expect(narrowPolicy(testSessionPolicy, { uses: 5 })).toMatchObject({ ok: true, value: { uses: 5 } })
    expect(narrowPolicy(testSessionPolicy, { uses: unlimitedUses })).toMatchObject({ ok: true })
  })
})

describe('a wider wish is refused, and names the setting:', () => {
  test.each<readonly [keyof CodePolicy, string, Partial<CodePolicy>]>([
    ['ttlMs', 'a longer time', { ttlMs: 90_001 }],
    ['uses', 'more uses', { uses: 3 }],
    ['uses', 'as many uses as wanted', { uses: unlimitedUses }],
    ['destinations', 'another destination', { destinations: [c] }],
    ['destinations', 'one destination more', { destinations: [a, b, c] }],
    ['destinations', 'one that only begins alike', { destinations: [`${a}:8443`] }],
    ['ttlMs', 'beside what is narrower', { hold: false, uses: 1, ttlMs: 90_001 }],
  ])('%s, for %s', (setting, _, wish) => {
    expect(narrowPolicy(base, wish)).toEqual({ ok: false, error: setting })
  })

  test('to hold where codes are not held', () => {
    const off = { ...base, hold: false }
    expect(narrowPolicy(off, { hold: true })).toEqual({ ok: false, error: 'hold' })
    expect(narrowPolicy(off, { ttlMs: 1_000 })).toMatchObject({ ok: true, value: { hold: false } })
  })

  test('more destinations than may be kept for a code', () => {
    const origins = Array.from({ length: policyLimits.destinations + 1 }, (_, at) => `https://${at}.example`)
    const open = { ...base, destinations: undefined }
    expect(narrowPolicy(open, { destinations: origins })).toEqual({ ok: false, error: 'destinations' })
    expect(narrowPolicy(open, { destinations: origins.slice(1) }).ok).toBe(true)
  })
})

test('whatever is wished, what is granted is nowhere wider, and a wish for less is never refused', () => {
  const policies = fc.record({
    hold: fc.boolean(),
    ttlMs: fc.integer({ min: 1, max: 5 }),
    uses: fc.integer({ min: 0, max: 4 }),
    destinations: fc.option(fc.subarray([a, b, c]), { nil: undefined }),
  })
  const most = ({ uses }: CodePolicy): number => uses || Number.POSITIVE_INFINITY
  const isWithin = (policy: CodePolicy, limit: CodePolicy): boolean =>
    (limit.hold || !policy.hold) &&
    policy.ttlMs <= limit.ttlMs &&
    most(policy) <= most(limit) &&
    (limit.destinations === undefined ||
      (policy.destinations ?? [a, b, c, 'any']).every((origin) => limit.destinations?.includes(origin)))
  fc.assert(
    fc.property(policies, policies, (limit, wish) => {
      const wished = { ...wish, destinations: wish.destinations ?? limit.destinations }
      const narrowed = narrowPolicy(limit, wish)
      expect(narrowed.ok).toBe(isWithin(wished, limit))
      if (narrowed.ok) expect(narrowed.value).toEqual(wished)
    }),
    { seed: 1, numRuns: 2_000 },
  )
})

describe('of what any tenant may have', () => {
  const most = { hold: true, ttlMs: policyLimits.ttlMs, uses: policyLimits.uses, destinations: undefined }

  test('the most is granted, and every default is within', () => {
    for (const policy of [most, ...Object.values(defaultPolicies)])
      expect(checkPolicyLimits(policy)).toEqual({ ok: true, value: policy })
  })

  test.each<readonly [keyof CodePolicy, Partial<CodePolicy>]>([
    ['ttlMs', { ttlMs: 60 * minuteMs + 1 }],
    ['uses', { uses: 11 }],
    ['uses', { uses: unlimitedUses }],
    ['destinations', { destinations: Array.from({ length: 11 }, (_, at) => `https://${at}.example`) }],
  ])('more is refused: %s', (setting, parts) => {
    expect(checkPolicyLimits({ ...most, ...parts })).toEqual({ ok: false, error: setting })
  })
})
