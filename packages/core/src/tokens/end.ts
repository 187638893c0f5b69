import type { Expiry } from '../cards/expiry.ts'
import { type EpochMs, epochMs } from '../kernel/time.ts'
import { type Instrument, needsCard } from './instrument.ts'
import type { StoredToken } from './token.ts'

/** When a token is gone, and whether that follows the expiry of its card. */
export type TokenEnd = Pick<StoredToken, 'expiresAt' | 'endsWithCard'>

/** The end that somebody wants for a token: one that is made now, or one that `had` an end. */
export type EndWish = (had: TokenEnd | undefined, instrument: Instrument) => TokenEnd

export const isSameEnd = (one: TokenEnd, other: TokenEnd): boolean =>
  one.expiresAt === other.expiresAt && one.endsWithCard === other.endsWithCard

/** For how long a token is kept after its card, where nobody chose. */
const monthsAfterCard = 13

/**
 * The first moment after thirteen months more than the card's own last month, in UTC as every date of a token. wire:
 * verifone §put, inferred
 */
export const endAfterCard = ({ month, year }: Expiry): EpochMs =>
  epochMs(Date.UTC(year, month + monthsAfterCard, 1))

/**
 * For so long at least, or until it is deleted: a token that others were given too lives as long as anyone wants. wire:
 * hellgate §sessions, inferred
 */
export const livesFor =
  (lifetimeMs: number | undefined, at: EpochMs): EndWish =>
  (had, instrument) => {
    const wanted: TokenEnd = {
      expiresAt: lifetimeMs === undefined ? undefined : epochMs(at + lifetimeMs),
      endsWithCard: false,
    }
    if (!had) return wanted
    const kept = followCard(had, instrument)
    if (kept.expiresAt === undefined) return kept
    return wanted.expiresAt === undefined || wanted.expiresAt > kept.expiresAt ? wanted : kept
  }

/** Then and not at another time, whatever was chosen before. */
export const endsAt =
  (until: EpochMs): EndWish =>
  () => ({ expiresAt: until, endsWithCard: false })

/** Some time after its card, unless an end was chosen before. */
export const endsAfterCard: EndWish = (had, instrument) =>
  had
    ? followCard(had, instrument)
    : { expiresAt: endAfterCard(needsCard(instrument).expiry), endsWithCard: true }

/** No more than the end: what `had` it may be a whole token. */
const followCard = ({ expiresAt, endsWithCard }: TokenEnd, instrument: Instrument): TokenEnd => ({
  expiresAt: endsWithCard ? endAfterCard(needsCard(instrument).expiry) : expiresAt,
  endsWithCard,
})
