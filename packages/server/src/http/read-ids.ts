import type { Refusal } from '@cardkeep/core/errors'
import { parseId, type SessionId, type TokenId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { parseToken } from '@cardkeep/core/tokens/spelling'

/* Whatever is no id is the id of nothing: it is refused as one that is not there, and not as a wrong value. */

/** In any of a token's spellings. */
export const readTokenId = (text = ''): Result<TokenId, Refusal> => {
  const id = parseToken(text)
  return id ? ok(id) : refuse({ type: 'TokenNotFound' })
}

/** Of the session in which a code is held. */
export const readCodeSessionId = (text: string): Result<SessionId, Refusal> => {
  const id = parseId<SessionId>(text)
  return id ? ok(id) : refuse({ type: 'CodeNotHeld' })
}
