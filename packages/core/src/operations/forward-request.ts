import type { AuditOutcome } from '../audit/entry.ts'
import type { Card } from '../cards/card.ts'
import type { CodeAddress, TakenCode } from '../codes/held-code.ts'
import type { ForwardMethod } from '../destinations/destination.ts'
import type { Refusal, Sent } from '../errors.ts'
import type { SessionId, TokenId } from '../kernel/ids.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import type {
  AdmittedForward,
  Answer,
  CardCipher,
  Clock,
  CodeStore,
  Egress,
  Ids,
  Readiness,
  SendOutcome,
  Store,
} from '../ports.ts'
import { writeCardValues } from '../templates/card-values.ts'
import { renderJson, type Template } from '../templates/template.ts'
import type { CardPlace } from '../tokens/place.ts'
import { auditOf, type Caller } from './caller.ts'
import { findUsableToken, isStillUsable } from './find-token.ts'

export interface ForwardRequest {
  readonly tokenId: TokenId
  /** Where the code is held; without it, the code held for the token, if any. */
  readonly sessionId: SessionId | undefined
  readonly template: Template
  readonly url: string
  readonly method: ForwardMethod
  readonly headers: Readonly<Record<string, string>>
  readonly contentType: string
}

type Ports = {
  readonly store: Store
  readonly codes: CodeStore
  readonly cipher: CardCipher
  readonly egress: Egress
  readonly clock: Clock
  readonly ids: Ids
  readonly readiness: Readiness
}

/**
 * Sends a card to a provider without the caller touching it: reserve, send, settle.
 *
 * All that can be refused is refused before the code is taken; the intent is durable before the first byte leaves.
 * A code whose request never left comes back with what remains of its time. Once anything left it is gone, whatever
 * the answer says: an approval or a decline ends the authorisation (PCI DSS 3.3.1).
 */
export const forwardRequest = async (
  ports: Ports,
  caller: Caller,
  command: ForwardRequest,
): Promise<Result<Answer, Refusal>> => {
  const { store, cipher, egress, clock } = ports
  const found = await findUsableToken(store, caller, command.tokenId, clock.now())
  if (!found.ok) return found
  const { token, place } = found.value
  const destinations = await store.destinations(caller.principal.tenant.id)
  const admitted = egress.admit({ ...command, destinations })
  if (!admitted.ok) return admitted
  const card = await cipher.open(place, token.sealedCard)
  const taken = await takeCode(ports, caller, command, place)
  if (!taken.ok) return taken
  return sendAndSettle(ports, caller, admitted.value, command, { card, place, taken: taken.value })
}

interface Load {
  readonly card: Card
  readonly place: CardPlace
  readonly taken: TakenCode | undefined
}

const takeCode = async (
  { codes }: Ports,
  caller: Caller,
  { sessionId, template }: ForwardRequest,
  place: CardPlace,
): Promise<Result<TakenCode | undefined, Refusal>> => {
  if (!template.uses.has('code')) return ok(undefined)
  const address: CodeAddress = sessionId
    ? { type: 'session', tenantId: caller.principal.tenant.id, sessionId }
    : { type: 'token', tokenId: place.tokenId }
  const taken = await codes.take(address, place)
  return taken ? ok(taken) : refuse({ type: sessionId ? 'CodeNotHeld' : 'CodeRequired' })
}

const sendAndSettle = async (
  ports: Ports,
  caller: Caller,
  forward: AdmittedForward,
  { template, contentType }: ForwardRequest,
  { card, place, taken }: Load,
): Promise<Result<Answer, Refusal>> => {
  const { store, egress, clock, ids, readiness } = ports
  const forwardId = ids.uuid()
  const audit = (outcome: AuditOutcome, details: Record<string, string | number | boolean>) =>
    auditOf(
      caller,
      clock.now(),
      'card.forward',
      outcome,
      { type: 'token', id: place.tokenId },
      { forwardId, ...details },
    )

  let sent: Sent = 'no'
  try {
    const body =
      forward.method === 'GET' ? undefined : renderJson(template, writeCardValues(card, taken?.code))
    // The last moment: a vault may be shut while a forward waits for its keys or its code.
    if (readiness.isSealed()) return refuse({ type: 'Sealed' })
    await store.commit([
      audit('intent', {
        destination: forward.destination.id,
        origin: forward.destination.origin,
        method: forward.method,
        carriesCode: taken !== undefined,
      }),
    ])
    // From here on the worst is assumed until egress says otherwise.
    sent = 'unknown'
    const outcome = await egress.send(forward, {
      body,
      contentType,
      pan: template.uses.has('card number') ? card.pan : undefined,
      code: taken?.code,
    })
    sent = sentOf(outcome)
    // Nobody waits for it: the answer is the caller's, whether or not the disk takes its time.
    void recordOutcome(ports, audit(...describe(outcome, sent)))
    return outcome.type === 'answered' ? ok(outcome.answer) : refuse(outcome.refusal)
  } finally {
    if (sent === 'no' && taken) await returnCode(ports, place, taken)
  }
}

/** A token that was suspended or deleted meanwhile, here or by another process, gets nothing back. */
const returnCode = async (
  { codes, store, clock }: Ports,
  place: CardPlace,
  taken: TakenCode,
): Promise<void> => {
  // A store that cannot be read loses nobody's code: the next forward looks at the token again.
  const usable = await isStillUsable(store, place.tokenId, clock.now()).catch(() => true)
  if (usable) await codes.giveBack(taken)
}

/** An outcome that cannot be written takes nothing from the caller, but the vault stops being ready. */
const recordOutcome = async (
  { store, readiness }: Ports,
  change: ReturnType<typeof auditOf>,
): Promise<void> => {
  try {
    await store.commit([change])
  } catch {
    readiness.auditFailed()
  }
}

const sentOf = (outcome: SendOutcome): Sent =>
  outcome.type === 'answered' ? 'yes' : 'sent' in outcome.refusal ? outcome.refusal.sent : 'no'

const describe = (
  outcome: SendOutcome,
  sent: Sent,
): [AuditOutcome, Record<string, string | number | boolean>] => {
  if (outcome.type === 'answered') return ['success', { sent, status: outcome.answer.status }]
  const { refusal } = outcome
  const reason = refusal.type === 'ForwardFailed' ? refusal.reason : refusal.type
  return [sent === 'unknown' ? 'unknown' : 'failure', { sent, reason }]
}
