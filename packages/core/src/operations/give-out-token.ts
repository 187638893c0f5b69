import type { AccountMask } from '../accounts/account.ts'
import type { AuditEntry } from '../audit/entry.ts'
import type { SecurityCode } from '../cards/card.ts'
import type { Mask } from '../cards/mask.ts'
import type { Scheme } from '../cards/scheme.ts'
import type { Change } from '../changes.ts'
import type { CodeAddress } from '../codes/held-code.ts'
import type { CodePolicy } from '../codes/policy.ts'
import { type Refusal, UnavailableError } from '../errors.ts'
import type { FingerprintId, SessionId, TokenId } from '../kernel/ids.ts'
import { ok, type Result } from '../kernel/result.ts'
import { type EpochMs, epochMs } from '../kernel/time.ts'
import type { CardCipher, Clock, CodeStore, FingerprintHash, Ids, Store } from '../ports.ts'
import type { Scope } from '../tenants/tenant.ts'
import type { StoredFingerprint } from '../tokens/fingerprint.ts'
import type { Instrument } from '../tokens/instrument.ts'
import { verdictOn } from '../tokens/lifecycle.ts'
import type { CardPlace } from '../tokens/place.ts'
import type { StoredToken } from '../tokens/token.ts'
import type { Alongside } from './alongside.ts'
import { auditOf, type Caller } from './caller.ts'
import { commitOrUndo } from './commit-or-undo.ts'
import { eraseExpired } from './sweep-tokens.ts'
import { tellToken } from './tell-token.ts'

/** What a token is wanted for. */
export interface TokenWish {
  readonly instrument: Instrument
  /** What of it may be shown and stands beside it in clear. */
  readonly shown: ShownOfInstrument
  /** What the audit log says of it beside the token's own life. */
  readonly details: AuditEntry['details']
  /** Its number is known: what is stored from now on, and `stored` itself where that stays. */
  readonly renew: (stored: Instrument) => Instrument
  readonly code: CodeToHold | undefined
  /** `true` for an endpoint that makes test tokens. */
  readonly test: boolean
  /** How long the token lives; `undefined`: until it is deleted. */
  readonly lifetimeMs: number | undefined
}

export type ShownOfInstrument =
  | { readonly type: 'card'; readonly scheme: Scheme; readonly mask: Mask }
  | { readonly type: 'bank'; readonly mask: AccountMask }

export interface CodeToHold {
  readonly code: SecurityCode
  readonly policy: CodePolicy
  /** By what it is found again: a session of its own, or the token. */
  readonly heldBy: CodeAddress['type']
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

export type GivingPorts = {
  readonly store: Store
  readonly codes: CodeStore
  readonly cipher: CardCipher
  readonly clock: Clock
  readonly ids: Ids
}

/** A stranger may win the row at most once for each state it can be in; more than this many conflicts are not chance. */
const attempts = 8

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
  const { store, cipher } = ports
  const scope = await store.scope(caller.principal.tenant.defaultScopeId)
  // Precondition: a tenant's default scope is written in the commit that makes the tenant.
  if (!scope) throw new Error('a tenant without its default scope')
  const hashes = await cipher.fingerprints(
    { scopeId: scope.id, environment: scope.environment },
    wish.instrument,
  )

  for (let attempt = 0; attempt < attempts; attempt++) {
    const known = await findFingerprint(store, scope, hashes)
    const existing = known && scope.deduplicates ? await store.uniqueToken(known) : undefined
    if (existing && verdictOn('tokenize again', existing, at) === 'new token') {
      await eraseExpired(ports, existing, at)
      continue
    }
    const plan = existing
      ? await planReuse(ports, wish, scope, existing, at)
      : await planCreation(ports, caller, wish, scope, known ?? hashes[0], at)
    const held = await holdCode(ports, caller, wish, scope, plan.token, at)
    if (!held.ok) return held
    const address = held.value
    const { token, instrument, reuses } = plan
    const sessionId = address?.type === 'session' ? address.sessionId : undefined
    const codeHeld = address !== undefined
    const given: GivenToken = { token, instrument, deduplicated: reuses, scope, sessionId, codeHeld }
    const changesOf = () => [...tellOf(ports, caller, wish, plan, given, at), ...alongside(given)]
    // Whatever went wrong, a code that nobody was told of does not stay.
    const undo = async () => address && ports.codes.drop(address)
    if (await commitOrUndo(store, changesOf, undo)) return ok(given)
  }
  throw new UnavailableError('a token could not be stored: others changed its row at every attempt')
}

/** The changes of a plan with the event and the entry that speak of it. */
const tellOf = (
  { ids }: GivingPorts,
  caller: Caller,
  { details }: TokenWish,
  { token, instrument, reuses, changed, changes }: Plan,
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
    { ...details, deduplicated: reuses, changed, codeHeld },
  )
  return changed ? [...changes, tellToken(ids, token, instrument, event, at), audit] : [...changes, audit]
}

interface Plan {
  readonly token: StoredToken
  readonly instrument: Instrument
  readonly reuses: boolean
  /** Whether the row is new or changes. */
  readonly changed: boolean
  readonly changes: readonly Change[]
}

const planCreation = async (
  { cipher, ids }: GivingPorts,
  caller: Caller,
  { instrument, shown, test, lifetimeMs }: TokenWish,
  scope: Scope,
  fingerprint: StoredFingerprint | FingerprintHash | undefined,
  at: EpochMs,
): Promise<Plan> => {
  // Precondition: a scope has an active fingerprint key.
  if (!fingerprint) throw new Error('a number was hashed under no key')
  const isNew = !('id' in fingerprint)
  const stored = isNew ? { ...fingerprint, scopeId: scope.id, id: ids.uuid() as FingerprintId } : fingerprint
  const id = ids.uuid() as TokenId
  const token: StoredToken = {
    ...shown,
    id,
    scopeId: scope.id,
    tenantId: caller.principal.tenant.id,
    version: 1,
    status: 'active',
    test,
    unique: scope.deduplicates,
    fingerprint: stored,
    sealed: await cipher.seal(placeOf(scope, id), instrument),
    createdAt: at,
    updatedAt: at,
    expiresAt: endOf(lifetimeMs, at),
    invalidatedAt: undefined,
  }
  const changes: Change[] = [{ type: 'put-token', token }]
  if (isNew) changes.unshift({ type: 'put-fingerprint', fingerprint: stored })
  return { token, instrument, reuses: false, changed: true, changes }
}

/** The number is known: the token stays, and lives as long as anyone who was given it wants. */
const planReuse = async (
  { cipher }: GivingPorts,
  { renew, lifetimeMs }: TokenWish,
  scope: Scope,
  existing: StoredToken,
  at: EpochMs,
): Promise<Plan> => {
  const place = placeOf(scope, existing.id)
  const stored = await cipher.open(place, existing.sealed)
  const instrument = renew(stored)
  const expiresAt = laterEnd(existing.expiresAt, endOf(lifetimeMs, at))
  // A token that is suspended or deleted meanwhile must not be given out as it was, nor a code be held for it.
  if (instrument === stored && expiresAt === existing.expiresAt)
    return {
      token: existing,
      instrument,
      reuses: true,
      changed: false,
      changes: [{ type: 'expect-token', token: existing }],
    }
  const token: StoredToken = {
    ...existing,
    version: existing.version + 1,
    sealed: instrument === stored ? existing.sealed : await cipher.seal(place, instrument),
    updatedAt: at,
    expiresAt,
  }
  return { token, instrument, reuses: true, changed: true, changes: [{ type: 'replace-token', token }] }
}

type TokenEnd = StoredToken['expiresAt']

const endOf = (lifetimeMs: number | undefined, at: EpochMs): TokenEnd =>
  lifetimeMs === undefined ? undefined : epochMs(at + lifetimeMs)

const laterEnd = (one: TokenEnd, other: TokenEnd): TokenEnd =>
  one === undefined || other === undefined ? undefined : epochMs(Math.max(one, other))

const holdCode = async (
  { codes, ids }: GivingPorts,
  caller: Caller,
  { code: wanted }: TokenWish,
  scope: Scope,
  token: StoredToken,
  at: EpochMs,
): Promise<Result<CodeAddress | undefined, Refusal>> => {
  if (!wanted?.policy.hold || verdictOn('refresh', token, at) !== 'does') return ok(undefined)
  const { code, policy, heldBy } = wanted
  const tenantId = caller.principal.tenant.id
  const address: CodeAddress =
    heldBy === 'token'
      ? { type: 'token', tenantId, tokenId: token.id }
      : { type: 'session', tenantId, sessionId: ids.uuid() as SessionId }
  const held = await codes.hold({
    address,
    place: placeOf(scope, token.id),
    tenantId,
    code,
    ttlMs: policy.ttlMs,
    uses: policy.uses,
    destinations: policy.destinations,
  })
  return held.ok ? ok(address) : held
}

const findFingerprint = async (
  store: Store,
  scope: Scope,
  hashes: readonly FingerprintHash[],
): Promise<StoredFingerprint | undefined> => {
  for (const { hash } of hashes) {
    const found = await store.fingerprint(scope.id, hash)
    if (found) return found
  }
  return undefined
}

const placeOf = (scope: Scope, tokenId: TokenId): CardPlace => ({
  scopeId: scope.id,
  environment: scope.environment,
  tokenId,
})
