import type { AuditAction, AuditEntry } from '../../audit/entry.ts'
import type { Card } from '../../cards/card.ts'
import type { Change } from '../../changes.ts'
import type { Refusal } from '../../errors.ts'
import type { NetworkTokenId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type {
  IssuedNetworkToken,
  NetworkToken,
  NetworkTokenAction,
  NetworkTokenStatus,
} from '../../network-tokens/network-token.ts'
import type {
  Ids,
  NetworkTokenCipher,
  NetworkTokenProvider,
  NetworkTokenProviders,
  Store,
} from '../../ports.ts'
import type { Permission, Scope } from '../../tenants/tenant.ts'
import { stateOf, type TokenState } from '../../tokens/lifecycle.ts'
import type { CardToken } from '../../tokens/token.ts'
import type { Caller } from '../caller.ts'
import type { ShownNetworkToken } from '../tokens/card-overview.ts'

export type NetworkTokenPorts = {
  readonly store: Pick<Store, 'scope' | 'networkToken'>
  readonly networkTokens: NetworkTokenProviders
  readonly networkTokenCipher: NetworkTokenCipher
  readonly ids: Ids
}

export interface NetworkTokenWish {
  readonly token: CardToken
  readonly card: Card
  readonly action: NetworkTokenAction
  /** The token stood for another card until now: what it had goes by an `end-network-tokens` before these changes. */
  readonly isRelinked?: boolean
  readonly at: EpochMs
}

export interface PlannedNetworkToken {
  /** For the commit that replaces the token. */
  readonly changes: readonly Change[]
  readonly shown: ShownNetworkToken
  /** `undefined` where it was so already. */
  readonly told: AuditAction | undefined
  /** For the entry of what is told: who issues it. */
  readonly details: AuditEntry['details']
  /** Takes back what its provider was told, where the commit fails. */
  undo(): Promise<void>
}

/**
 * Has a token's network token issued, suspended, resumed or ended. What is refused names `scheme_token_action` in its
 * dialect. wire: verifone §scheme tokens, inferred: what is so already is done.
 *
 * A provider is told of what makes a network token good or bad before the commit, under an id of the vault's own, so that it
 * can be taken back; and of its end after the commit, by `settleNetworkTokens`, because an end cannot.
 */
export const planNetworkToken = async (
  ports: NetworkTokenPorts,
  wish: NetworkTokenWish,
): Promise<Result<PlannedNetworkToken, Refusal>> => {
  const { store, networkTokens } = ports
  const { token, action, isRelinked = false } = wish
  const [scope, found] = await Promise.all([scopeOf(store, token), store.networkToken(token.id)])
  const live = found?.status === 'deleted' ? undefined : found
  const provider = networkTokens(scope.environment)
  const details = provider ? { provider: provider.name } : {}

  // What a tenant has it may end, whatever became of the settings and of who issued it.
  if (action === 'delete' && live) return ok(planEnd(wish, live, details))
  // Whoever did not hear that it is deleted asks again.
  if (action === 'delete' && found) return ok(deletedBefore)
  // Without its settings nothing new is asked of a scheme, but what is there can still be stopped.
  if (!scope.networkTokens && !(action === 'suspend' && live))
    return refuse({ type: 'NetworkTokenRefused', reason: 'scope without network tokens' })
  if (!provider) return refuse({ type: 'NetworkTokenRefused', reason: 'no provider' })
  const current = isRelinked ? undefined : live
  if (action === 'activate' && !current) return ok(await planIssue(ports, wish, scope, provider))
  if (!current) return refuse({ type: 'NetworkTokenRefused', reason: 'no network token' })
  return ok(await planMove(ports, wish, scope, provider, current))
}

/** What a caller may see of a token's network token, also once its scope asks for none any more. */
export const showNetworkToken = async (
  { store, networkTokenCipher }: Omit<NetworkTokenPorts, 'networkTokens' | 'ids'>,
  { principal }: Pick<Caller, 'principal'>,
  token: CardToken,
  at: EpochMs,
): Promise<ShownNetworkToken | undefined> => {
  const found = await store.networkToken(token.id)
  if (!found) return undefined
  if (!principal.permissions.some((permission) => readers.includes(permission)))
    return { status: found.status, issued: undefined }
  return show(networkTokenCipher, await scopeOf(store, token), found, stateOf(token, at))
}

/** A number that can be charged is for whoever deals in cards, and not for whoever only sends or looks at tokens. */
const readers: readonly Permission[] = ['tokenize', 'detokenize']

const scopeOf = async (
  store: Pick<Store, 'scope'>,
  { scopeId }: Pick<CardToken, 'scopeId'>,
): Promise<Scope> => {
  const scope = await store.scope(scopeId)
  // Precondition: a scope is there before its tokens and for as long as they are.
  if (!scope) throw new Error('a token without its scope')
  return scope
}

/** Such a scope has one tenant: see `linkScope`. */
const isShownWhole = ({ networkTokens }: Scope): boolean => networkTokens?.requestor === 'merchant'

const show = async (
  cipher: NetworkTokenCipher,
  scope: Scope,
  { id, tokenId, scopeId, status, sealed }: NetworkToken,
  state: TokenState,
): Promise<ShownNetworkToken> => {
  if (status !== 'active' || state !== 'active' || !isShownWhole(scope)) return { status, issued: undefined }
  const place = { id, tokenId, scopeId, environment: scope.environment }
  return { status, issued: await cipher.open(place, sealed) }
}

const toldOf: Readonly<Record<NetworkTokenAction, AuditAction>> = {
  activate: 'network-token.activated',
  suspend: 'network-token.suspended',
  delete: 'network-token.deleted',
}

const nothing = async (): Promise<void> => {}

const deletedBefore: PlannedNetworkToken = {
  changes: [],
  shown: { status: 'deleted', issued: undefined },
  told: undefined,
  details: {},
  undo: nothing,
}

const planEnd = (
  { at, isRelinked = false }: NetworkTokenWish,
  live: NetworkToken,
  details: AuditEntry['details'],
): PlannedNetworkToken => {
  const networkToken: NetworkToken = {
    ...live,
    status: 'deleted',
    sealed: new Uint8Array(),
    updatedAt: at,
    isSettled: false,
  }
  return {
    changes: isRelinked ? [] : [{ type: 'replace-network-token', networkToken, from: live.status }],
    shown: { status: 'deleted', issued: undefined },
    // Whoever relinks a token writes down that what it had is ended.
    told: isRelinked ? undefined : toldOf.delete,
    details,
    undo: nothing,
  }
}

const planIssue = async (
  { store, networkTokenCipher, ids }: NetworkTokenPorts,
  { token, card, at }: NetworkTokenWish,
  scope: Scope,
  provider: NetworkTokenProvider,
): Promise<PlannedNetworkToken> => {
  // Precondition: whoever asks has looked at the settings.
  if (!scope.networkTokens) throw new Error('a network token that nobody asks for')
  const id = ids.uuid() as NetworkTokenId
  const undo = () => tellWhatStands(store, provider, { id, tokenId: token.id }, undefined)
  let issued: IssuedNetworkToken
  let sealed: Uint8Array
  try {
    issued = await provider.issue({ id, card, settings: scope.networkTokens })
    const place = { id, tokenId: token.id, scopeId: scope.id, environment: scope.environment }
    sealed = await networkTokenCipher.seal(place, issued)
  } catch (error) {
    // Its answer may have been lost on the way, and then it was issued for nobody.
    await undo().catch(nothing)
    throw error
  }
  const networkToken: NetworkToken = {
    ...{ id, tokenId: token.id, scopeId: scope.id, status: 'active', sealed },
    ...{ createdAt: at, updatedAt: at, isSettled: false },
  }
  return {
    changes: [{ type: 'put-network-token', networkToken }],
    shown: {
      status: 'active',
      issued: isShownWhole(scope) && stateOf(token, at) === 'active' ? issued : undefined,
    },
    told: toldOf.activate,
    details: { provider: provider.name },
    undo,
  }
}

/** Suspends or resumes one that there is. */
const planMove = async (
  { store, networkTokenCipher }: NetworkTokenPorts,
  { token, action, at }: NetworkTokenWish,
  scope: Scope,
  provider: NetworkTokenProvider,
  current: NetworkToken,
): Promise<PlannedNetworkToken> => {
  const status = action === 'activate' ? 'active' : 'suspended'
  const details = { provider: provider.name }
  // Opened before anything is told: what cannot be shown must not be moved either.
  const shown = await show(networkTokenCipher, scope, { ...current, status }, stateOf(token, at))
  if (current.status === status) return { changes: [], shown, told: undefined, details, undo: nothing }
  const undo = () => tellWhatStands(store, provider, current, current.status)
  try {
    await tell[status](provider, current.id)
  } catch (error) {
    await undo().catch(nothing)
    throw error
  }
  const networkToken: NetworkToken = { ...current, status, updatedAt: at }
  return {
    changes: [{ type: 'replace-network-token', networkToken, from: current.status }],
    shown,
    told: toldOf[action],
    details,
    undo,
  }
}

const tell: Readonly<
  Record<NetworkTokenStatus, (provider: NetworkTokenProvider, id: NetworkTokenId) => Promise<void>>
> = {
  active: (provider, id) => provider.resume(id),
  suspended: (provider, id) => provider.suspend(id),
  deleted: (provider, id) => provider.end(id),
}

/**
 * Tells a provider what is written, because another caller may have committed meanwhile what this one failed to. Where that
 * cannot be read it is told what was written before.
 */
const tellWhatStands = async (
  store: Pick<Store, 'networkToken'>,
  provider: NetworkTokenProvider,
  { id, tokenId }: Pick<NetworkToken, 'id' | 'tokenId'>,
  before: NetworkTokenStatus | undefined,
): Promise<void> => {
  const status = await store.networkToken(tokenId).then(
    (stands) => (stands?.id === id ? stands.status : 'deleted'),
    () => before ?? 'deleted',
  )
  await tell[status](provider, id)
}
