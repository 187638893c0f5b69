import type { CaptureKey } from '@cardkeep/core/captures/capture-key'
import type { Scheme } from '@cardkeep/core/cards/scheme'
import type { AuditAnchor, AuditCheckpoint, AuditShipment } from '@cardkeep/core/changes'
import type { CodePolicy } from '@cardkeep/core/codes/policy'
import type { Destination } from '@cardkeep/core/destinations/destination'
import type { FingerprintId, ScopeId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import type { KeyRecord, KeySet, KeyState } from '@cardkeep/core/keys'
import type { NetworkToken, NetworkTokenSettings } from '@cardkeep/core/network-tokens/network-token'
import type { AuditHead, StoredAuditEntry } from '@cardkeep/core/ports'
import type { AllowedOrigin } from '@cardkeep/core/tenants/origin'
import {
  type Credential,
  type Environment,
  permissions,
  type Scope,
  type Tenant,
} from '@cardkeep/core/tenants/tenant'
import type { StoredFingerprint } from '@cardkeep/core/tokens/fingerprint'
import type { CardToken, StoredToken, TokenStanding, TokenStatus } from '@cardkeep/core/tokens/token'
import { dialects } from './known-words.ts'
import {
  type Row,
  readBytes,
  readFlag,
  readHeaders,
  readId,
  readKnownWords,
  readNumber,
  readOptional,
  readText,
  readTexts,
  readTime,
  readWord,
  wordsOf,
} from './values.ts'

/* Rows become domain values field by field: what a row holds besides never gets any further. */

const environments = wordsOf<Environment>({ test: true, live: true })
const statuses = wordsOf<TokenStatus>({ active: true, suspended: true, deleted: true })
const requestors = wordsOf<NetworkTokenSettings['requestor']>({ merchant: true, vault: true })
const tokenTypes = wordsOf<StoredToken['type']>({ card: true, bank: true })
const ownerTypes = wordsOf<KeyRecord['owner']['type']>({ vault: true, scope: true, tenant: true })
const states = wordsOf<KeyState>({ active: true, 'decrypt-only': true, destroyed: true })
const schemes = wordsOf<Scheme>({
  visa: true,
  mastercard: true,
  amex: true,
  discover: true,
  diners: true,
  jcb: true,
  unionpay: true,
  maestro: true,
  elo: true,
  hipercard: true,
  mir: true,
  rupay: true,
  troy: true,
  verve: true,
  unknown: true,
})

export const readToken = (row: Row): StoredToken => {
  const record = {
    id: readId<TokenId>(row, 'id'),
    scopeId: readId<ScopeId>(row, 'scope_id'),
    tenantId: readId<TenantId>(row, 'tenant_id'),
    version: readNumber(row, 'version'),
    status: readWord(row, 'status', statuses),
    test: readFlag(row, 'is_test'),
    unique: readFlag(row, 'is_unique'),
    fingerprint: {
      scopeId: readId<ScopeId>(row, 'scope_id'),
      hash: readBytes(row, 'fingerprint_hash'),
      keyVersion: readNumber(row, 'fingerprint_key_version'),
      id: readId<FingerprintId>(row, 'fingerprint_id'),
      analyticsUntil: readOptional(row, 'analytics_until', readTime),
    },
    sealed: readBytes(row, 'sealed'),
    createdAt: readTime(row, 'created_at'),
    updatedAt: readTime(row, 'updated_at'),
    expiresAt: readOptional(row, 'expires_at', readTime),
    invalidatedAt: readOptional(row, 'invalidated_at', readTime),
    endsWithCard: readFlag(row, 'ends_with_card'),
  }
  const mask = { last4: readText(row, 'last4'), length: readNumber(row, 'number_length') }
  if (readWord(row, 'type', tokenTypes) === 'bank') return { type: 'bank', ...record, mask }
  const bin = readText(row, 'bin')
  return { type: 'card', ...record, scheme: readScheme(row), mask: { bin, ...mask } }
}

/** One of which only a newer program has heard is shown as unknown. */
const readScheme = (row: Row): Scheme => schemes.find((scheme) => scheme === row['scheme']) ?? 'unknown'

export const readCardToken = (row: Row): CardToken => {
  const token = readToken(row)
  // Precondition: the statement asks for the tokens of cards.
  if (token.type !== 'card') throw new Error('a list of cards with something else in it')
  return token
}

export const readOrigin = (row: Row): AllowedOrigin => ({
  tenantId: readId(row, 'tenant_id'),
  origin: readText(row, 'origin'),
  createdAt: readTime(row, 'created_at'),
})

export const readStanding = (row: Row): TokenStanding => ({
  id: readId(row, 'id'),
  scopeId: readId(row, 'scope_id'),
  version: readNumber(row, 'version'),
  status: readWord(row, 'status', statuses),
  expiresAt: readOptional(row, 'expires_at', readTime),
  invalidatedAt: readOptional(row, 'invalidated_at', readTime),
})

export const readFingerprint = (row: Row): StoredFingerprint => ({
  scopeId: readId(row, 'scope_id'),
  hash: readBytes(row, 'hash'),
  keyVersion: readNumber(row, 'key_version'),
  id: readId(row, 'id'),
  analyticsUntil: readOptional(row, 'analytics_until', readTime),
})

export const readTenant = (row: Row): Tenant => ({
  id: readId(row, 'id'),
  name: readText(row, 'name'),
  environment: readWord(row, 'environment', environments),
  defaultScopeId: readId(row, 'default_scope_id'),
  codePolicy: readOptional(row, 'policy_hold', () => readPolicy(row)),
  createdAt: readTime(row, 'created_at'),
})

const readPolicy = (row: Row): CodePolicy => ({
  hold: readFlag(row, 'policy_hold'),
  ttlMs: readNumber(row, 'policy_ttl_ms'),
  uses: readNumber(row, 'policy_uses'),
  destinations: readOptional(row, 'policy_destinations', readTexts),
})

export const readScope = (row: Row): Scope => ({
  id: readId(row, 'id'),
  environment: readWord(row, 'environment', environments),
  deduplicates: readFlag(row, 'deduplicates'),
  networkTokens: readOptional(row, 'token_requestor', () => ({
    networkToken: readFlag(row, 'network_token'),
    accountReference: readFlag(row, 'account_reference'),
    requestor: readWord(row, 'token_requestor', requestors),
  })),
  createdAt: readTime(row, 'created_at'),
})

export const readCaptureKey = (row: Row): CaptureKey => ({
  id: readId(row, 'id'),
  tenantId: readId(row, 'tenant_id'),
  publicKey: readText(row, 'public_key'),
  sealedPrivateKey: readBytes(row, 'sealed_private_key'),
  createdAt: readTime(row, 'created_at'),
  retiredAt: readOptional(row, 'retired_at', readTime),
})

export const readNetworkToken = (row: Row): NetworkToken => ({
  id: readId(row, 'id'),
  tokenId: readId(row, 'token_id'),
  scopeId: readId(row, 'scope_id'),
  status: readWord(row, 'status', statuses),
  sealed: readBytes(row, 'sealed'),
  createdAt: readTime(row, 'created_at'),
  updatedAt: readTime(row, 'updated_at'),
  isSettled: readFlag(row, 'is_settled'),
})

export const readCredential = (row: Row): Credential => ({
  id: readId(row, 'id'),
  tenantId: readId(row, 'tenant_id'),
  dialect: readWord(row, 'dialect', dialects),
  permissions: readKnownWords(row, 'permissions', permissions),
  hash: readBytes(row, 'hash'),
  publicKey: readOptional(row, 'public_key', readText),
  createdAt: readTime(row, 'created_at'),
  expiresAt: readOptional(row, 'expires_at', readTime),
  revokedAt: readOptional(row, 'revoked_at', readTime),
  lastUsedAt: readOptional(row, 'last_used_at', readTime),
  disabledAt: readOptional(row, 'disabled_at', readTime),
})

export const readDestination = (row: Row): Destination => ({
  id: readId(row, 'id'),
  tenantId: readId(row, 'tenant_id'),
  origin: readText(row, 'origin'),
  pathPrefix: readOptional(row, 'path_prefix', readText),
  methods: readTexts(row, 'methods'),
  ca: readOptional(row, 'ca', readText),
  client: readOptional(row, 'client_certificate', () => ({
    certificate: readText(row, 'client_certificate'),
    sealedKey: readBytes(row, 'client_sealed_key'),
  })),
  headers: readHeaders(row, 'headers'),
  allowPrivate: readFlag(row, 'allow_private'),
  createdAt: readTime(row, 'created_at'),
})

export const readKey = (row: Row): KeyRecord => ({
  id: readId(row, 'id'),
  purpose: readText(row, 'purpose'),
  owner: {
    type: readWord(row, 'owner_type', ownerTypes),
    id: readBytes(row, 'owner_id').length === 0 ? '' : readId(row, 'owner_id'),
  },
  environment: readOptional(row, 'environment', () => readWord(row, 'environment', environments)),
  algorithm: readText(row, 'algorithm'),
  version: readNumber(row, 'version'),
  state: readWord(row, 'state', states),
  createdAt: readTime(row, 'created_at'),
  expiresAt: readTime(row, 'expires_at'),
  checkValue: readText(row, 'check_value'),
  wrapped: readBytes(row, 'wrapped'),
  publicKey: readOptional(row, 'public_key', readBytes),
  reservedSeals: readNumber(row, 'reserved_seals'),
})

export const readKeySet = (row: Row): KeySet => ({
  counter: readNumber(row, 'counter'),
  sealedDigest: readBytes(row, 'sealed_digest'),
})

export const readAuditHead = (row: Row): AuditHead => ({
  chain: readNumber(row, 'chain'),
  seq: readNumber(row, 'seq'),
  hash: readBytes(row, 'hash'),
})

export const readAuditEntry = (row: Row): StoredAuditEntry => ({
  seq: readNumber(row, 'seq'),
  text: readText(row, 'text'),
  hash: readBytes(row, 'hash'),
})

export const readCheckpoint = (row: Row): AuditCheckpoint => ({
  chain: readNumber(row, 'chain'),
  seq: readNumber(row, 'seq'),
  hash: readBytes(row, 'hash'),
  at: readTime(row, 'at'),
  keyId: readId(row, 'key_id'),
  signature: readBytes(row, 'signature'),
})

export const readAnchor = (row: Row): AuditAnchor => ({
  chain: readNumber(row, 'chain'),
  seq: readNumber(row, 'seq'),
  hash: readBytes(row, 'hash'),
  at: readTime(row, 'at'),
})

export const readShipment = (row: Row): AuditShipment => ({
  sink: readText(row, 'sink'),
  chain: readNumber(row, 'chain'),
  seq: readNumber(row, 'seq'),
  at: readTime(row, 'at'),
})
