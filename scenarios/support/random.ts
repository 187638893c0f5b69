export interface Random {
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number
}

/** Draws the same numbers for the same seed (Marsaglia's xorshift, 32 bits). */
export const createRandom = (seed: number): Random => {
  let state = seed | 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return { between: (min, max) => min + Math.floor(next() * (max - min + 1)) }
}
