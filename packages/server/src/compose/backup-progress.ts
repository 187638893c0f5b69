/** What whoever waits for a backup is told: of how many parts it is, and how many are done. */
export interface BackupWatch {
  total(parts: number): void
  add(parts: number): void
}

/** Tells how much of one piece of work is done. */
export type Share = (done: number, of: number) => void

/** Pieces of work and how long each is as a share of the whole, by experience. */
export const sharesOf = <Piece extends string>(
  watch: BackupWatch,
  pieces: Readonly<Record<Piece, number>>,
): Readonly<Record<Piece, Share>> => {
  const entries = Object.entries<number>(pieces)
  watch.total(entries.reduce((sum, [, parts]) => sum + parts, 0))
  return Object.fromEntries(entries.map(([piece, parts]) => [piece, share(watch, parts)])) as Record<
    Piece,
    Share
  >
}

const share = (watch: BackupWatch, parts: number): Share => {
  let told = 0
  return (done, of) => {
    const now = of === 0 ? parts : Math.min(parts, (parts * done) / of)
    if (now > told) watch.add(now - told)
    told = Math.max(told, now)
  }
}
