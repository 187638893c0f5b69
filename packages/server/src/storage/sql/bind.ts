import type { BinRecord } from '@cardkeep/core/bins/bin'
import type { CaptureKey } from '@cardkeep/core/captures/capture-key'
import type { CodePolicy } from '@cardkeep/core/codes/policy'
import type { Destination } from '@cardkeep/core/destinations/destination'
import type { VaultEvent } from '@cardkeep/core/events/event'
import type { Webhook } from '@cardkeep/core/events/webhook'
import type { KeyRecord } from '@cardkeep/core/keys'
import type { NetworkToken, NetworkTokenSettings } from '@cardkeep/core/network-tokens/network-token'
import type { Credential, Scope, Tenant } from '@cardkeep/core/tenants/tenant'
import type { StoredFingerprint } from '@cardkeep/core/tokens/fingerprint'
import type { StoredToken } from '@cardkeep/core/tokens/token'
import { flagValue, headersValue, idValue, listValue, orNull, type SqlValue } from './values.ts'

/* The values of a record in the order in which its statement names them, field by field: what it holds besides stays out. */

type Bind<Subject> = (subject: Subject) => readonly SqlValue[]

export const tokenValues: Bind<StoredToken> = (token) => [
  idValue(token.id),
  idValue(token.scopeId),
  idValue(token.tenantId),
  token.fingerprint.hash,
  token.version,
  token.status,
  flagValue(token.test),
  flagValue(token.unique),
  token.type,
  token.type === 'card' ? token.scheme : '',
  token.type === 'card' ? token.mask.bin : '',
  token.mask.last4,
  token.mask.length,
  token.sealed,
  token.createdAt,
  token.updatedAt,
  orNull(token.expiresAt),
  orNull(token.invalidatedAt),
  flagValue(token.endsWithCard),
]

export const fingerprintValues: Bind<StoredFingerprint> = (fingerprint) => [
  idValue(fingerprint.id),
  idValue(fingerprint.scopeId),
  fingerprint.hash,
  fingerprint.keyVersion,
  orNull(fingerprint.analyticsUntil),
]

export const captureKeyValues: Bind<CaptureKey> = (key) => [
  idValue(key.id),
  idValue(key.tenantId),
  key.publicKey,
  key.sealedPrivateKey,
  key.createdAt,
  orNull(key.retiredAt),
]

export const networkTokenValues: Bind<NetworkToken> = (networkToken) => [
  idValue(networkToken.id),
  idValue(networkToken.tokenId),
  idValue(networkToken.scopeId),
  networkToken.status,
  networkToken.sealed,
  networkToken.createdAt,
  networkToken.updatedAt,
  flagValue(networkToken.isSettled),
]

export const scopeValues: Bind<Scope> = (scope) => [
  idValue(scope.id),
  scope.environment,
  flagValue(scope.deduplicates),
  scope.createdAt,
  ...networkTokenSettingsValues(scope.networkTokens),
]

export const networkTokenSettingsValues: Bind<NetworkTokenSettings | undefined> = (settings) => [
  flagValue(settings?.networkToken ?? false),
  flagValue(settings?.accountReference ?? false),
  orNull(settings?.requestor),
]

export const tenantValues: Bind<Tenant> = (tenant) => [
  idValue(tenant.id),
  tenant.name,
  tenant.environment,
  idValue(tenant.defaultScopeId),
  ...policyValues(tenant.codePolicy),
  tenant.createdAt,
]

export const policyValues: Bind<CodePolicy | undefined> = (policy) => [
  policy ? flagValue(policy.hold) : null,
  orNull(policy?.ttlMs),
  orNull(policy?.uses),
  policy?.destinations ? listValue(policy.destinations) : null,
]

export const credentialValues: Bind<Credential> = (credential) => [
  idValue(credential.id),
  idValue(credential.tenantId),
  credential.dialect,
  listValue(credential.permissions),
  credential.hash,
  orNull(credential.publicKey),
  credential.createdAt,
  orNull(credential.expiresAt),
  orNull(credential.revokedAt),
  orNull(credential.lastUsedAt),
  orNull(credential.disabledAt),
]

export const destinationValues: Bind<Destination> = (destination) => [
  idValue(destination.id),
  idValue(destination.tenantId),
  destination.origin,
  orNull(destination.pathPrefix),
  listValue(destination.methods),
  orNull(destination.ca),
  orNull(destination.client?.certificate),
  orNull(destination.client?.sealedKey),
  headersValue(destination.headers),
  flagValue(destination.allowPrivate),
  destination.createdAt,
]

export const webhookValues: Bind<Webhook> = (webhook) => [
  idValue(webhook.id),
  idValue(webhook.tenantId),
  webhook.url,
  webhook.form,
  flagValue(webhook.allowPrivate),
  orNull(webhook.ca),
  webhook.sealedSecret,
  webhook.createdAt,
  webhook.health.failures,
  orNull(webhook.health.pausedUntil),
]

export const eventValues: Bind<VaultEvent> = (event) => [
  idValue(event.tenantId),
  event.type,
  idValue(event.id),
  event.subject.type,
  idValue(event.subject.id),
  event.at,
  JSON.stringify(event.data),
]

export const binValues: Bind<BinRecord> = (bin) => [
  bin.prefix,
  orNull(bin.brand),
  orNull(bin.funding),
  orNull(bin.segment),
  orNull(bin.product),
  orNull(bin.issuer),
  orNull(bin.country),
  orNull(bin.currency),
]

export const keyValues: Bind<KeyRecord> = (key) => [
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
