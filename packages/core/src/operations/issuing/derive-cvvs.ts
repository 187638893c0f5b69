import type { Pan } from '../../cards/pan.ts'
import { cvvInputOf } from '../../issuing/cvv.ts'
import type { IssuedCard } from '../../issuing/issued-card.ts'
import type { ReadyIssuer } from '../../issuing/issuer.ts'
import type { ServiceCode } from '../../issuing/service-code.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { CvvDeriver } from '../../ports.ts'

/** An issued card that was opened. */
export interface CvvSource {
  readonly card: Pick<IssuedCard, 'expiryMonth' | 'expiryYear'>
  readonly pan: Pan
  readonly serviceCode: ServiceCode
}

export interface DerivedCvv<Source> {
  readonly of: Source
  readonly cvv: Secret<string>
}

/** The CVVs of cards of one issuer, in their order. */
export const deriveCvvs = async <Source extends CvvSource>(
  cvvs: CvvDeriver,
  issuer: ReadyIssuer,
  sources: readonly Source[],
): Promise<readonly DerivedCvv<Source>[]> => {
  const derived = await cvvs.derive(
    issuer,
    sources.map(({ card, pan, serviceCode }) => cvvInputOf(card, pan, serviceCode)),
  )
  return sources.map((of, index) => {
    const cvv = derived[index]
    // Precondition: one comes back for each.
    if (!cvv) throw new Error('fewer CVVs were derived than asked for')
    return { of, cvv }
  })
}

export const deriveCvv = async (
  cvvs: CvvDeriver,
  issuer: ReadyIssuer,
  source: CvvSource,
): Promise<Secret<string>> => {
  const [derived] = await deriveCvvs(cvvs, issuer, [source])
  // Precondition: one comes back for each.
  if (!derived) throw new Error('no CVV was derived')
  return derived.cvv
}
