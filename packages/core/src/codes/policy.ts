import { minuteMs, secondMs, yearMs } from '../kernel/time.ts'

/** The four APIs that the vault speaks. */
export type Dialect = 'ozura' | 'hellgate' | 'verifone' | 'pismo'

/** For how long and how often a security code may be used. */
export interface CodePolicy {
  /** `false`: codes are never held; a card that comes with one is kept and the code forgotten at once. */
  readonly hold: boolean
  readonly ttlMs: number
  /** How many forwards may carry the code. */
  readonly uses: number
}

/** A test session, made by an endpoint for tests, can be used as often as wanted. */
export const unlimitedUses = 0

/** One table of defaults. wire: ozura, "Session Lifecycle" (90 seconds, once; test: one year, reusable), verified. */
export const defaultPolicies = {
  ozura: { hold: true, ttlMs: 90 * secondMs, uses: 1 },
  hellgate: { hold: true, ttlMs: 15 * minuteMs, uses: 1 },
  verifone: { hold: true, ttlMs: 15 * minuteMs, uses: 1 },
} as const satisfies Record<Exclude<Dialect, 'pismo'>, CodePolicy>

export const testSessionPolicy: CodePolicy = { hold: true, ttlMs: yearMs, uses: unlimitedUses }

/** The most that a tenant's policy may allow. */
export const policyLimits = { ttlMs: 60 * minuteMs, uses: 10 }
