/** A capture session as a backend sees it: sealed bytes under a hashed name. It can tell neither what is asked for nor of whom. */
export interface SealedSession {
  /** `nameBytes`, a keyed hash of the id. */
  readonly name: Buffer
  /** Whose limit it counts against until it has ended. */
  readonly owner: string
  readonly sealed: Uint8Array
  readonly ttlMs: number
}

export type SealedState =
  | { readonly type: 'open' }
  | { readonly type: 'answering' }
  | { readonly type: 'ended'; readonly sealedEnd: Uint8Array }

export interface FoundSealedSession {
  readonly type: 'found'
  readonly sealed: Uint8Array
  readonly state: SealedState
}

export interface SealedClaim {
  readonly type: 'claimed'
  readonly sealed: Uint8Array
  readonly receipt: unknown
}

/** A payload that was admitted, for as long as a key that opens it may live. */
export interface SealedMark {
  /** `nameBytes`, a keyed hash of what the payload is. */
  readonly name: Buffer
  readonly ttlMs: number
}

/** Of one owner, sessions that wait for an answer. */
export const sessionsPerOwner = 20_000

/**
 * The atomic steps of core/sessions/capture-session.ts; one implementation keeps sessions in memory, another on a server that
 * nodes share. A receipt is good while its claim lasts: until then nobody else can claim.
 */
export interface SessionBackend {
  /** `false` if the owner has too many. */
  open(session: SealedSession): Promise<boolean>
  drop(name: Buffer): Promise<void>
  find(name: Buffer): Promise<FoundSealedSession | undefined>
  claim(name: Buffer): Promise<SealedClaim | FoundSealedSession | undefined>
  /** `false` if the mark is remembered, or if the claim had run out. */
  admit(receipt: unknown, mark: SealedMark): Promise<boolean>
  /** Forgets what was admitted under this claim; nothing where it had run out. */
  release(receipt: unknown): Promise<void>
  /** Ends the session with `sealedEnd` if this failure is the last that is allowed. */
  fail(receipt: unknown, sealedEnd: Uint8Array): Promise<SealedState | undefined>
  /** `false` if the claim had run out. */
  end(receipt: unknown, sealedEnd: Uint8Array): Promise<boolean>
  dropAll(): Promise<void>
}
