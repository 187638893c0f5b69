import type { TakenCode } from '../../codes/held-code.ts'
import type { ForwardMethod } from '../../destinations/destination.ts'
import { type Refusal, type Sent, UnavailableError } from '../../errors.ts'
import type { SessionId, TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type {
  AdmittedForward,
  Answer,
  CardCipher,
  Clock,
  CodeStore,
  Egress,
  GuessLimits,
  Ids,
  Parcel,
  Readiness,
  Store,
} from '../../ports.ts'
import { writeValues } from '../../templates/instrument-values.ts'
import { checkValues, renderTemplate, type Template } from '../../templates/template.ts'
import type { Instrument } from '../../tokens/instrument.ts'
import { auditOf, type Caller } from '../caller.ts'
import { takeCode } from '../codes/take-code.ts'
import { type OpenedToken, openToken } from '../tokens/open-token.ts'
import { type AuditForward, recordOutcome, returnCode, sentOf } from './settle-forward.ts'

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
  readonly guesses: GuessLimits
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
  for (let attempt = 0; attempt < attempts; attempt++) {
    const reserved = await reserve(ports, caller, command)
    if (!reserved.ok) return reserved
    const settled = await sendAndSettle(ports, caller, command, reserved.value)
    // It may stand for another card by now, refuse every use, or have lost its codes: all of it is looked at again.
    if (settled !== 'token changed') return settled
  }
  throw new UnavailableError('a card could not be sent: others changed its token at every attempt')
}

const attempts = 8

interface Reserved {
  readonly forward: AdmittedForward
  readonly opened: OpenedToken
  readonly taken: TakenCode | undefined
}

const reserve = async (
  ports: Ports,
  caller: Caller,
  command: ForwardRequest,
): Promise<Result<Reserved, Refusal>> => {
  const opened = await openToken(ports, caller, command.tokenId)
  if (!opened.ok) return opened
  const destinations = await ports.store.destinations(caller.principal.tenant.id)
  const forward = ports.egress.admit({ ...command, destinations })
  if (!forward.ok) return forward
  const checked = checkValues(command.template, opened.value.instrument)
  if (!checked.ok) return checked
  const reserved = { forward: forward.value, opened: opened.value }
  if (!command.template.uses.has('code')) return ok({ ...reserved, taken: undefined })
  const taken = await takeCode(ports, caller, {
    place: opened.value.place,
    sessionId: command.sessionId,
    destination: forward.value.destination.origin,
  })
  return taken.ok ? ok({ ...reserved, taken: taken.value }) : taken
}

const sendAndSettle = async (
  ports: Ports,
  caller: Caller,
  command: ForwardRequest,
  reserved: Reserved,
): Promise<Result<Answer, Refusal> | 'token changed'> => {
  const { egress, ids } = ports
  const { forward, opened, taken } = reserved
  const { tokenId } = command
  const forwardId = ids.uuid()
  const audit: AuditForward = (outcome, at, details) =>
    auditOf(caller, at, 'card.forward', outcome, { type: 'token', id: tokenId }, { forwardId, ...details })

  let sent: Sent = 'no'
  try {
    const parcel = await intend(ports, command, reserved, audit)
    if (parcel === 'token changed' || !parcel.ok) return parcel
    // From here on the worst is assumed until egress says otherwise.
    sent = 'unknown'
    const outcome = await egress.send(forward, parcel.value)
    sent = sentOf(outcome)
    // Nobody waits for it: the answer is the caller's, whether or not the disk takes its time.
    void recordOutcome(ports, opened.token, outcome, audit)
    return outcome.type === 'answered' ? ok(outcome.answer) : refuse(outcome.refusal)
  } finally {
    if (sent === 'no' && taken) await returnCode(ports, tokenId, taken)
  }
}

/** Packs the parcel and writes that it is about to be sent, which holds only if nobody has changed the token meanwhile. */
const intend = async (
  { store, clock, readiness }: Ports,
  command: ForwardRequest,
  { forward, opened, taken }: Reserved,
  audit: AuditForward,
): Promise<Result<Parcel, Refusal> | 'token changed'> => {
  const { destination, method } = forward
  const parcel = pack(command, opened.instrument, taken)
  // The last moment: a vault may be shut while a forward waits for its keys or its code.
  if (readiness.isSealed()) return refuse({ type: 'Sealed' })
  const committed = await store.commit([
    { type: 'expect-token', token: { id: opened.token.id, version: opened.token.version } },
    audit('intent', clock.now(), {
      destination: destination.id,
      origin: destination.origin,
      method,
      carriesCode: taken !== undefined,
    }),
  ])
  return committed.ok ? ok(parcel) : 'token changed'
}

const pack = (
  { template, method, contentType }: ForwardRequest,
  instrument: Instrument,
  taken: TakenCode | undefined,
): Parcel => ({
  body: method === 'GET' ? undefined : renderTemplate(template, writeValues(instrument, taken?.code)),
  contentType,
  pan: instrument.type === 'card' && template.uses.has('card number') ? instrument.pan : undefined,
  accountNumber:
    instrument.type === 'bank' && template.uses.has('account number') ? instrument.accountNumber : undefined,
  code: taken?.code,
})
