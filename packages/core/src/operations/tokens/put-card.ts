import type { BinRecord } from '../../bins/bin.ts'
import type { CapturedCard, SealedCapture } from '../../captures/captured-card.ts'
import { type Card, type SecurityCode, spellHolder } from '../../cards/card.ts'
import { parseCode } from '../../cards/code.ts'
import { type Mask, maskPan } from '../../cards/mask.ts'
import { type Scheme, schemeOf } from '../../cards/scheme.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { FingerprintId, ScopeId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import { endAfterCard, endsAfterCard, endsAt } from '../../tokens/end.ts'
import { needsCard } from '../../tokens/instrument.ts'
import { stateOf } from '../../tokens/lifecycle.ts'
import { none } from '../alongside.ts'
import { auditOf, type Caller } from '../caller.ts'
import { type OpenCapture, openCapture } from '../captures/open-capture.ts'
import { onceOf } from '../codes/hold-code.ts'
import { showNetworkToken } from '../network-tokens/plan-network-token.ts'
import type { CardOverview } from './card-overview.ts'
import { changeCard, missing, nameHolder, refusalOf } from './change-card.ts'
import { describeBin } from './describe-bin.ts'
import { giveOutToken } from './give-out-token.ts'
import { findFingerprint, planFingerprint } from './know-number.ts'
import type { CapturePorts } from './token-ports.ts'

export interface PutCard {
  /** One of those that the tenant is linked to. */
  readonly scopeId: ScopeId
  readonly capture: SealedCapture
  /** `reuse`: a token that stands for the card. `analytics`: an id of its number that stands for nothing. */
  readonly wants: 'reuse' | 'analytics' | 'both'
  /** The first moment at which it is gone; `undefined`: thirteen months after its card, unless it was chosen before. */
  readonly until: EpochMs | undefined
  /** For its code: that of the tenant or of the dialect, as narrowed by the caller. */
  readonly policy: CodePolicy
}

export type PutOutcome = PutToken | PutAnalytics

export interface PutToken {
  readonly type: 'token'
  readonly overview: CardOverview
  /** Where it was asked for. */
  readonly analyticsId: FingerprintId | undefined
}

/** Nothing of the card is kept but the keyed hash of its number. */
export interface PutAnalytics {
  readonly type: 'analytics'
  readonly analyticsId: FingerprintId
  readonly scopeId: ScopeId
  /** Until when it is kept; later than asked for where that was promised before. */
  readonly until: EpochMs
  readonly at: EpochMs
  readonly scheme: Scheme
  readonly mask: Mask
  readonly card: Card
  readonly bin: BinRecord | undefined
}

/**
 * Takes a card that a client encrypted: gives out a token, or updates the one that its scope knows it by. The same capture
 * may come again, because an answer was lost: it makes the same token again, and holds its code no second time.
 * wire: verifone §put: that a known card is updated is verified; what stays, and what a card needs, is inferred.
 */
export const putCard = async (
  ports: CapturePorts,
  caller: Caller,
  command: PutCard,
): Promise<Result<PutOutcome, Refusal>> => {
  const { store, clock } = ports
  const { tenant } = caller.principal
  const { scopeId } = command
  const at = clock.now()
  const isOwn = scopeId === tenant.defaultScopeId
  if (!isOwn && !(await store.isLinked(scopeId, tenant.id))) return refuse({ type: 'ScopeNotFound' })
  const opened = await openCapture(ports, caller, command.capture, at)
  if (!opened.ok) return opened
  const read = readCard(opened.value.card, at)
  if (!read.ok) return read
  const taken: TakenCard = {
    ...read.value,
    capture: opened.value,
    bin: await describeBin(store, read.value.card.pan),
  }
  return command.wants === 'analytics'
    ? analyse(ports, caller, command, taken, at)
    : tokenize(ports, caller, command, taken, at)
}

/** A card that is whole and good. */
interface ReadCard {
  readonly card: Card
  readonly scheme: Scheme
  readonly code: SecurityCode | undefined
}

interface TakenCard extends ReadCard {
  readonly capture: OpenCapture
  readonly bin: BinRecord | undefined
}

const readCard = (captured: CapturedCard, at: EpochMs): Result<ReadCard, Refusal> => {
  const { pan, expiryMonth: month, expiryYear, holderName } = captured
  if (!pan) return missing('cardNumber')
  if (month === undefined) return missing('expiryMonth')
  if (!expiryYear) return missing('expiryYear')
  const card: Card = {
    type: 'card',
    pan,
    expiry: { month, ...expiryYear },
    holder: nameHolder(undefined, holderName),
  }
  const refusal = refusalOf(card.expiry, at)
  if (refusal) return refuse(refusal)
  const scheme = schemeOf(pan)
  const code = captured.code && parseCode(captured.code, scheme)
  if (code && !code.ok) return code
  return ok({ card, scheme, code: code?.value })
}

/** Nothing is stored but the number's fingerprint, from which nobody gets the number back. */
const analyse = async (
  { store, cipher, ids }: CapturePorts,
  caller: Caller,
  { scopeId, until: wanted }: PutCard,
  { card, scheme, bin }: TakenCard,
  at: EpochMs,
): Promise<Result<PutAnalytics, Refusal>> => {
  const { environment } = caller.principal.tenant
  const hashes = await cipher.fingerprints({ scopeId, environment }, card)
  const until = wanted ?? endAfterCard(card.expiry)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const found = (await findFingerprint(store, { id: scopeId }, hashes)) ?? hashes[0]
    // Precondition: a scope has an active fingerprint key.
    if (!found) throw new Error('a number was hashed under no key')
    const { fingerprint, changes } = planFingerprint(ids, { id: scopeId }, found, until)
    const subject = { type: 'fingerprint', id: fingerprint.id } as const
    const audit = auditOf(caller, at, 'token.analysed', 'success', subject, { scheme })
    if (!(await store.commit([...changes, audit])).ok) continue
    return ok({
      ...{ type: 'analytics', analyticsId: fingerprint.id, scopeId },
      ...{ until: fingerprint.analyticsUntil ?? until, at, scheme, mask: maskPan(card.pan), card, bin },
    })
  }
  throw new UnavailableError('a fingerprint could not be stored: others changed its row at every attempt')
}

const attempts = 8

const tokenize = async (
  ports: CapturePorts,
  caller: Caller,
  { scopeId, wants, until, policy }: PutCard,
  { card, scheme, code, capture, bin }: TakenCard,
  at: EpochMs,
): Promise<Result<PutToken, Refusal>> => {
  const isAnalysed = wants === 'both'
  const given = await giveOutToken(
    ports,
    caller,
    {
      scopeId,
      id: capture.tokenIdIn(scopeId),
      instrument: card,
      shown: { type: 'card', scheme, mask: maskPan(card.pan) },
      details: { scheme, ...(isAnalysed ? { analysed: true } : {}) },
      renew: (stored) => changeCard(needsCard(stored), { ...card, holderName: spellHolder(card.holder) }),
      revives: true,
      movesDay: true,
      code: code && {
        ...{ code, policy, heldBy: 'token', once: onceOf(ports.captureMarks, capture) },
      },
      test: false,
      end: until === undefined ? endsAfterCard : endsAt(until),
      analyticsUntil: isAnalysed ? (until ?? endAfterCard(card.expiry)) : undefined,
    },
    at,
    none,
  )
  if (!given.ok) return given
  const { token, instrument, deduplicated } = given.value
  // Precondition: cards and accounts never share a fingerprint, so the token of a known card is that of a card.
  if (token.type !== 'card') throw new Error('a card was given the token of something else')
  const overview: CardOverview = {
    token,
    state: stateOf(token, at),
    card: needsCard(instrument),
    bin,
    networkToken: deduplicated ? await showNetworkToken(ports, caller, token, at) : undefined,
  }
  return ok({ type: 'token', overview, analyticsId: isAnalysed ? token.fingerprint.id : undefined })
}
