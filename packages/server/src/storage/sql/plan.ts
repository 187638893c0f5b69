import type { Change } from '@cardkeep/core/changes'
import type { CodePolicy } from '@cardkeep/core/codes/policy'
import type { Destination } from '@cardkeep/core/destinations/destination'
import type { KeyRecord } from '@cardkeep/core/keys'
import type { Credential, Tenant } from '@cardkeep/core/tenants/tenant'
import type { StoredToken } from '@cardkeep/core/tokens/token'
import type { StatementName } from './statements.ts'
import { flagValue, idValue, listValue, orNull, type SqlValue } from './values.ts'

/**
 * One statement that makes a change. A statement that changes no row did not find what the change expects: the place
 * is taken, the version is another, or there is nothing to change.
 */
export interface Step {
  readonly statement: StatementName
  readonly values: readonly SqlValue[]
}

/** Changes that need what an earlier statement answers; each engine makes these itself. */
export type AnsweringChange = Extract<Change, { readonly type: 'audit' | 'erase-token' }>
export type PlannedChange = Exclude<Change, AnsweringChange>

type ChangeOf<Type> = Extract<Change, { readonly type: Type }>
type Plans = { readonly [Type in PlannedChange['type']]: (change: ChangeOf<Type>) => Step }

const plans: Plans = {
  'put-fingerprint': ({ fingerprint: { id, scopeId, hash, keyVersion } }) => ({
    statement: 'putFingerprint',
    values: [idValue(id), idValue(scopeId), hash, keyVersion],
  }),
  'put-token': ({ token }) => ({ statement: 'putToken', values: tokenValues(token) }),
  'replace-token': ({ token }) => ({ statement: 'replaceToken', values: tokenValues(token) }),
  'put-tenant': ({ tenant }) => ({ statement: 'putTenant', values: tenantValues(tenant) }),
  'set-code-policy': ({ tenantId, policy }) => ({
    statement: 'setCodePolicy',
    values: [idValue(tenantId), ...policyValues(policy)],
  }),
  'put-scope': ({ scope: { id, environment, deduplicates, createdAt } }) => ({
    statement: 'putScope',
    values: [idValue(id), environment, flagValue(deduplicates), createdAt],
  }),
  'link-scope': ({ scopeId, tenantId }) => ({
    statement: 'linkScope',
    values: [idValue(scopeId), idValue(tenantId)],
  }),
  'put-credential': ({ credential }) => ({
    statement: 'putCredential',
    values: credentialValues(credential),
  }),
  'revoke-credential': ({ id, at }) => ({ statement: 'revokeCredential', values: [idValue(id), at] }),
  'put-destination': ({ destination }) => ({
    statement: 'putDestination',
    values: destinationValues(destination),
  }),
  'remove-destination': ({ id }) => ({ statement: 'removeDestination', values: [idValue(id)] }),
  'put-key': ({ key }) => ({ statement: 'putKey', values: keyValues(key) }),
  'set-key-state': ({ id, state, wrapped }) => ({
    statement: 'setKeyState',
    values: [idValue(id), state, wrapped],
  }),
  'reserve-seals': ({ id, upTo }) => ({ statement: 'reserveSeals', values: [idValue(id), upTo] }),
  'put-key-set': ({ keySet: { counter, sealedDigest } }) => ({
    statement: 'putKeySet',
    values: [counter, sealedDigest],
  }),
  'seal-vault': ({ sealed }) => ({ statement: 'sealVault', values: [flagValue(sealed)] }),
  'put-checkpoint': ({ checkpoint: { seq, hash, at, keyId, signature } }) => ({
    statement: 'putCheckpoint',
    values: [seq, hash, at, idValue(keyId), signature],
  }),
}

export const planChange = (change: PlannedChange): Step => {
  // The table gives each type the plan of that type; the compiler cannot follow a union through the look-up.
  const plan = plans[change.type] as (change: PlannedChange) => Step
  return plan(change)
}

const tokenValues = (token: StoredToken): readonly SqlValue[] => [
  idValue(token.id),
  idValue(token.scopeId),
  idValue(token.tenantId),
  token.fingerprint.hash,
  token.version,
  token.status,
  flagValue(token.test),
  flagValue(token.unique),
  token.scheme,
  token.mask.bin,
  token.mask.last4,
  token.mask.length,
  token.sealedCard,
  token.createdAt,
  token.updatedAt,
  orNull(token.expiresAt),
]

const tenantValues = (tenant: Tenant): readonly SqlValue[] => [
  idValue(tenant.id),
  tenant.name,
  tenant.environment,
  idValue(tenant.defaultScopeId),
  ...(tenant.codePolicy ? policyValues(tenant.codePolicy) : [null, null, null]),
  tenant.createdAt,
]

const policyValues = ({ hold, ttlMs, uses }: CodePolicy): readonly SqlValue[] => [
  flagValue(hold),
  ttlMs,
  uses,
]

const credentialValues = (credential: Credential): readonly SqlValue[] => [
  idValue(credential.id),
  idValue(credential.tenantId),
  credential.dialect,
  listValue(credential.permissions),
  credential.hash,
  orNull(credential.publicKey),
  credential.createdAt,
  orNull(credential.expiresAt),
  orNull(credential.revokedAt),
]

const destinationValues = (destination: Destination): readonly SqlValue[] => [
  idValue(destination.id),
  idValue(destination.tenantId),
  destination.origin,
  orNull(destination.pathPrefix),
  listValue(destination.methods),
  orNull(destination.ca),
  orNull(destination.client?.certificate),
  orNull(destination.client?.sealedKey),
  flagValue(destination.allowPrivate),
  destination.createdAt,
]

const keyValues = (key: KeyRecord): readonly SqlValue[] => [
  idValue(key.id),
  key.purpose,
  key.owner.type,
  key.owner.id === '' ? new Uint8Array() : idValue(key.owner.id),
  orNull(key.environment),
  key.algorithm,
  key.version,
  key.state,
  key.createdAt,
  key.expiresAt,
  key.checkValue,
  key.wrapped,
  orNull(key.publicKey),
  key.reservedSeals,
]
