import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { Store } from '@cardkeep/core/ports'

/** A claim that ends later than this was made by a clock that ran ahead: those of two nodes differ by less than a claim lasts. */
export const latestEnd = ({
  at,
  until,
}: Pick<Parameters<Store['claimRotations']>[0], 'at' | 'until'>): EpochMs => {
  // Precondition: a claim lasts. What can be claimed again at once would be given out twice here and now.
  if (until <= at) throw new Error('a claim must end after it begins')
  return epochMs(until + (until - at))
}
