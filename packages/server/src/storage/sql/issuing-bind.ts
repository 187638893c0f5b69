import type { CvvTries } from '@cardkeep/core/issuing/cvv-tries'
import type { IssuedCard } from '@cardkeep/core/issuing/issued-card'
import type { AccessKey, Issuer, StoredCvkComponent } from '@cardkeep/core/issuing/issuer'
import type { CvvRotation } from '@cardkeep/core/issuing/rotation'
import { flagValue, idValue, orNull, type SqlValue } from './values.ts'

/* The values of a record in the order in which its statement names them, field by field. */

type Bind<Subject> = (subject: Subject) => readonly SqlValue[]

export const issuerValues: Bind<Issuer> = ({ tenantId, settings, cvk, componentsExpected, createdAt }) => [
  idValue(tenantId),
  settings.eventType,
  settings.graceMs,
  settings.jitterMs,
  settings.pciDelayMs,
  orNull(cvk?.sealed),
  orNull(cvk?.checkValues.a),
  orNull(cvk?.checkValues.b),
  orNull(cvk?.createdAt),
  orNull(componentsExpected),
  createdAt,
]

export const componentValues: Bind<StoredCvkComponent> = (component) => [
  idValue(component.tenantId),
  component.custodian,
  component.sealed,
  component.checkValues.a,
  component.checkValues.b,
  component.createdAt,
]

export const accessKeyValues: Bind<AccessKey> = (key) => [
  idValue(key.id),
  idValue(key.tenantId),
  key.publicJwk,
  key.sealedPrivateKey,
  key.createdAt,
  orNull(key.retiredAt),
]

export const issuedCardValues: Bind<IssuedCard> = (card) => [
  card.id,
  idValue(card.tenantId),
  idValue(card.hash),
  card.accountId,
  card.customerId,
  card.status,
  card.name,
  card.printedName,
  card.last4,
  card.numberHash,
  card.sealedNumber,
  card.expiryMonth,
  card.expiryYear,
  flagValue(card.contactless),
  flagValue(card.accountUpdater),
  card.transactionLimit === undefined ? null : String(card.transactionLimit),
  orNull(card.metadata),
  card.createdAt,
  card.updatedAt,
  card.version,
]

export const rotationValues: Bind<CvvRotation> = ({ schedule, previous, ...rotation }) => [
  rotation.cardId,
  idValue(rotation.tenantId),
  rotation.sealedServiceCode,
  rotation.serial,
  orNull(schedule.intervalMs),
  orNull(schedule.nextAt),
  orNull(schedule.lastScheduledAt),
  schedule.lastRotatedAt,
  orNull(rotation.dueAt),
  orNull(previous?.sealedServiceCode),
  orNull(previous?.until),
  rotation.version,
]

export const cvvTriesValues: Bind<CvvTries> = (tries) => [
  tries.cardId,
  tries.serial,
  tries.wrong,
  JSON.stringify(tries.recent),
  orNull(tries.lockedAt),
  tries.version,
]
