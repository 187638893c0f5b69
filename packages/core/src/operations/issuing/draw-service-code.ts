import { drawableServiceCodes, type ServiceCode } from '../../issuing/service-code.ts'
import type { Draws } from '../../ports.ts'

export const drawServiceCode = (draws: Draws): ServiceCode => {
  const drawn = drawableServiceCodes[draws.below(drawableServiceCodes.length)]
  // Precondition: what is drawn is below the number of codes.
  if (!drawn) throw new Error('a service code was drawn that is none')
  return drawn
}
