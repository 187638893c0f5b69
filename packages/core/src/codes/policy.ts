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
  /** Origins that the code may be sent to; `undefined`: wherever the tenant may send. */
  readonly destinations: readonly string[] | undefined
}

/** A test session, made by an endpoint for tests, can be used as often as wanted. */
export const unlimitedUses = 0

/** One table of defaults. wire: ozura §cvc sessions, verified; hellgate §import, verifone §put: inferred. */
export const defaultPolicies = {
  ozura: { hold: true, ttlMs: 90 * secondMs, uses: 1, destinations: undefined },
  hellgate: { hold: true, ttlMs: 15 * minuteMs, uses: 1, destinations: undefined },
  verifone: { hold: true, ttlMs: 15 * minuteMs, uses: 1, destinations: undefined },
} as const satisfies Record<Exclude<Dialect, 'pismo'>, CodePolicy>

/** What holds for the codes of a tenant that come by a dialect: its own policy, or the dialect's default. */
export const policyOf = (
  { codePolicy }: { readonly codePolicy: CodePolicy | undefined },
  dialect: keyof typeof defaultPolicies,
): CodePolicy => codePolicy ?? defaultPolicies[dialect]

export const testSessionPolicy: CodePolicy = {
  hold: true,
  ttlMs: yearMs,
  uses: unlimitedUses,
  destinations: undefined,
}

/** The most that a tenant's policy may allow. Each origin costs memory for every code that is held. */
export const policyLimits = { ttlMs: 60 * minuteMs, uses: 10, destinations: 10 }
