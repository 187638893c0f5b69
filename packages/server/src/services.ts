import type {
  CaptureKeyMaker,
  CaptureMarks,
  Captures,
  CardCipher,
  Clock,
  CodeStore,
  CvvDeriver,
  Draws,
  Egress,
  GuessLimits,
  Ids,
  IssuedCardCipher,
  NetworkTokenCipher,
  NetworkTokenProviders,
  PendingTries,
  Readiness,
  ReplySealer,
  RequestMarker,
  SessionKeys,
  SessionStore,
  Store,
} from '@cardkeep/core/ports'
import type { Passport } from './passport/passport.ts'

/** What an operation may be handed: the ports of the core, each with the implementation that compose/ chose. */
export interface Services {
  readonly store: Store
  readonly codes: CodeStore
  readonly guesses: GuessLimits
  readonly sessions: SessionStore
  readonly sessionKeys: SessionKeys
  readonly cipher: CardCipher
  readonly captures: Captures
  readonly captureKeyMaker: CaptureKeyMaker
  readonly captureMarks: CaptureMarks
  readonly networkTokens: NetworkTokenProviders
  readonly networkTokenCipher: NetworkTokenCipher
  readonly issuedCards: IssuedCardCipher
  readonly cvvs: CvvDeriver
  readonly draws: Draws
  readonly pendingTries: PendingTries
  readonly passport: Passport
  readonly egress: Egress
  readonly clock: Clock
  readonly ids: Ids
  readonly readiness: Readiness
  readonly marker: RequestMarker
  readonly replySealer: ReplySealer
}
