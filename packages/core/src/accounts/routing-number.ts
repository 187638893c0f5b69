import { ok, type Result, refuse } from '../kernel/result.ts'
import type { RoutingNumber } from './account.ts'

const digits = /^\d{9}$/
/** One for each digit (ABA Routing Number Policy, check digit: modulus 10, weights 3, 7, 1). */
const weights = [3, 7, 1, 3, 7, 1, 3, 7, 1]
const nobodys = '000000000'

/** Nine digits of which the last is the check digit of the others. */
export const parseRoutingNumber = (
  text: string,
): Result<RoutingNumber, { readonly type: 'InvalidRoutingNumber' }> => {
  if (!digits.test(text) || text === nobodys || weigh(text) % 10 !== 0)
    return refuse({ type: 'InvalidRoutingNumber' })
  return ok(text as RoutingNumber)
}

const weigh = (text: string): number =>
  weights.reduce((sum, weight, at) => sum + weight * Number(text[at]), 0)
