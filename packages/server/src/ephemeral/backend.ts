/** A code as a backend sees it: sealed bytes under hashed names. It can tell neither the code nor whose it is. */
export interface SealedCode {
  /** 16 bytes, a keyed hash of the address. */
  readonly name: Buffer
  /** 16 bytes, a keyed hash of the token. */
  readonly tokenName: Buffer
  /** Whose limit it counts against. */
  readonly owner: string
  /** At most `sealedCodeBytes`. */
  readonly sealed: Uint8Array
  readonly ttlMs: number
  readonly uses: number
  /** `nameBytes` each, a keyed hash of an origin and the address; `undefined`: any origin. */
  readonly destinations: readonly Buffer[] | undefined
}

/** Who asks for a code, as hashed names. */
export interface SealedTaker {
  readonly tokenName: Buffer
  readonly destination: Buffer
}

export const nameBytes = 16
export const sealedCodeBytes = 48

export interface TakenSealedCode {
  readonly sealed: Uint8Array
  readonly receipt: unknown
}

/** The atomic steps of the code store; one implementation keeps them in memory, another on a server that nodes share. */
export interface CodeBackend {
  /** A receipt of this hold; `undefined` where the owner holds as many as it may. `HoldLostError` brings one too. */
  hold(code: SealedCode): Promise<object | undefined>
  /** That hold only. `true` if it was held with all of its uses. */
  undoHold(receipt: unknown): Promise<boolean>
  take(name: Buffer, taker: SealedTaker): Promise<TakenSealedCode | undefined>
  giveBack(receipt: unknown): Promise<boolean>
  drop(name: Buffer): Promise<boolean>
  isHeld(name: Buffer): Promise<boolean>
  /** Of one owner, or of all where none is named. */
  dropToken(tokenName: Buffer, owner: string | undefined): Promise<boolean>
  dropAll(): Promise<void>
}
