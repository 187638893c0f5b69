import { marksOfVisitor } from '../../codes/guesses.ts'
import type { Refusal } from '../../errors.ts'
import type { CaptureId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { GuessLimits, SessionStore } from '../../ports.ts'
import type { FoundSession } from '../../sessions/capture-session.ts'
import type { Visitor } from '../caller.ts'

export type FindingPorts = { readonly sessions: SessionStore; readonly guesses: GuessLimits }

/**
 * A session by its id, for whoever knows it. An address that asks for many that are not there is told to wait in the place
 * of not found; one that is there is found all the same, because many may share an address with whoever tries.
 */
export const findSession = async (
  { sessions, guesses }: FindingPorts,
  visitor: Visitor,
  id: CaptureId,
): Promise<Result<FoundSession, Refusal>> => {
  const found = await sessions.find(id)
  if (found) return ok(found)
  const marks = marksOfVisitor(visitor)
  const retryAfterSeconds = await guesses.waitSeconds(marks)
  if (retryAfterSeconds !== undefined) return refuse({ type: 'TooManyGuesses', retryAfterSeconds })
  await guesses.failed(marks)
  return refuse({ type: 'SessionNotFound' })
}
