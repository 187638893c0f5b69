import { type Refusal, UnavailableError } from '../../errors.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Clock, Readiness, SessionStore, Store } from '../../ports.ts'
import type {
  CaptureFailure,
  FoundSession,
  SessionClaim,
  SessionEnd,
} from '../../sessions/capture-session.ts'
import { auditOf, type Caller } from '../caller.ts'

export type SettlingPorts = {
  readonly store: Store
  readonly sessions: SessionStore
  readonly clock: Clock
  readonly readiness: Pick<Readiness, 'auditFailed'>
}

/** How an answer went. */
export type Settlement =
  | { readonly type: 'end'; readonly end: SessionEnd }
  /** The answer was no good, and that is counted. */
  | { readonly type: 'fail'; readonly refusal: Refusal }
  /** The vault could not take it now: it may come again as it is. */
  | { readonly type: 'release'; readonly refusal: Refusal }

/** Brings a session that was answered into its next state, and tells that state or why it is open as before. */
export const settleSession = async (
  ports: SettlingPorts,
  caller: Caller,
  claim: SessionClaim,
  settlement: Settlement,
): Promise<Result<FoundSession, Refusal>> => {
  switch (settlement.type) {
    case 'end':
      return end(ports, caller, claim, settlement.end)
    case 'fail':
      return fail(ports, caller, claim, settlement.refusal)
    case 'release':
      await ports.sessions.release(claim)
      return refuse(settlement.refusal)
  }
}

/**
 * What was answered is so, whatever becomes of the session: where its claim has run out, or its store cannot be reached,
 * it opens again by itself and can be answered once more.
 */
const end = async (
  ports: SettlingPorts,
  caller: Caller,
  claim: SessionClaim,
  how: SessionEnd,
): Promise<Result<FoundSession, Refusal>> => {
  await ports.sessions.end(claim, how).catch(ignoreOutage)
  if (how.type === 'failure') await auditFailure(ports, caller, claim, how.reason)
  return ok({ type: 'found', session: claim.session, state: { type: 'ended', end: how } })
}

/** The last failure that is allowed is answered with the end of the session, as every later answer will be. */
const fail = async (
  ports: SettlingPorts,
  caller: Caller,
  claim: SessionClaim,
  refusal: Refusal,
): Promise<Result<FoundSession, Refusal>> => {
  const state = await ports.sessions.fail(claim)
  if (state?.type !== 'ended') return refuse(refusal)
  if (state.end.type === 'failure') await auditFailure(ports, caller, claim, state.end.reason)
  return ok({ type: 'found', session: claim.session, state })
}

/** It has ended, written down or not. */
const auditFailure = async (
  { store, clock, readiness }: SettlingPorts,
  caller: Caller,
  { session }: SessionClaim,
  reason: CaptureFailure,
): Promise<void> => {
  const subject = { type: 'session', id: session.ref } as const
  try {
    await store.commit([auditOf(caller, clock.now(), 'session.failed', 'failure', subject, { reason })])
  } catch {
    readiness.auditFailed()
  }
}

const ignoreOutage = (error: unknown): void => {
  if (!(error instanceof UnavailableError)) throw error
}
