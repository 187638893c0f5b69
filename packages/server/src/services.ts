import type {
  CaptureKeyMaker,
  CaptureMarks,
  Captures,
  CardCipher,
  Clock,
  CodeStore,
  Egress,
  GuessLimits,
  Ids,
  NetworkTokenCipher,
  NetworkTokenProviders,
  Readiness,
  ReplySealer,
  RequestMarker,
  SessionKeys,
  SessionStore,
  Store,
} from '@cardkeep/core/ports'

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
  readonly egress: Egress
  readonly clock: Clock
  readonly ids: Ids
  readonly readiness: Readiness
  readonly marker: RequestMarker
  readonly replySealer: ReplySealer
}
