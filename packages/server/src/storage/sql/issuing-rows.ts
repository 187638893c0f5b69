import type { CvvTries } from '@cardkeep/core/issuing/cvv-tries'
import { type IssuedCard, issuedCardStatuses } from '@cardkeep/core/issuing/issued-card'
import {
  type AccessKey,
  type Cvk,
  type Issuer,
  type IssuerBin,
  rotationEventTypes,
  type StoredCvkComponent,
  type TrustedIssuer,
} from '@cardkeep/core/issuing/issuer'
import type { CvvRotation } from '@cardkeep/core/issuing/rotation'
import type { IssuedCardId } from '@cardkeep/core/kernel/ids'
import type { RotatingCard, RotationsAhead } from '@cardkeep/core/ports'
import {
  type Row,
  readBytes,
  readDigits,
  readFlag,
  readId,
  readNumber,
  readOptional,
  readText,
  readTime,
  readTimes,
  readWord,
} from './values.ts'

export const readIssuer = (row: Row): Issuer => ({
  tenantId: readId(row, 'tenant_id'),
  settings: {
    eventType: readWord(row, 'event_type', rotationEventTypes),
    graceMs: readNumber(row, 'grace_ms'),
    jitterMs: readNumber(row, 'jitter_ms'),
    pciDelayMs: readNumber(row, 'pci_delay_ms'),
  },
  cvk: readOptional(row, 'sealed_cvk', () => readCvk(row)),
  componentsExpected: readOptional(row, 'components_expected', readNumber),
  createdAt: readTime(row, 'created_at'),
})

const readCvk = (row: Row): Cvk => ({
  sealed: readBytes(row, 'sealed_cvk'),
  checkValues: { a: readText(row, 'cvk_check_a'), b: readText(row, 'cvk_check_b') },
  createdAt: readTime(row, 'cvk_created_at'),
})

export const readCvkComponent = (row: Row): StoredCvkComponent => ({
  tenantId: readId(row, 'tenant_id'),
  custodian: readText(row, 'custodian'),
  sealed: readBytes(row, 'sealed'),
  checkValues: { a: readText(row, 'check_a'), b: readText(row, 'check_b') },
  createdAt: readTime(row, 'created_at'),
})

export const readIssuerBin = (row: Row): IssuerBin => ({
  tenantId: readId(row, 'tenant_id'),
  bin: readText(row, 'bin'),
  createdAt: readTime(row, 'created_at'),
})

export const readAccessKey = (row: Row): AccessKey => ({
  id: readId(row, 'id'),
  tenantId: readId(row, 'tenant_id'),
  publicJwk: readText(row, 'public_jwk'),
  sealedPrivateKey: readBytes(row, 'sealed_private_key'),
  createdAt: readTime(row, 'created_at'),
  retiredAt: readOptional(row, 'retired_at', readTime),
})

export const readTrustedIssuer = (row: Row): TrustedIssuer => ({
  credentialId: readId(row, 'credential_id'),
  issuer: readText(row, 'issuer'),
  audience: readText(row, 'audience'),
  jwks: readText(row, 'jwks'),
})

export const readIssuedCardId = (row: Row, column: string): IssuedCardId =>
  readNumber(row, column) as IssuedCardId

export const readRotatingCard = (row: Row): RotatingCard => ({
  card: readIssuedCard(row),
  rotation: readRotation(row),
})

const readIssuedCard = (row: Row): IssuedCard => ({
  id: readIssuedCardId(row, 'id'),
  tenantId: readId(row, 'tenant_id'),
  hash: readId(row, 'hash'),
  accountId: readNumber(row, 'account_id'),
  customerId: readNumber(row, 'customer_id'),
  status: readWord(row, 'status', issuedCardStatuses),
  name: readText(row, 'name'),
  printedName: readText(row, 'printed_name'),
  last4: readText(row, 'last4'),
  numberHash: readBytes(row, 'number_hash'),
  sealedNumber: readBytes(row, 'sealed_number'),
  expiryMonth: readNumber(row, 'expiry_month'),
  expiryYear: readNumber(row, 'expiry_year'),
  contactless: readFlag(row, 'contactless'),
  accountUpdater: readFlag(row, 'account_updater'),
  transactionLimit: readOptional(row, 'transaction_limit', readDigits),
  metadata: readOptional(row, 'metadata', readText),
  createdAt: readTime(row, 'created_at'),
  updatedAt: readTime(row, 'updated_at'),
  version: readNumber(row, 'version'),
})

export const readRotation = (row: Row): CvvRotation => ({
  cardId: readIssuedCardId(row, 'card_id'),
  tenantId: readId(row, 'tenant_id'),
  sealedServiceCode: readBytes(row, 'sealed_service_code'),
  serial: readNumber(row, 'serial'),
  schedule: {
    intervalMs: readOptional(row, 'interval_ms', readNumber),
    nextAt: readOptional(row, 'next_at', readTime),
    lastScheduledAt: readOptional(row, 'last_scheduled_at', readTime),
    lastRotatedAt: readTime(row, 'last_rotated_at'),
  },
  dueAt: readOptional(row, 'due_at', readTime),
  previous: readOptional(row, 'previous_sealed', () => ({
    sealedServiceCode: readBytes(row, 'previous_sealed'),
    until: readTime(row, 'previous_until'),
  })),
  version: readNumber(row, 'rotation_version'),
})

export const readRotationsAhead = (row: Row): RotationsAhead => ({
  tenantId: readId(row, 'tenant_id'),
  intervalMs: readNumber(row, 'interval_ms'),
  isOverdue: readFlag(row, 'is_overdue'),
  at: readTime(row, 'span'),
  cards: readNumber(row, 'cards'),
})

export const readCvvTries = (row: Row): CvvTries => ({
  cardId: readIssuedCardId(row, 'card_id'),
  serial: readNumber(row, 'serial'),
  wrong: readNumber(row, 'wrong'),
  recent: readTimes(row, 'recent'),
  lockedAt: readOptional(row, 'locked_at', readTime),
  version: readNumber(row, 'version'),
})
