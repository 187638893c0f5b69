import type {
  Clock,
  CvvDeriver,
  Draws,
  Ids,
  IssuedCardCipher,
  PendingTries,
  Readiness,
  Store,
} from '../../ports.ts'

/** What operations on issued cards are handed; each names of these what it needs. */
export interface IssuingPorts {
  readonly store: Store
  readonly issuedCards: IssuedCardCipher
  readonly cvvs: CvvDeriver
  readonly draws: Draws
  readonly pendingTries: PendingTries
  readonly clock: Clock
  readonly ids: Ids
  readonly readiness: Pick<Readiness, 'isSealed'>
}
