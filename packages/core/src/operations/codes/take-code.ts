import { marksOf } from '../../codes/guesses.ts'
import type { CodeAddress, TakenCode } from '../../codes/held-code.ts'
import type { Refusal } from '../../errors.ts'
import type { SessionId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { CodeStore, GuessLimits } from '../../ports.ts'
import type { CardPlace } from '../../tokens/place.ts'
import type { Caller } from '../caller.ts'

type Ports = { readonly codes: CodeStore; readonly guesses: GuessLimits }

export interface CodeWish {
  readonly place: CardPlace
  /** Where the code is held; without it, the code that the token holds of this tenant, if any. */
  readonly sessionId: SessionId | undefined
  /** The origin that it would be sent to. */
  readonly destination: string
}

/**
 * Takes a code for one forward. Whoever asked too often for codes that are not held has to wait first. A code
 * serves only the token that it came with. wire: ozura §cvc sessions, inferred
 */
export const takeCode = async (
  { codes, guesses }: Ports,
  caller: Caller,
  { place, sessionId, destination }: CodeWish,
): Promise<Result<TakenCode, Refusal>> => {
  const tenantId = caller.principal.tenant.id
  const marks = marksOf({ tenantId, tokenId: place.tokenId, sessionId, origin: caller.origin })
  const retryAfterSeconds = await guesses.waitSeconds(marks)
  if (retryAfterSeconds !== undefined) return refuse({ type: 'TooManyGuesses', retryAfterSeconds })
  const address: CodeAddress = sessionId
    ? { type: 'session', tenantId, sessionId }
    : { type: 'token', tenantId, tokenId: place.tokenId }
  const taken = await codes.take(address, { place, destination })
  if (taken) return ok(taken)
  await guesses.failed(marks)
  return refuse({ type: sessionId ? 'CodeNotHeld' : 'CodeRequired' })
}
