/** What callers were told, in the order in which they were told it: nothing of it may be lost. */
export interface Book {
  /** Ids of tokens that are good, whatever else happened. */
  readonly tokens: Set<string>
  /** Ids of tokens that may be suspended: nobody has heard that they are active again. */
  readonly suspended: Set<string>
  /** Ids of tokens that were deleted, or whose deletion nobody heard of. */
  readonly ended: Set<string>
  /** What a webhook has to tell of a token: its id and the event, as `id token.created`. */
  readonly told: Set<string>
  /** Cards that were issued, and how often the CVV of each was rotated. */
  readonly cards: Map<number, IssuedCard>
  /** Numbers of charges that were answered as sent. */
  readonly charges: Set<number>
}

export interface IssuedCard {
  readonly rotations: number
  /** A rotation was asked for, and no answer came. */
  readonly isUncertain: boolean
}

export const createBook = (): Book => ({
  tokens: new Set(),
  suspended: new Set(),
  ended: new Set(),
  told: new Set(),
  cards: new Map(),
  charges: new Set(),
})
