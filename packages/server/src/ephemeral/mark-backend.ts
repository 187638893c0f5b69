/** The atomic steps of the memory for captures; one implementation keeps them in memory, another on a server that nodes share. */
export interface MarkBackend {
  admit(mark: SealedMark): Promise<MarkVerdict>
  release(mark: Pick<SealedMark, 'name' | 'owner'>): Promise<void>
}

export type MarkVerdict =
  | 'admitted'
  /** It is there, or it is from before all that is remembered: then nobody can tell. */
  | 'known'
  /** Its owner has as many as are remembered for one. */
  | 'full'

export interface SealedMark {
  /** 16 bytes, a keyed hash. */
  readonly name: Buffer
  /** Whose limit it counts against. */
  readonly owner: string
  readonly ttlMs: number
  /** Of the capture; what is remembered must reach back to it. Milliseconds since 1970. */
  readonly at: number
}

/** Some four hundred captures a second for as long as they are remembered, in some seventy megabytes. */
export const marksPerOwner = 500_000
