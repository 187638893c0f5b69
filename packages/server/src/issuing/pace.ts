/** How many cards are rotated at once, so that requests that come meanwhile wait for moments only. */
export interface Pace {
  /** How many next. */
  size(): number
  /** So many cards have kept the thread at work for so long. */
  took(cards: number, busyMs: number): void
}

/**
 * Two turns of the event loop, one that derives and one that writes; neither may last much longer than half of it. Where
 * others are served meanwhile it is half of that.
 */
const wantedMs = 12
const sizes = { least: 8, first: 32, most: 512 }
/** Of what is known of the cost of one card, how much the last measurement counts. */
const weight = 0.3

export const createPace = (isShared: () => boolean = () => false): Pace => {
  let costMs: number | undefined
  let size = sizes.first
  return {
    size: () => (isShared() ? Math.max(sizes.least, Math.floor(size / 2)) : size),
    took: (cards, busyMs) => {
      if (cards === 0) return
      const measuredMs = busyMs / cards
      costMs = costMs === undefined ? measuredMs : costMs + weight * (measuredMs - costMs)
      const affordable = costMs > 0 ? Math.floor(wantedMs / costMs) : sizes.most
      // Slowly up: a small batch may have been cheap by chance.
      size = Math.max(sizes.least, Math.min(affordable, 2 * size, sizes.most))
    },
  }
}
