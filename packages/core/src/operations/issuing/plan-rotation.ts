import type { Pan } from '../../cards/pan.ts'
import { UnavailableError } from '../../errors.ts'
import type { ReadyIssuer } from '../../issuing/issuer.ts'
import { type CvvRotation, decideRotation, dueAtOf, type RotationCause } from '../../issuing/rotation.ts'
import type { ServiceCode } from '../../issuing/service-code.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Secret } from '../../kernel/secret.ts'
import { type EpochMs, epochMs } from '../../kernel/time.ts'
import type { RotatingCard } from '../../ports.ts'
import { deriveCvvs } from './derive-cvvs.ts'
import { drawServiceCode } from './draw-service-code.ts'
import type { IssuingPorts } from './issuing-ports.ts'

type Ports = Pick<IssuingPorts, 'issuedCards' | 'cvvs' | 'draws'>

export interface RotationWish {
  readonly cause: RotationCause
  readonly at: EpochMs
  /** Instead of drawn ones. Taken as it is, also where the CVV stays with it: the serial stays then too. */
  readonly serviceCode?: ServiceCode | undefined
}

/** The card as it will be, or what kept it from being opened. */
export type PlannedRotation = Result<RotatingCard, unknown>

/**
 * What rotations of an issuer's cards make of them, in their order. All are derived together, so that many cost little more
 * than one; a card that cannot be opened spoils no other. Throws where the keys cannot be reached.
 */
export const planRotations = async (
  ports: Ports,
  issuer: ReadyIssuer,
  cards: readonly RotatingCard[],
  wish: RotationWish,
): Promise<readonly PlannedRotation[]> => {
  const opened = await Promise.all(cards.map((rotating) => openCard(ports, rotating)))
  const chosen = await chooseCodes(
    ports,
    issuer,
    opened.flatMap((card) => (card.ok ? [card.value] : [])),
    wish.serviceCode,
  )
  return Promise.all(
    opened.map(async (card) =>
      card.ok ? ok(await sealRotation(ports, issuer, card.value, needsCode(chosen, card.value), wish)) : card,
    ),
  )
}

/** That of one card, where it is an error that it cannot be opened. */
export const planRotation = async (
  ports: Ports,
  issuer: ReadyIssuer,
  card: RotatingCard,
  wish: RotationWish,
): Promise<RotatingCard> => {
  const [planned] = await planRotations(ports, issuer, [card], wish)
  if (!planned?.ok) throw planned?.error
  return planned.value
}

interface OpenedCard extends RotatingCard {
  readonly pan: Pan
  readonly serviceCode: ServiceCode
}

const openCard = async (
  { issuedCards }: Ports,
  rotating: RotatingCard,
): Promise<Result<OpenedCard, unknown>> => {
  const { card, rotation } = rotating
  try {
    return ok({
      ...rotating,
      pan: await issuedCards.openNumber(card, card.sealedNumber),
      serviceCode: await issuedCards.openServiceCode(card, rotation.sealedServiceCode),
    })
  } catch (error) {
    if (error instanceof UnavailableError) throw error
    return refuse(error)
  }
}

/** Two of a thousand draws leave a CVV as it is; that so many in a row do is no chance any more. */
const drawsAtMost = 100

interface ChosenCode {
  readonly serviceCode: ServiceCode
  readonly isSameCvv: boolean
}

type ChosenCodes = ReadonlyMap<IssuedCardId, ChosenCode>

const chooseCodes = async (
  ports: Ports,
  issuer: ReadyIssuer,
  cards: readonly OpenedCard[],
  given: ServiceCode | undefined,
): Promise<ChosenCodes> => {
  const before = await deriveCvvs(ports.cvvs, issuer, cards)
  const opened = before.map(({ of, cvv }) => ({ ...of, before: cvv }))
  return given ? giveCode(ports, issuer, opened, given) : drawOthers(ports, issuer, opened)
}

type CardBefore = OpenedCard & { readonly before: Secret<string> }

const giveCode = async (
  { cvvs }: Ports,
  issuer: ReadyIssuer,
  cards: readonly CardBefore[],
  serviceCode: ServiceCode,
): Promise<ChosenCodes> => {
  const derived = await deriveCvvs(
    cvvs,
    issuer,
    cards.map((opened) => ({ ...opened, serviceCode })),
  )
  return new Map(
    derived.map(({ of, cvv }) => [of.card.id, { serviceCode, isSameCvv: cvvs.isSame(of.before, cvv) }]),
  )
}

/** For each card a service code with which its CVV is another. wire: pismo §reset, inferred */
const drawOthers = async (
  { cvvs, draws }: Ports,
  issuer: ReadyIssuer,
  cards: readonly CardBefore[],
): Promise<ChosenCodes> => {
  const drawn = new Map<IssuedCardId, ChosenCode>()
  let left = cards
  for (let draw = 0; draw < drawsAtMost; draw++) {
    if (left.length === 0) return drawn
    const tried = left.map((opened) => ({ ...opened, serviceCode: drawServiceCode(draws) }))
    for (const { card, serviceCode } of tried) drawn.set(card.id, { serviceCode, isSameCvv: false })
    const derived = await deriveCvvs(cvvs, issuer, tried)
    left = derived.filter(({ of, cvv }) => cvvs.isSame(of.before, cvv)).map(({ of }) => of)
  }
  throw new Error('every service code that was drawn left a CVV as it was')
}

const needsCode = (chosen: ChosenCodes, { card }: OpenedCard): ChosenCode => {
  const code = chosen.get(card.id)
  // Precondition: one was drawn or given for each card that opened.
  if (!code) throw new Error('no service code was chosen for a card')
  return code
}

const sealRotation = async (
  { issuedCards }: Ports,
  { settings }: ReadyIssuer,
  { card, rotation }: RotatingCard,
  { serviceCode, isSameCvv }: ChosenCode,
  { cause, at }: RotationWish,
): Promise<RotatingCard> => {
  const schedule = decideRotation(rotation.schedule, cause, at)
  const next: CvvRotation = {
    ...rotation,
    sealedServiceCode: await issuedCards.sealServiceCode(card, serviceCode),
    // Guesses are counted by it: a CVV that stays must not be open to more of them.
    serial: isSameCvv ? rotation.serial : rotation.serial + 1,
    schedule,
    dueAt: dueAtOf(schedule, card.id, settings.jitterMs),
    // wire: pismo §reset, inferred: the one before is good for nothing any more, unless the issuer chose a grace.
    previous:
      settings.graceMs === 0
        ? undefined
        : { sealedServiceCode: rotation.sealedServiceCode, until: epochMs(at + settings.graceMs) },
    version: rotation.version + 1,
  }
  return { card, rotation: next }
}
