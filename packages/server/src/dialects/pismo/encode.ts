import { endOfCard, type IssuedCard, isLive } from '@cardkeep/core/issuing/issued-card'
import { programId } from '@cardkeep/core/issuing/issuer'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, hourMs } from '@cardkeep/core/kernel/time'
import type { PciInfo } from '@cardkeep/core/operations/issuing/show-pci-info'
import type { CvvVerdict } from '@cardkeep/core/operations/issuing/verify-cvv'
import type { Clock, RotatingCard } from '@cardkeep/core/ports'
import type { Reply } from '../../http/route.ts'
import type { GrantedToken } from '../../passport/passport.ts'

/** wire: pismo §tokens, inferred: as RFC 6749, 5.1 */
export const encodeToken = ({ token, lifetimeSeconds, scopes }: GrantedToken): Reply => ({
  status: 200,
  body: {
    access_token: openSecret(token, 'hand out'),
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    scope: scopes.join(' '),
  },
})

export const encodeJwks = (keys: { readonly keys: readonly object[] }): Reply => ({
  status: 200,
  body: { keys: keys.keys },
})

/** wire: pismo §create: the status inferred */
export const encodeCreated =
  (clock: Pick<Clock, 'now'>) =>
  (made: RotatingCard): Reply => ({ status: 201, body: spellCard(made, clock.now()) })

/** wire: pismo §card, inferred: names that a client keeps */
export const encodeCard =
  (clock: Pick<Clock, 'now'>) =>
  (shown: RotatingCard): Reply => ({ status: 200, body: spellCard(shown, clock.now()) })

/** wire: pismo §pci info */
export const encodePciInfo = ({
  info: { card, pan, cvv, serviceCode },
  correlationId,
}: {
  readonly info: PciInfo
  readonly correlationId: string
}): Reply => ({
  status: 200,
  body: {
    org_id: spellOrganisation(card.tenantId),
    card_id: card.id,
    service_code: openSecret(serviceCode, 'reveal'),
    correlation_id: correlationId,
    account_id: card.accountId,
    type: 'VIRTUAL',
    printed_name: card.printedName,
    // No card here ends before its expiry.
    valid_until: null,
    card_number: openSecret(pan, 'reveal'),
    cvv: openSecret(cvv, 'reveal'),
    expiration_date: spellExpiry(card),
  },
})

/** wire: pismo §reset, from the description; §reset tries, inferred */
export const encodeSuccess = (): Reply => ({ status: 200, body: { success: true } })

/** wire: pismo §change rotation: the status inferred */
export const encodeRotation = ({ card, rotation }: RotatingCard): Reply => ({
  status: 200,
  body: { id: card.id, cvv_rotation_interval_hours: spellInterval(rotation) },
})

/** Cardkeep's own: a locked card says no and nothing else, and its caller why. */
export const encodeVerdict = ({ isValid, isLocked }: CvvVerdict): Reply => ({
  status: 200,
  ...(isLocked && { headers: { 'cardkeep-cvv': 'locked' } }),
  body: { valid: isValid },
})

/** wire: pismo §envelope, verified */
const spellOrganisation = (tenantId: TenantId): string => `TN-${tenantId}`

const spellCard = ({ card, rotation }: RotatingCard, at: EpochMs): object => ({
  id: card.id,
  name: card.name,
  type: 'VIRTUAL',
  printed_name: card.printedName,
  status: card.status === 'CANCELED' || isLive(card, at) ? card.status : 'EXPIRED',
  account_id: card.accountId,
  customer_id: card.customerId,
  program_id: programId,
  last_four_digits: card.last4,
  contactless_enabled: card.contactless,
  abu_enabled: card.accountUpdater,
  transaction_limit: card.transactionLimit ?? null,
  cvv_rotation_interval_hours: spellInterval(rotation),
  cvv_next_rotation_date: spellTime(rotation.schedule.nextAt),
  expiration_date: spellTime(endOfCard(card) - 1),
  issuing_date: spellTime(card.createdAt),
  ...(card.metadata !== undefined && { metadata: JSON.parse(card.metadata) as unknown }),
})

const spellInterval = ({ schedule }: RotatingCard['rotation']): number | null =>
  schedule.intervalMs === undefined ? null : schedule.intervalMs / hourMs

const spellTime = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()

/** wire: pismo §pci info, inferred: `MM/YY` */
const spellExpiry = ({ expiryMonth, expiryYear }: IssuedCard): string =>
  `${String(expiryMonth).padStart(2, '0')}/${String(expiryYear % 100).padStart(2, '0')}`
