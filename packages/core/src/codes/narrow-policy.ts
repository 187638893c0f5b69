import { ok, type Result, refuse } from '../kernel/result.ts'
import { type CodePolicy, policyLimits, unlimitedUses } from './policy.ts'

/**
 * The policy with what is wished in its place, or the setting that would be wider than the policy has it. A wider wish
 * is refused and not cut down: a caller that believes in two uses must not find out at the second.
 */
export const narrowPolicy = (
  base: CodePolicy,
  wish: Partial<CodePolicy>,
): Result<CodePolicy, keyof CodePolicy> => {
  const wished: CodePolicy = {
    hold: wish.hold ?? base.hold,
    ttlMs: wish.ttlMs ?? base.ttlMs,
    uses: wish.uses ?? base.uses,
    destinations: wish.destinations ?? base.destinations,
  }
  const tooWide = settings.find((setting) => isWider[setting](wished, base))
  return tooWide ? refuse(tooWide) : ok(wished)
}

/** The setting that goes beyond what any tenant may have, if one does. */
export const checkPolicyLimits = (policy: CodePolicy): Result<CodePolicy, keyof CodePolicy> =>
  narrowPolicy({ ...policyLimits, hold: true, destinations: undefined }, policy)

const settings = ['hold', 'ttlMs', 'uses', 'destinations'] as const

const isWider: {
  readonly [Setting in keyof CodePolicy]: (wished: CodePolicy, base: CodePolicy) => boolean
} = {
  hold: (wished, base) => wished.hold && !base.hold,
  ttlMs: (wished, base) => wished.ttlMs > base.ttlMs,
  uses: (wished, base) => usesOf(wished) > usesOf(base),
  destinations: ({ destinations: wished }, { destinations: base }) => {
    if (wished === undefined) return false
    if (wished.length > policyLimits.destinations) return true
    return base !== undefined && !wished.every((origin) => base.includes(origin))
  },
}

const usesOf = ({ uses }: CodePolicy): number => (uses === unlimitedUses ? Number.POSITIVE_INFINITY : uses)
