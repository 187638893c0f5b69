import { mainChain } from '@cardkeep/core/audit/chain'
import type { AuditEntry } from '@cardkeep/core/audit/entry'
import type { BinRecord } from '@cardkeep/core/bins/bin'
import type { CaptureKey } from '@cardkeep/core/captures/capture-key'
import type { AuditCheckpoint, Change } from '@cardkeep/core/changes'
import type { Destination } from '@cardkeep/core/destinations/destination'
import type { VaultEvent } from '@cardkeep/core/events/event'
import type { Webhook } from '@cardkeep/core/events/webhook'
import type { IdempotencyClaim } from '@cardkeep/core/idempotency/claim'
import { type IssuedCard, issuedCardIdOf } from '@cardkeep/core/issuing/issued-card'
import {
  type AccessKey,
  type Cvk,
  type Issuer,
  type StoredCvkComponent,
  usualIssuerSettings,
} from '@cardkeep/core/issuing/issuer'
import type { CvvRotation } from '@cardkeep/core/issuing/rotation'
import type { Brand } from '@cardkeep/core/kernel/brand'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { KeyRecord } from '@cardkeep/core/keys'
import type { NetworkToken } from '@cardkeep/core/network-tokens/network-token'
import type { AuditHead } from '@cardkeep/core/ports'
import type { Credential, Scope, Tenant } from '@cardkeep/core/tenants/tenant'
import type { StoredFingerprint } from '@cardkeep/core/tokens/fingerprint'
import type { BankToken, CardToken, StoredToken } from '@cardkeep/core/tokens/token'
import { createCountingIds, createFixedClock } from '../clock.ts'

/** Makes one valid record after another, each with ids of its own; a test says only what matters to it. */
export type Records = ReturnType<typeof createRecords>

export const createRecords = () => {
  const ids = createCountingIds()
  const at = createFixedClock().now()
  let count = 0
  const next = (): number => ++count
  const id = <Id extends Brand<string, string>>(): Id => ids.uuid() as Id

  /** So many bytes that no other record has. */
  const bytes = (length: number): Uint8Array => {
    const made = new Uint8Array(length).fill(0xa5)
    new DataView(made.buffer).setUint32(0, next())
    return made
  }

  const scope = (fields: Partial<Scope> = {}): Scope => ({
    id: id(),
    environment: 'test',
    deduplicates: true,
    networkTokens: undefined,
    createdAt: at,
    ...fields,
  })

  const tenant = (fields: Partial<Tenant> = {}): Tenant => ({
    id: id(),
    name: `tenant-${next()}`,
    environment: 'test',
    defaultScopeId: id(),
    codePolicy: undefined,
    createdAt: at,
    ...fields,
  })

  const fingerprint = (of: Scope, fields: Partial<StoredFingerprint> = {}): StoredFingerprint => ({
    scopeId: of.id,
    hash: bytes(32),
    keyVersion: 1,
    id: id(),
    analyticsUntil: undefined,
    ...fields,
  })

  const token = (by: Tenant, of: StoredFingerprint, fields: Partial<CardToken> = {}): CardToken => ({
    ...tokenRecord(by, of),
    type: 'card',
    scheme: 'visa',
    mask: { bin: '400000', last4: '0002', length: 16 },
    ...fields,
  })

  const bankToken = (by: Tenant, of: StoredFingerprint, fields: Partial<BankToken> = {}): BankToken => ({
    ...tokenRecord(by, of),
    type: 'bank',
    mask: { last4: '6789', length: 9 },
    ...fields,
  })

  const tokenRecord = (by: Tenant, of: StoredFingerprint): Omit<BankToken, 'type' | 'mask'> => ({
    id: id(),
    scopeId: of.scopeId,
    tenantId: by.id,
    version: 1,
    status: 'active',
    test: false,
    unique: true,
    fingerprint: of,
    sealed: bytes(96),
    createdAt: at,
    updatedAt: at,
    expiresAt: undefined,
    endsWithCard: false,
    invalidatedAt: undefined,
  })

  const networkToken = (
    of: Pick<StoredToken, 'id' | 'scopeId'>,
    fields: Partial<NetworkToken> = {},
  ): NetworkToken => ({
    id: id(),
    tokenId: of.id,
    scopeId: of.scopeId,
    status: 'active',
    sealed: bytes(70),
    createdAt: at,
    updatedAt: at,
    isSettled: false,
    ...fields,
  })

  const captureKey = (of: Tenant, fields: Partial<CaptureKey> = {}): CaptureKey => ({
    id: id(),
    tenantId: of.id,
    publicKey: 'an armored key',
    sealedPrivateKey: bytes(200),
    createdAt: at,
    retiredAt: undefined,
    ...fields,
  })

  const credential = (of: Tenant, fields: Partial<Credential> = {}): Credential => ({
    id: id(),
    tenantId: of.id,
    dialect: 'ozura',
    permissions: ['tokenize', 'forward'],
    hash: bytes(32),
    publicKey: undefined,
    createdAt: at,
    expiresAt: undefined,
    revokedAt: undefined,
    lastUsedAt: undefined,
    disabledAt: undefined,
    ...fields,
  })

  const destination = (of: Tenant, fields: Partial<Destination> = {}): Destination => ({
    id: id(),
    tenantId: of.id,
    origin: 'https://psp.example',
    pathPrefix: undefined,
    methods: [],
    ca: undefined,
    client: undefined,
    headers: [],
    allowPrivate: false,
    createdAt: at,
    ...fields,
  })

  const webhook = (of: Tenant, fields: Partial<Webhook> = {}): Webhook => ({
    id: id(),
    tenantId: of.id,
    url: 'https://shop.example/events',
    events: ['token.created', 'token.deleted'],
    form: 'standard',
    allowPrivate: false,
    ca: undefined,
    sealedSecret: bytes(60),
    createdAt: at,
    health: { failures: 0, pausedUntil: undefined },
    ...fields,
  })

  const event = (of: Tenant, fields: Partial<VaultEvent> = {}): VaultEvent => ({
    id: id(),
    tenantId: of.id,
    type: 'token.created',
    subject: { type: 'token', id: id() },
    at,
    data: { last4: '0002', length: 16, test: false, scheme: null },
    ...fields,
  })

  const claim = (by: Tenant, fields: Partial<IdempotencyClaim> = {}): IdempotencyClaim => ({
    name: bytes(32),
    tenantId: by.id,
    digest: bytes(32),
    claimId: id(),
    at,
    ...fields,
  })

  /** All fields but the prefix are missing. */
  const bin = (prefix: string, fields: Partial<BinRecord> = {}): BinRecord => ({
    prefix,
    brand: undefined,
    funding: undefined,
    segment: undefined,
    product: undefined,
    issuer: undefined,
    country: undefined,
    currency: undefined,
    ...fields,
  })

  const key = (fields: Partial<KeyRecord> = {}): KeyRecord => ({
    id: id(),
    purpose: 'card',
    owner: { type: 'scope', id: id() },
    environment: 'test',
    algorithm: 'AES-256-GCM',
    version: 1,
    state: 'active',
    createdAt: at,
    expiresAt: at,
    checkValue: 'a1b2c3',
    wrapped: bytes(60),
    publicKey: undefined,
    reservedSeals: 0,
    ...fields,
  })

  const audit = (fields: Partial<AuditEntry> = {}): Extract<Change, { type: 'audit' }> => ({
    type: 'audit',
    entry: {
      at,
      action: 'token.created',
      outcome: 'success',
      tenantId: undefined,
      actor: { type: 'vault', id: undefined },
      origin: '192.0.2.1',
      requestId: undefined,
      subject: { type: 'token', id: ids.uuid() },
      details: { 'a number': 1, text: 'Zürich ☂', flag: true },
      ...fields,
    },
  })

  const checkpoint = (
    { chain = mainChain, seq, hash }: Partial<Pick<AuditHead, 'chain'>> & Omit<AuditHead, 'chain'>,
    fields: Partial<AuditCheckpoint> = {},
  ): AuditCheckpoint => ({
    chain,
    seq,
    hash,
    at,
    keyId: id(),
    signature: bytes(64),
    ...fields,
  })

  const issuer = (of: Tenant, fields: Partial<Issuer> = {}): Issuer => ({
    tenantId: of.id,
    settings: usualIssuerSettings,
    cvk: undefined,
    componentsExpected: undefined,
    createdAt: at,
    ...fields,
  })

  const cvk = (fields: Partial<Cvk> = {}): Cvk => ({
    sealed: bytes(60),
    checkValues: { a: '8CA64D', b: '08D7B4' },
    createdAt: at,
    ...fields,
  })

  const cvkComponent = (of: Tenant, fields: Partial<StoredCvkComponent> = {}): StoredCvkComponent => ({
    tenantId: of.id,
    custodian: `custodian-${next()}`,
    sealed: bytes(60),
    checkValues: { a: '8CA64D', b: '08D7B4' },
    createdAt: at,
    ...fields,
  })

  const accessKey = (of: Tenant, fields: Partial<AccessKey> = {}): AccessKey => ({
    id: id(),
    tenantId: of.id,
    publicJwk: '{"kty":"RSA"}',
    sealedPrivateKey: bytes(200),
    createdAt: at,
    retiredAt: undefined,
    ...fields,
  })

  const issuedCard = (of: Tenant, fields: Partial<IssuedCard> = {}): IssuedCard => ({
    id: issuedCardIdOf(epochMs(at + next()), 0),
    tenantId: of.id,
    hash: id(),
    accountId: 7,
    customerId: 8,
    status: 'NORMAL',
    name: `card ${next()}`,
    printedName: 'A NAME',
    last4: '0002',
    numberHash: bytes(32),
    sealedNumber: bytes(70),
    expiryMonth: 12,
    expiryYear: 2031,
    contactless: false,
    accountUpdater: false,
    transactionLimit: undefined,
    metadata: undefined,
    createdAt: at,
    updatedAt: at,
    version: 1,
    ...fields,
  })

  /** Of a card that rotates only when it is forced. */
  const rotation = (
    of: Pick<IssuedCard, 'id' | 'tenantId'>,
    fields: Partial<CvvRotation> = {},
  ): CvvRotation => ({
    cardId: of.id,
    tenantId: of.tenantId,
    sealedServiceCode: bytes(50),
    serial: 0,
    schedule: { intervalMs: undefined, nextAt: undefined, lastScheduledAt: undefined, lastRotatedAt: at },
    dueAt: undefined,
    previous: undefined,
    version: 1,
    ...fields,
  })

  return {
    at,
    id,
    issuer,
    cvk,
    cvkComponent,
    accessKey,
    issuedCard,
    rotation,
    bytes,
    scope,
    tenant,
    fingerprint,
    token,
    bankToken,
    networkToken,
    captureKey,
    credential,
    destination,
    webhook,
    event,
    claim,
    bin,
    key,
    audit,
    checkpoint,
  }
}
