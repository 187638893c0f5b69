import type { Span } from './spans.ts'

/** How text in an encoding looks: pieces of its characters, with gaps between them. */
export interface Run {
  /** Whether a piece can hold a character. */
  readonly belongs: (code: number) => boolean
  /** Finds the gap that begins at `lastIndex`. */
  readonly gapAfter: RegExp
  /** Finds, as its first group, the gap that ends at `lastIndex`. */
  readonly gapBefore: RegExp
  /** Whether two pieces beside a gap belong together; a word of the message around a run does not. */
  readonly joins: (text: string, before: Span, after: Span) => boolean
}

/** `characters` is the inside of a character class, `gap` a regular expression. */
export const makeRun = (characters: string, gap: string, joins: Run['joins']): Run => {
  const pattern = new RegExp(`[${characters}]`)
  const codes = Uint8Array.from({ length: 128 }, (_, code) =>
    pattern.test(String.fromCharCode(code)) ? 1 : 0,
  )
  return {
    belongs: (code) => codes[code] === 1,
    gapAfter: new RegExp(gap, 'y'),
    gapBefore: new RegExp(`(?<=(${gap}))`, 'y'),
    joins,
  }
}

/** The whole run around a hit, but nothing before `floor`. */
export const growRun = (text: string, hit: Span, floor: number, run: Run): Span => {
  const first = { from: pieceStart(text, hit.from, floor, run), to: pieceEnd(text, hit.from, run) }
  const last = { from: pieceStart(text, hit.to, floor, run), to: pieceEnd(text, hit.to, run) }
  return { from: firstFrom(text, first, floor, run), to: lastTo(text, last, run) }
}

const firstFrom = (text: string, first: Span, floor: number, run: Run): number => {
  let piece = first
  for (;;) {
    run.gapBefore.lastIndex = piece.from
    const to = piece.from - (run.gapBefore.exec(text)?.[1]?.length ?? 0)
    const before = { from: pieceStart(text, to, floor, run), to }
    if (before.from >= to || to === piece.from || !run.joins(text, before, piece)) return piece.from
    piece = before
  }
}

const lastTo = (text: string, last: Span, run: Run): number => {
  let piece = last
  for (;;) {
    run.gapAfter.lastIndex = piece.to
    if (!run.gapAfter.test(text)) return piece.to
    const from = run.gapAfter.lastIndex
    const after = { from, to: pieceEnd(text, from, run) }
    if (after.to === from || !run.joins(text, piece, after)) return piece.to
    piece = after
  }
}

const pieceStart = (text: string, at: number, floor: number, { belongs }: Run): number => {
  let from = at
  while (from > floor && belongs(text.charCodeAt(from - 1))) from--
  // The letters of an escaped line end belong to the gap.
  escapedEnd.lastIndex = Math.max(0, from - 1)
  return escapedEnd.test(text) ? Math.max(from, Math.min(at, escapedEnd.lastIndex)) : from
}

const escapedEnd = /\\[nrt]|%0[ad]/iy

const pieceEnd = (text: string, at: number, { belongs }: Run): number => {
  let to = at
  while (belongs(text.charCodeAt(to))) to++
  return to
}
