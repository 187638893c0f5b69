import type { IssuedCardId } from '../kernel/ids.ts'
import { dayMs, type EpochMs } from '../kernel/time.ts'

/**
 * Wrong tries of a card's CVV. wire: pismo §verify, Cardkeep's own: five lock a CVV until it rotates or is reset, ten in a
 * day lock the card until it is reset.
 */
export interface CvvTries {
  readonly cardId: IssuedCardId
  /** The rotation's serial of the CVV that `wrong` counts for. */
  readonly serial: number
  readonly wrong: number
  /** When there were wrong ones, of whichever CVV of the card, in the last 24 hours; ten at most. */
  readonly recent: readonly EpochMs[]
  /** Since when the day's counter locks it, across rotations. */
  readonly lockedAt: EpochMs | undefined
  /** Counts changes of this record from 1. */
  readonly version: number
}

export const wrongAllowed = 5
export const wrongAllowedADay = 10

export const noTries = (cardId: IssuedCardId): CvvTries => ({
  cardId,
  serial: 0,
  wrong: 0,
  recent: [],
  lockedAt: undefined,
  version: 0,
})

/**
 * Whether one more may be tried. `pending`: how many are being tried now, this one included. They count as wrong until they
 * are known not to be: of a thousand that come at once no more may be looked at than of a thousand one after the other.
 * `wait`: there would be room if those under way turn out right.
 */
export const judgeTry = (
  tries: CvvTries,
  serial: number,
  pending: number,
  at: EpochMs,
): 'try' | 'wait' | 'locked' => {
  if (tries.lockedAt !== undefined) return 'locked'
  const wrong = tries.serial === serial ? tries.wrong : 0
  const today = recentAt(tries, at).length
  if (wrong >= wrongAllowed) return 'locked'
  return wrong + pending <= wrongAllowed && today + pending <= wrongAllowedADay ? 'try' : 'wait'
}

export const afterWrongTry = (tries: CvvTries, serial: number, at: EpochMs): CvvTries => {
  const recent = [...recentAt(tries, at), at].slice(-wrongAllowedADay)
  return {
    ...tries,
    ...countAt(tries, serial),
    recent,
    lockedAt: tries.lockedAt ?? (recent.length >= wrongAllowedADay ? at : undefined),
    version: tries.version + 1,
  }
}

/** One that was judged before the CVV rotated, and is counted after others of the new CVV were, is none of these. */
const countAt = (tries: CvvTries, serial: number): Pick<CvvTries, 'serial' | 'wrong'> => {
  if (serial < tries.serial) return { serial: tries.serial, wrong: tries.wrong }
  return { serial, wrong: (tries.serial === serial ? tries.wrong : 0) + 1 }
}

export const afterReset = (tries: CvvTries): CvvTries => ({
  ...noTries(tries.cardId),
  version: tries.version + 1,
})

/** Within a day in whichever direction: a clock that was set back must not forgive them. */
const recentAt = ({ recent }: CvvTries, at: EpochMs): readonly EpochMs[] =>
  recent.filter((wrongAt) => Math.abs(at - wrongAt) < dayMs)
