import type {
  CaptureMarks,
  Captures,
  CardCipher,
  Clock,
  CodeStore,
  GuessLimits,
  Ids,
  NetworkTokenCipher,
  NetworkTokenProviders,
  Readiness,
  Store,
} from '../../ports.ts'

/** What operations need that may give out a token. */
export type GivingPorts = {
  readonly store: Store
  readonly codes: CodeStore
  readonly cipher: CardCipher
  readonly clock: Clock
  readonly ids: Ids
  /** A vault that is shut while a code is held for a token keeps neither. */
  readonly readiness?: Pick<Readiness, 'isSealed'>
}

/** What operations on captured cards need. */
export type CapturePorts = GivingPorts & {
  readonly captures: Captures
  readonly captureMarks: CaptureMarks
  readonly networkTokens: NetworkTokenProviders
  readonly networkTokenCipher: NetworkTokenCipher
  readonly guesses: GuessLimits
  readonly readiness: Pick<Readiness, 'isSealed'>
}
