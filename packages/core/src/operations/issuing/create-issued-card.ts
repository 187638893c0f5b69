import type { Pan } from '../../cards/pan.ts'
import { type Refusal, UnavailableError } from '../../errors.ts'
import { numberOf, numbersOf } from '../../issuing/card-number.ts'
import {
  cardHashOf,
  type IssuedCard,
  idsPerMs,
  issuedCardIdOf,
  validityMonths,
} from '../../issuing/issued-card.ts'
import { type IssuerBin, isReady } from '../../issuing/issuer.ts'
import { type CvvRotation, dueAtOf, type RotationSchedule, startSchedule } from '../../issuing/rotation.ts'
import type { TenantId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import { openSecret } from '../../kernel/secret.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Draws, RotatingCard } from '../../ports.ts'
import { type Alongside, none } from '../alongside.ts'
import { auditOf, type Caller } from '../caller.ts'
import { drawServiceCode } from './draw-service-code.ts'
import { freeName } from './free-name.ts'
import { subjectOf } from './issued-card-subject.ts'
import type { IssuingPorts } from './issuing-ports.ts'

export interface CreateIssuedCard {
  readonly customerId: number
  /** Unique among the cards that the account has for the customer and that have not ended. */
  readonly name: string
  readonly printedName: string
  /** Whole hours; `undefined`: it rotates only when it is forced. */
  readonly rotationHours: number | undefined
  readonly contactless: boolean
  readonly accountUpdater: boolean
  readonly transactionLimit: number | undefined
  readonly metadata: string | undefined
}

/** Somebody may have taken the name, the number or the id meanwhile. */
const attempts = 8

/** Makes a virtual card of the caller's account with a number of the issuer's BINs. */
export const createIssuedCard = async (
  ports: IssuingPorts,
  caller: Caller,
  command: CreateIssuedCard,
  alongside: Alongside<RotatingCard> = none,
): Promise<Result<RotatingCard, Refusal>> => {
  const { store, clock } = ports
  const { tenant, accountId } = caller.principal
  if (accountId === undefined) return refuse({ type: 'NotPermitted' })
  const issuer = await store.issuer(tenant.id)
  if (!issuer) return refuse({ type: 'IssuerNotReady', reason: 'not enabled' })
  if (!isReady(issuer)) return refuse({ type: 'IssuerNotReady', reason: 'no CVK' })
  const bins = await store.issuerBins(tenant.id)
  if (bins.length === 0) return refuse({ type: 'IssuerNotReady', reason: 'no BIN' })
  for (let attempt = 0; attempt < attempts; attempt++) {
    const at = clock.now()
    const { customerId, name } = command
    const freed = await freeName(store, caller, { tenantId: tenant.id, accountId, customerId, name }, at)
    if (!freed.ok) return freed
    const number = await drawNumber(ports, tenant.id, bins)
    if (!number) return refuse({ type: 'IssuerNotReady', reason: 'no number left' })
    const place = { id: issuedCardIdOf(at, ports.draws.below(idsPerMs)), tenantId: tenant.id, accountId }
    const card = await makeCard(ports, place, number, command, at)
    const rotation = await makeRotation(ports, card, command, issuer.settings.jitterMs)
    const made: RotatingCard = { card, rotation }
    const { rotationHours = 0 } = command
    const written = await store.commit([
      ...freed.value,
      { type: 'put-issued-card', ...made },
      auditOf(caller, at, 'issued-card.created', 'success', subjectOf(card), { accountId, rotationHours }),
      ...alongside(made),
    ])
    if (written.ok) return ok(made)
  }
  throw new UnavailableError('a card could not be issued: others took what it needed at every attempt')
}

interface DrawnNumber {
  readonly pan: Pan
  readonly hash: Uint8Array
}

/** With a tenth of the numbers free one card of a thousand finds none in so many draws: its issuer needs another BIN. */
const drawsAtMost = 64

/** One that no card of the issuer has, evenly from all of its BINs. */
const drawNumber = async (
  { store, issuedCards, draws }: IssuingPorts,
  tenantId: TenantId,
  bins: readonly IssuerBin[],
): Promise<DrawnNumber | undefined> => {
  for (let draw = 0; draw < drawsAtMost; draw++) {
    const pan = drawAny(draws, bins)
    const hashes = await issuedCards.numberHashes(tenantId, pan)
    const [hash] = hashes
    // Precondition: an issuer has an active key for it.
    if (!hash) throw new Error('a number was hashed under no key')
    if (!(await store.isNumberIssued(tenantId, hashes))) return { pan, hash }
  }
  return undefined
}

const drawAny = (draws: Draws, bins: readonly IssuerBin[]): Pan => {
  let account = draws.below(bins.reduce((sum, { bin }) => sum + numbersOf(bin), 0))
  for (const { bin } of bins) {
    if (account < numbersOf(bin)) return numberOf(bin, account)
    account -= numbersOf(bin)
  }
  // Precondition: what is drawn is below the sum.
  throw new Error('a number was drawn of no BIN')
}

const makeCard = async (
  { issuedCards, ids }: IssuingPorts,
  place: Pick<IssuedCard, 'id' | 'tenantId' | 'accountId'>,
  { pan, hash }: DrawnNumber,
  command: CreateIssuedCard,
  at: EpochMs,
): Promise<IssuedCard> => {
  const end = new Date(at)
  const expiry = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + validityMonths))
  return {
    ...place,
    hash: cardHashOf(place.id, ids.uuid()),
    customerId: command.customerId,
    status: 'NORMAL',
    name: command.name,
    printedName: command.printedName,
    last4: openSecret(pan, 'mask').slice(-4),
    numberHash: hash,
    sealedNumber: await issuedCards.sealNumber(place, pan),
    expiryMonth: expiry.getUTCMonth() + 1,
    expiryYear: expiry.getUTCFullYear(),
    contactless: command.contactless,
    accountUpdater: command.accountUpdater,
    transactionLimit: command.transactionLimit,
    metadata: command.metadata,
    createdAt: at,
    updatedAt: at,
    version: 1,
  }
}

const makeRotation = async (
  { issuedCards, draws }: IssuingPorts,
  card: IssuedCard,
  { rotationHours }: CreateIssuedCard,
  jitterMs: number,
): Promise<CvvRotation> => {
  const never: RotationSchedule = {
    intervalMs: undefined,
    nextAt: undefined,
    lastScheduledAt: undefined,
    lastRotatedAt: card.createdAt,
  }
  const schedule = rotationHours === undefined ? never : startSchedule(never, rotationHours, card.createdAt)
  return {
    cardId: card.id,
    tenantId: card.tenantId,
    sealedServiceCode: await issuedCards.sealServiceCode(card, drawServiceCode(draws)),
    serial: 0,
    schedule,
    dueAt: dueAtOf(schedule, card.id, jitterMs),
    previous: undefined,
    version: 1,
  }
}
