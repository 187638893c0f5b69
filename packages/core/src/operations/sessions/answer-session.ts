import { marksOfPayload } from '../../codes/guesses.ts'
import type { Refusal } from '../../errors.ts'
import type { CaptureId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { GuessLimits, Store } from '../../ports.ts'
import type {
  CaptureSession,
  CaptureWish,
  FoundSession,
  SessionClaim,
} from '../../sessions/capture-session.ts'
import type { Caller, Visitor } from '../caller.ts'
import { findSession } from './find-session.ts'
import { type SettlingPorts, settleSession } from './settle-session.ts'
import { type SealedAnswer, type TakingPorts, takeAnswer } from './take-answer.ts'

export type AnsweringPorts = TakingPorts & SettlingPorts & { readonly guesses: GuessLimits }

export interface AnswerSession extends SealedAnswer {
  readonly id: CaptureId
  /** Which question it answers; one that was not asked is refused, and nothing is counted. */
  readonly answers: CaptureWish['type']
}

/**
 * Takes a browser's answer to a session and says how the session stands afterwards. It is answered once: of several that
 * come at once one is looked at, and the others are told that it is. wire: hellgate §complete-action, inferred
 *
 * If the vault dies between what it writes and the end of the session, the claim runs out and the session is open again:
 * a card may then get a second token, and a code is written once more.
 */
export const answerSession = async (
  ports: AnsweringPorts,
  visitor: Visitor,
  command: AnswerSession,
): Promise<Result<FoundSession, Refusal>> => {
  const found = await findSession(ports, visitor, command.id)
  if (!found.ok) return found
  if (found.value.session.wish.type !== command.answers)
    return refuse({ type: 'InvalidField', field: 'action' })
  // How it stands costs nothing to tell; only what would be opened has to wait.
  if (found.value.state.type !== 'open') return found
  const retryAfterSeconds = await ports.guesses.waitSeconds(marksOfPayload(visitor))
  if (retryAfterSeconds !== undefined) return refuse({ type: 'TooManyGuesses', retryAfterSeconds })
  const claim = await ports.sessions.claim(command.id)
  if (!claim) return refuse({ type: 'SessionNotFound' })
  return claim.type === 'claimed' ? answerClaimed(ports, visitor, command, claim) : ok(claim)
}

const answerClaimed = async (
  ports: AnsweringPorts,
  visitor: Visitor,
  command: AnswerSession,
  claim: SessionClaim,
): Promise<Result<FoundSession, Refusal>> => {
  let isSettled = false
  try {
    const caller = await actFor(ports.store, claim.session, visitor)
    const settlement = await takeAnswer(ports, caller, claim, command)
    // Also where it was not its fault: opening it was work.
    if (settlement.type !== 'end') await ports.guesses.failed(marksOfPayload(visitor))
    isSettled = true
    return await settleSession(ports, caller, claim, settlement)
  } finally {
    // Whatever was thrown is the answer; a claim that stays runs out by itself.
    if (!isSettled) await ports.sessions.release(claim).catch(() => undefined)
  }
}

/** The browser as a caller: on behalf of whoever opened the session, and with no permission but to answer it. */
const actFor = async (
  store: Store,
  { tenantId, openedBy, ref }: CaptureSession,
  visitor: Visitor,
): Promise<Caller> => {
  const tenant = await store.tenant(tenantId)
  // Precondition: tenants are never removed.
  if (!tenant) throw new Error('a session of a tenant that is not there')
  const principal = { tenant, credentialId: openedBy, permissions: [] }
  return { requestId: visitor.requestId, origin: visitor.origin, principal, captureRef: ref }
}
