import { issuerNumberOf } from '../../cards/issuer-number.ts'
import type { Change } from '../../changes.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { CaptureId, CaptureRef, TokenId } from '../../kernel/ids.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { CardCipher, Clock, Ids, SessionKeys, SessionStore, Store } from '../../ports.ts'
import type { CaptureCard, CaptureSession, CaptureWish } from '../../sessions/capture-session.ts'
import { needsCard } from '../../tokens/instrument.ts'
import { type Alongside, none } from '../alongside.ts'
import { auditOf, type Caller } from '../caller.ts'
import { commitOrUndo } from '../commit-or-undo.ts'
import { type FoundCard, findCard } from '../tokens/find-card.ts'

export type OpeningPorts = {
  readonly store: Store
  readonly sessions: SessionStore
  readonly sessionKeys: SessionKeys
  readonly cipher: CardCipher
  readonly clock: Clock
  readonly ids: Ids
}

export type OpenSession =
  | { readonly type: 'tokenize'; readonly lifetimeMs: number | undefined }
  | { readonly type: 'refresh code'; readonly tokenId: TokenId }

export interface OpenedSession {
  readonly id: CaptureId
}

const attempts = 8

/**
 * Lets a browser answer one question: which card, or which code for a token that may be refreshed now. It ends no earlier
 * session. wire: hellgate §sessions, inferred
 *
 * The session is there before it is written down, and dropped if that fails: the other way round its id could be told
 * again, as the reply to an idempotency key, and would open nothing.
 */
export const openSession = async (
  ports: OpeningPorts,
  caller: Caller,
  command: OpenSession,
  alongside: Alongside<OpenedSession> = none,
): Promise<Result<OpenedSession, Refusal>> => {
  const { store, sessions, sessionKeys, clock, ids } = ports
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const planned = await plan(ports, caller, command, at)
    if (!planned.ok) return planned
    const { wish, expected } = planned.value
    const { tenant, credentialId } = caller.principal
    const session: CaptureSession = {
      id: ids.uuid() as CaptureId,
      ref: ids.uuid() as CaptureRef,
      tenantId: tenant.id,
      openedBy: credentialId,
      wish,
      key: await sessionKeys.current(tenant.environment),
    }
    const opened = await sessions.open(session)
    if (!opened.ok) return opened
    const { id } = session
    const changesOf = () => [...expected, auditOpened(caller, session, at), ...alongside({ id })]
    if (await commitOrUndo(store, changesOf, () => sessions.drop(id))) return ok({ id })
  }
  throw new UnavailableError('a session could not be opened: others changed its token at every attempt')
}

interface Plan {
  readonly wish: CaptureWish
  /** What must still hold where the session is written down. */
  readonly expected: readonly Change[]
}

const plan = async (
  { store, cipher }: OpeningPorts,
  caller: Caller,
  command: OpenSession,
  at: EpochMs,
): Promise<Result<Plan, Refusal>> => {
  if (command.type === 'tokenize') return ok({ wish: command, expected: [] })
  const { tokenId } = command
  const found = await findCard(store, caller, tokenId, 'refresh', at)
  if (!found.ok) return found
  const card = await showOf(cipher, found.value)
  return ok({
    wish: { type: 'refresh code', tokenId, card },
    expected: [{ type: 'expect-token', token: found.value.token }],
  })
}

const showOf = async (cipher: CardCipher, { token, place }: FoundCard): Promise<CaptureCard> => {
  const { pan, expiry } = needsCard(await cipher.open(place, token.sealed))
  const { scheme, mask } = token
  return {
    issuerNumber: issuerNumberOf(pan),
    last4: mask.last4,
    length: mask.length,
    scheme,
    expiryMonth: expiry.month,
    expiryYear: expiry.year,
  }
}

const auditOpened = (caller: Caller, { ref, wish }: CaptureSession, at: EpochMs): Change => {
  const details = wish.type === 'tokenize' ? { for: wish.type } : { for: wish.type, tokenId: wish.tokenId }
  return auditOf(caller, at, 'session.opened', 'success', { type: 'session', id: ref }, details)
}
