import type { Refusal } from '../../errors.ts'
import { isReady } from '../../issuing/issuer.ts'
import type { ServiceCode } from '../../issuing/service-code.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { RotatingCard } from '../../ports.ts'
import type { Caller } from '../caller.ts'
import type { IssuingPorts } from './issuing-ports.ts'
import { planRotation } from './plan-rotation.ts'
import { writeRotation } from './write-rotation.ts'

export interface RotateCvv {
  readonly cardId: IssuedCardId
  /** Instead of a drawn one. */
  readonly serviceCode: ServiceCode | undefined
}

/** Forces the CVV of a card to rotate now; what becomes of its schedule `decideRotation` says. */
export const rotateCvv = (
  ports: IssuingPorts,
  caller: Caller,
  { cardId, serviceCode }: RotateCvv,
): Promise<Result<RotatingCard, Refusal>> =>
  writeRotation(ports, caller, cardId, async ({ issuer, card, rotation }, at) => {
    if (!isReady(issuer)) return refuse({ type: 'IssuerNotReady', reason: 'no CVK' })
    const wish = { cause: 'forced', at, serviceCode } as const
    return ok({
      next: await planRotation(ports, issuer, { card, rotation }, wish),
      operation: 'ROTATE_CVV',
      action: 'cvv.rotated',
      details: serviceCode ? { serviceCodeGiven: true } : {},
    })
  })
