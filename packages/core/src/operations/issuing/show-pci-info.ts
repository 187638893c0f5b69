import type { Pan } from '../../cards/pan.ts'
import type { Refusal } from '../../errors.ts'
import { isReady } from '../../issuing/issuer.ts'
import type { ServiceCode } from '../../issuing/service-code.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { RotatingCard } from '../../ports.ts'
import { auditOf, type Caller } from '../caller.ts'
import { deriveCvv } from './derive-cvvs.ts'
import { findIssuedCard } from './find-issued-card.ts'
import { subjectOf } from './issued-card-subject.ts'
import type { IssuingPorts } from './issuing-ports.ts'

export interface PciInfo extends RotatingCard {
  readonly pan: Pan
  readonly serviceCode: ServiceCode
  readonly cvv: Secret<string>
}

/** Tells number and CVV to a caller who may know them. That it was asked for is durable before it is told (PCI DSS 10.2.1.1). */
export const showPciInfo = async (
  { store, issuedCards, cvvs, clock, readiness }: IssuingPorts,
  caller: Caller,
  cardId: IssuedCardId,
): Promise<Result<PciInfo, Refusal>> => {
  const at = clock.now()
  const found = await findIssuedCard(store, caller, cardId, { need: 'account', use: 'cvv', at })
  if (!found.ok) return found
  const { issuer, card, rotation } = found.value
  if (!isReady(issuer)) return refuse({ type: 'IssuerNotReady', reason: 'no CVK' })
  const pan = await issuedCards.openNumber(card, card.sealedNumber)
  const serviceCode = await issuedCards.openServiceCode(card, rotation.sealedServiceCode)
  const cvv = await deriveCvv(cvvs, issuer, { card, pan, serviceCode })
  await store.commit([auditOf(caller, at, 'issued-card.shown', 'success', subjectOf(card))])
  if (readiness.isSealed()) return refuse({ type: 'Sealed' })
  return ok({ card, rotation, pan, serviceCode, cvv })
}
