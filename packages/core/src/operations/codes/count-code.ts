import { marksOfRefresh } from '../../codes/guesses.ts'
import type { TokenId } from '../../kernel/ids.ts'
import { done, type Result, refuse } from '../../kernel/result.ts'
import type { GuessLimits } from '../../ports.ts'
import type { Caller } from '../caller.ts'

export interface TooManyGuesses {
  readonly type: 'TooManyGuesses'
  readonly retryAfterSeconds: number
}

/** Counts one code as a guess at a token's, once for each token, however many attempts it takes to hold it. */
export type CodeCount = (tokenId: TokenId) => Promise<Result<void, TooManyGuesses>>

export const countCode = (guesses: GuessLimits, { principal }: Pick<Caller, 'principal'>): CodeCount => {
  const counted = new Set<TokenId>()
  return async (tokenId) => {
    if (counted.has(tokenId)) return done
    const marks = marksOfRefresh({ tenantId: principal.tenant.id, tokenId })
    const retryAfterSeconds = await guesses.waitSeconds(marks)
    if (retryAfterSeconds !== undefined) return refuse({ type: 'TooManyGuesses', retryAfterSeconds })
    counted.add(tokenId)
    await guesses.failed(marks)
    return done
  }
}
