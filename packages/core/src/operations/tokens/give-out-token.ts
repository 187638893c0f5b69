import type { AccountMask } from '../../accounts/account.ts'
import type { AuditEntry } from '../../audit/entry.ts'
import type { SecurityCode } from '../../cards/card.ts'
import { isLater } from '../../cards/expiry.ts'
import type { Mask } from '../../cards/mask.ts'
import type { Scheme } from '../../cards/scheme.ts'
import type { Change } from '../../changes.ts'
import type { CodeAddress } from '../../codes/held-code.ts'
import type { CodePolicy } from '../../codes/policy.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import type { ScopeId, SessionId, TokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { FingerprintHash } from '../../ports.ts'
import { dayOf } from '../../tenants/credential-use.ts'
import type { Scope } from '../../tenants/tenant.ts'
import { type EndWish, isSameEnd } from '../../tokens/end.ts'
import type { StoredFingerprint } from '../../tokens/fingerprint.ts'
import type { Instrument } from '../../tokens/instrument.ts'
import { verdictOn } from '../../tokens/lifecycle.ts'
import type { CardPlace } from '../../tokens/place.ts'
import type { StoredToken } from '../../tokens/token.ts'
import type { Alongside } from '../alongside.ts'
import { auditOf, type Caller } from '../caller.ts'
import { type CodeHold, type CodeOnce, holdCode } from '../codes/hold-code.ts'
import { commitOrUndo } from '../commit-or-undo.ts'
import { partsOf } from './change-card.ts'
import { findFingerprint, findKnown, planFingerprint } from './know-number.ts'
import { eraseExpired } from './sweep-tokens.ts'
import { tellToken } from './tell-token.ts'
import type { GivingPorts } from './token-ports.ts'

/** What a token is wanted for. */
export interface TokenWish {
  /** One of those that the tenant is linked to; without it, the tenant's default scope. */
  readonly scopeId?: ScopeId
  /** What a new token is called unless that is taken; without it, something random. */
  readonly id?: TokenId
  readonly instrument: Instrument
  /** What of it may be shown and stands beside it in clear. */
  readonly shown: ShownOfInstrument
  /** What the audit log says of it beside the token's own life. */
  readonly details: AuditEntry['details']
  /** Its number is known: what is stored from now on, and `stored` itself where that stays. */
  readonly renew: (stored: Instrument) => Instrument
  /** Whether a later expiry makes an invalidated token good again. */
  readonly revives?: boolean
  /** Whether the day of its last change is the day on which it last came in, also where nothing about it is new. */
  readonly movesDay?: boolean
  readonly code: CodeToHold | undefined
  /** `true` for an endpoint that makes test tokens. */
  readonly test: boolean
  readonly end: EndWish
  /** Until when the id of its number is promised to callers beside the token. */
  readonly analyticsUntil?: EpochMs | undefined
}

export type ShownOfInstrument =
  | { readonly type: 'card'; readonly scheme: Scheme; readonly mask: Mask }
  | { readonly type: 'bank'; readonly mask: AccountMask }

export interface CodeToHold {
  readonly code: SecurityCode
  readonly policy: CodePolicy
  /** By what it is found again: a session of its own, or the token. */
  readonly heldBy: CodeAddress['type']
  /** Of a code that may come in again. */
  readonly once?: CodeOnce
}

export interface GivenToken {
  readonly token: StoredToken
  /** As it is stored, which for a known number may not be what the request said. */
  readonly instrument: Instrument
  /** The scope knew the number and the answer names the token it already had. */
  readonly deduplicated: boolean
  /** Whether the scope de-duplicates: only there is a fingerprint told. */
  readonly scope: Scope
  /** Where the code is held, if one came, the policy holds codes, and it is held by a session. */
  readonly sessionId: SessionId | undefined
  /** Whether the code is held at all. */
  readonly codeHeld: boolean
}

/**
 * Of callers who change one row at once one wins each time: so many put one card, or bring its token into another state,
 * within some milliseconds only where something is wrong.
 */
const attempts = 32

/**
 * Gives out a token for a card or an account and holds its code apart from it, for as long as the policy says.
 *
 * The code is held before the commit and dropped if the commit fails: the other way round a crash, or a full code
 * store, would leave a caller with a durable token and an error.
 */
export const giveOutToken = async (
  ports: GivingPorts,
  caller: Caller,
  wish: TokenWish,
  at: EpochMs,
  alongside: Alongside<GivenToken>,
): Promise<Result<GivenToken, Refusal>> => {
  const { store, cipher, readiness } = ports
  const scope = await store.scope(wish.scopeId ?? caller.principal.tenant.defaultScopeId)
  // Precondition: a scope is there before a tenant is linked to it, and is never removed.
  if (!scope) throw new Error('a tenant without its scope')
  const hashes = await cipher.fingerprints(
    { scopeId: scope.id, environment: scope.environment },
    wish.instrument,
  )

  for (let attempt = 0; attempt < attempts; attempt++) {
    const known = await findFingerprint(store, scope, hashes)
    const { existing, id } = await findExisting(ports, wish, scope, known, attempt)
    if (existing && verdictOn('tokenize again', existing, at) === 'new token') {
      await eraseExpired(ports, existing, at)
      continue
    }
    const plan = existing
      ? await planReuse(ports, wish, scope, existing, at)
      : await planCreation(ports, caller, wish, { scope, id, fingerprint: known ?? hashes[0] }, at)
    const held = await holdCodeOf(ports, caller, wish, scope, plan, at)
    if (!held.ok) return held
    const hold = held.value
    const { token, instrument, reuses } = plan
    // The last moment: a vault that is shut only now drops this code with all others.
    if (hold && readiness?.isSealed()) {
      await hold.undo()
      return refuse({ type: 'Sealed' })
    }
    const sessionId = hold?.address.type === 'session' ? hold.address.sessionId : undefined
    const codeHeld = hold !== undefined
    const given: GivenToken = { token, instrument, deduplicated: reuses, scope, sessionId, codeHeld }
    const changesOf = () => [
      ...tellOf(ports, caller, wish, plan, given, at),
      ...(hold?.changes ?? []),
      ...alongside(given),
    ]
    // Whatever went wrong, a code that nobody was told of does not stay.
    const undo = async () => hold?.undo()
    if (await commitOrUndo(store, changesOf, undo)) return ok(given)
  }
  throw new UnavailableError('a token could not be stored: others changed its row at every attempt')
}

/** The changes of a plan with the event and the entry that speak of it. */
const tellOf = (
  { ids }: GivingPorts,
  caller: Caller,
  { details }: TokenWish,
  { token, instrument, reuses, changed, parts, changes }: Plan,
  { codeHeld }: GivenToken,
  at: EpochMs,
): readonly Change[] => {
  const event = reuses ? 'token.updated' : 'token.created'
  const audit = auditOf(
    caller,
    at,
    event,
    'success',
    { type: 'token', id: token.id },
    { ...details, deduplicated: reuses, changed, ...(reuses ? { parts: parts.join(' ') } : {}), codeHeld },
  )
  return changed ? [...changes, tellToken(ids, token, instrument, event, at), audit] : [...changes, audit]
}

interface Found {
  /** The token that the answer names. */
  readonly existing: StoredToken | undefined
  /** What a new one is called; `undefined`: something random. */
  readonly id: TokenId | undefined
}

/** By its number, where the scope de-duplicates; by the id that was proposed, everywhere. */
const findExisting = async (
  { store }: GivingPorts,
  { id }: TokenWish,
  scope: Scope,
  known: StoredFingerprint | undefined,
  attempt: number,
): Promise<Found> => {
  const existing = known && scope.deduplicates ? await findKnown(store, known) : undefined
  // Whoever has the id made a fingerprint with it. It may have gone since; then the first attempt runs into the id.
  if (existing || id === undefined || (!known && attempt === 0)) return { existing, id }
  const taken = await store.token(id)
  if (!taken) return { existing: undefined, id }
  // The same request came before, and its answer was lost. A token that ended since, or has another number, is not it.
  const isAnswer = taken.status !== 'deleted' && taken.fingerprint.id === known?.id
  return { existing: isAnswer ? taken : undefined, id: undefined }
}

interface Plan {
  readonly token: StoredToken
  readonly instrument: Instrument
  readonly reuses: boolean
  /** Whether the token is new or anything that may be told of it changes. */
  readonly changed: boolean
  /** Of a token that was there: the names of what becomes another. */
  readonly parts: readonly string[]
  readonly changes: readonly Change[]
}

interface Place {
  readonly scope: Scope
  readonly id: TokenId | undefined
  readonly fingerprint: StoredFingerprint | FingerprintHash | undefined
}

const planCreation = async (
  { cipher, ids }: GivingPorts,
  caller: Caller,
  { instrument, shown, test, end, analyticsUntil }: TokenWish,
  { scope, id: proposed, fingerprint }: Place,
  at: EpochMs,
): Promise<Plan> => {
  // Precondition: a scope has an active fingerprint key.
  if (!fingerprint) throw new Error('a number was hashed under no key')
  const known = planFingerprint(ids, scope, fingerprint, analyticsUntil)
  const id = proposed ?? (ids.uuid() as TokenId)
  const token: StoredToken = {
    ...shown,
    id,
    scopeId: scope.id,
    tenantId: caller.principal.tenant.id,
    version: 1,
    status: 'active',
    test,
    unique: scope.deduplicates,
    fingerprint: known.fingerprint,
    sealed: await cipher.seal(placeOf(scope, id), instrument),
    createdAt: at,
    updatedAt: at,
    ...end(undefined, instrument),
    invalidatedAt: undefined,
  }
  const changes: readonly Change[] = [...known.changes, { type: 'put-token', token }]
  return { token, instrument, reuses: false, changed: true, parts: [], changes }
}

/** The number is known: the token stays. */
const planReuse = async (
  { cipher, ids }: GivingPorts,
  { renew, revives = false, movesDay = false, end, analyticsUntil }: TokenWish,
  scope: Scope,
  existing: StoredToken,
  at: EpochMs,
): Promise<Plan> => {
  const place = placeOf(scope, existing.id)
  const stored = await cipher.open(place, existing.sealed)
  const instrument = renew(stored)
  const isGoodAgain = revives && existing.invalidatedAt !== undefined && isReissued(stored, instrument)
  const { expiresAt, endsWithCard } = end(existing, instrument)
  const isEndMoved = !isSameEnd(existing, { expiresAt, endsWithCard })
  const changed = instrument !== stored || isGoodAgain || isEndMoved
  const parts = [...changedParts(stored, instrument), ...(isEndMoved ? ['end'] : [])]
  // Of several tokens of a number the one that is given out is the one that the scope knows it by from now on.
  const isPromoted = scope.deduplicates && !existing.unique
  // Once a day and not at each request, which would write a row for each.
  const isNewDay = movesDay && dayOf(at) > dayOf(existing.updatedAt)
  const isWritten = changed || isPromoted || isNewDay
  const { changes, fingerprint } = planFingerprint(ids, scope, existing.fingerprint, analyticsUntil)
  const token: StoredToken = {
    ...existing,
    fingerprint,
    version: isWritten ? existing.version + 1 : existing.version,
    unique: existing.unique || isPromoted,
    sealed: instrument === stored ? existing.sealed : await cipher.seal(place, instrument),
    updatedAt: changed || isNewDay ? at : existing.updatedAt,
    expiresAt,
    endsWithCard,
    invalidatedAt: isGoodAgain ? undefined : existing.invalidatedAt,
  }
  // A token that is suspended or deleted meanwhile must not be given out as it was, nor a code be held for it.
  const type = isWritten ? 'replace-token' : 'expect-token'
  return { token, instrument, reuses: true, changed, parts, changes: [...changes, { type, token }] }
}

/** An account stays as it is. */
const changedParts = (stored: Instrument, renewed: Instrument): readonly string[] =>
  stored.type === 'card' && renewed.type === 'card' ? partsOf(stored, renewed) : []

const isReissued = (stored: Instrument, renewed: Instrument): boolean =>
  stored.type === 'card' && renewed.type === 'card' && isLater(renewed.expiry, stored.expiry)

const holdCodeOf = async (
  { codes, ids }: GivingPorts,
  caller: Caller,
  { code: wanted }: TokenWish,
  scope: Scope,
  { token }: Plan,
  at: EpochMs,
): Promise<Result<CodeHold | undefined, Refusal>> => {
  if (!wanted?.policy.hold || verdictOn('refresh', token, at) !== 'does') return ok(undefined)
  const { code, policy, heldBy, once } = wanted
  const { ttlMs, uses, destinations } = policy
  const tenantId = caller.principal.tenant.id
  const address: CodeAddress =
    heldBy === 'token'
      ? { type: 'token', tenantId, tokenId: token.id }
      : { type: 'session', tenantId, sessionId: ids.uuid() as SessionId }
  const place = placeOf(scope, token.id)
  const held = { address, place, tenantId, code, ttlMs, uses, destinations }
  return holdCode(codes, held, once, at)
}

const placeOf = (scope: Scope, tokenId: TokenId): CardPlace => ({
  scopeId: scope.id,
  environment: scope.environment,
  tokenId,
})
