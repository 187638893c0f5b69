import type { Card, SecurityCode } from '../cards/card.ts'
import { type Expiry, isDueForRenewal, isExpired, isFarOff, isLater } from '../cards/expiry.ts'
import { maskPan } from '../cards/mask.ts'
import { schemeOf } from '../cards/scheme.ts'
import type { Change } from '../changes.ts'
import type { CodeAddress } from '../codes/held-code.ts'
import type { CodePolicy } from '../codes/policy.ts'
import { type Refusal, UnavailableError } from '../errors.ts'
import type { FingerprintId, SessionId, TokenId } from '../kernel/ids.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import { type EpochMs, epochMs } from '../kernel/time.ts'
import type { CardCipher, Clock, CodeStore, FingerprintHash, Ids, Store } from '../ports.ts'
import type { Scope } from '../tenants/tenant.ts'
import type { StoredFingerprint } from '../tokens/fingerprint.ts'
import type { CardPlace } from '../tokens/place.ts'
import type { StoredToken } from '../tokens/token.ts'
import { auditOf, type Caller } from './caller.ts'
import { eraseExpired } from './sweep-tokens.ts'

export interface TokenizeCard {
  readonly card: Card
  readonly code: SecurityCode | undefined
  readonly policy: CodePolicy
  /** `true` for an endpoint that makes test tokens. */
  readonly test: boolean
  /** How long the token lives; `undefined`: until it is deleted. */
  readonly lifetimeMs: number | undefined
}

export interface TokenizedCard {
  readonly token: StoredToken
  /** As it is stored, which for a known number may not be what the request said. */
  readonly expiry: Expiry
  /** The scope knew the number and the answer names the token it already had. */
  readonly deduplicated: boolean
  /** Whether the scope de-duplicates: only there is a fingerprint told. */
  readonly scope: Scope
  /** Where the code is held, if one came and the policy holds codes. */
  readonly sessionId: SessionId | undefined
}

type Ports = {
  readonly store: Store
  readonly codes: CodeStore
  readonly cipher: CardCipher
  readonly clock: Clock
  readonly ids: Ids
}

/** A stranger may win the row at most once for each state it can be in; more than this many conflicts are not chance. */
const attempts = 8

/**
 * Gives out a token for a card and holds its code apart from it, for as long as the policy says.
 *
 * The code is held before the commit and dropped if the commit fails: the other way round a crash, or a full code
 * store, would leave a caller with a durable token and an error.
 */
export const tokenizeCard = async (
  ports: Ports,
  caller: Caller,
  command: TokenizeCard,
): Promise<Result<TokenizedCard, Refusal>> => {
  const { store, clock, cipher } = ports
  const { tenant } = caller.principal
  const at = clock.now()
  if (isExpired(command.card.expiry, at)) return refuse({ type: 'CardExpired' })
  if (isFarOff(command.card.expiry, at)) return refuse({ type: 'InvalidExpiryYear' })
  const scope = await store.scope(tenant.defaultScopeId)
  // Precondition: a tenant's default scope is written in the commit that makes the tenant.
  if (!scope) throw new Error('a tenant without its default scope')
  const hashes = await cipher.fingerprints(
    { scopeId: scope.id, environment: scope.environment },
    command.card.pan,
  )

  for (let attempt = 0; attempt < attempts; attempt++) {
    const known = await findFingerprint(store, scope, hashes)
    const existing = known && scope.deduplicates ? await store.uniqueToken(known) : undefined
    if (existing && isPast(existing, at)) {
      await eraseExpired(ports, existing, at)
      continue
    }
    const plan = existing
      ? await planReuse(ports, command, scope, existing, at)
      : await planCreation(ports, caller, command, scope, known ?? hashes[0], at)
    const held = await holdCode(ports, caller, command, scope, plan.token)
    if (!held.ok) return held
    const sessionId = held.value
    const audit = auditOf(
      caller,
      at,
      plan.reuses ? 'token.updated' : 'token.created',
      'success',
      tokenSubject(plan.token),
      {
        scheme: plan.token.scheme,
        deduplicated: plan.reuses,
        changed: plan.changes.length > 0,
        codeHeld: sessionId !== undefined,
      },
    )
    if (await commitOrDrop(ports, caller, [...plan.changes, audit], sessionId))
      return ok({ token: plan.token, expiry: plan.expiry, deduplicated: plan.reuses, scope, sessionId })
  }
  throw new UnavailableError('a card could not be stored: others changed its row at every attempt')
}

interface Plan {
  readonly token: StoredToken
  readonly expiry: Expiry
  readonly reuses: boolean
  readonly changes: readonly Change[]
}

const planCreation = async (
  { cipher, ids }: Ports,
  caller: Caller,
  { card, test, lifetimeMs }: TokenizeCard,
  scope: Scope,
  fingerprint: StoredFingerprint | FingerprintHash | undefined,
  at: EpochMs,
): Promise<Plan> => {
  // Precondition: a scope has an active fingerprint key.
  if (!fingerprint) throw new Error('a card was hashed under no key')
  const isNew = !('id' in fingerprint)
  const stored = isNew ? { ...fingerprint, scopeId: scope.id, id: ids.uuid() as FingerprintId } : fingerprint
  const id = ids.uuid() as TokenId
  const token: StoredToken = {
    id,
    scopeId: scope.id,
    tenantId: caller.principal.tenant.id,
    version: 1,
    status: 'active',
    test,
    unique: scope.deduplicates,
    fingerprint: stored,
    scheme: schemeOf(card.pan),
    mask: maskPan(card.pan),
    sealedCard: await cipher.seal(placeOf(scope, id), card),
    createdAt: at,
    updatedAt: at,
    expiresAt: lifetimeMs === undefined ? undefined : epochMs(at + lifetimeMs),
  }
  const changes: Change[] = [{ type: 'put-token', token }]
  if (isNew) changes.unshift({ type: 'put-fingerprint', fingerprint: stored })
  return { token, expiry: card.expiry, reuses: false, changes }
}

/**
 * The number is known: the token stays. A later expiry, as a reissued card has, replaces a stored one that has passed or
 * soon will. Before that it does not: whoever knows only the number could spoil a good card with a wrong date.
 */
const planReuse = async (
  { cipher }: Ports,
  { card }: TokenizeCard,
  scope: Scope,
  existing: StoredToken,
  at: EpochMs,
): Promise<Plan> => {
  const place = placeOf(scope, existing.id)
  const stored = await cipher.open(place, existing.sealedCard)
  if (!isDueForRenewal(stored.expiry, at) || !isLater(card.expiry, stored.expiry))
    return { token: existing, expiry: stored.expiry, reuses: true, changes: [] }
  const token: StoredToken = {
    ...existing,
    version: existing.version + 1,
    sealedCard: await cipher.seal(place, { ...card, holder: card.holder ?? stored.holder }),
    updatedAt: at,
  }
  return { token, expiry: card.expiry, reuses: true, changes: [{ type: 'replace-token', token }] }
}

const holdCode = async (
  { codes, ids }: Ports,
  caller: Caller,
  { code, policy }: TokenizeCard,
  scope: Scope,
  token: StoredToken,
): Promise<Result<SessionId | undefined, Refusal>> => {
  if (!code || !policy.hold || token.status !== 'active') return ok(undefined)
  const sessionId = ids.uuid() as SessionId
  const held = await codes.hold({
    address: addressOf(caller, sessionId),
    place: placeOf(scope, token.id),
    tenantId: caller.principal.tenant.id,
    code,
    ttlMs: policy.ttlMs,
    uses: policy.uses,
  })
  return held.ok ? ok(sessionId) : held
}

/** `false` on a conflict. Whatever went wrong, a code that nobody was told of does not stay. */
const commitOrDrop = async (
  { store, codes }: Ports,
  caller: Caller,
  changes: readonly Change[],
  sessionId: SessionId | undefined,
): Promise<boolean> => {
  let kept = false
  try {
    kept = (await store.commit(changes)).ok
    return kept
  } finally {
    if (!kept && sessionId) await codes.drop(addressOf(caller, sessionId))
  }
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

const isPast = ({ expiresAt }: StoredToken, at: EpochMs): boolean =>
  expiresAt !== undefined && expiresAt <= at

const placeOf = (scope: Scope, tokenId: TokenId): CardPlace => ({
  scopeId: scope.id,
  environment: scope.environment,
  tokenId,
})

const addressOf = (caller: Caller, sessionId: SessionId): CodeAddress => ({
  type: 'session',
  tenantId: caller.principal.tenant.id,
  sessionId,
})

const tokenSubject = ({ id }: StoredToken) => ({ type: 'token', id }) as const
