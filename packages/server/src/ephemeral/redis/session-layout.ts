import { behind, endWidth, epochWidth, holdWidth, nameWidth, placesOf } from './layout.ts'

/*
 * How a capture session stands on the server: one text like that of a code, whose first fields have fixed widths.
 *
 *   state         1   `o` open, `a` answering, `e` ended
 *   failures      1   answers that were no good
 *   claim        20   whose answer is worked on; anything where nobody's is
 *   claimEnds    15   milliseconds, on the server's clock: from then on it is open again
 *   ends         15   milliseconds
 *   epoch        10   of dropping all sessions: one of an earlier one is void
 *   owner        22   hashed
 *   rest              sealed bytes; of an ended one a dot and the sealed bytes of its end behind them
 */

const widths = [
  ['state', 1],
  ['failures', 1],
  ['claim', holdWidth],
  ['claimEnds', endWidth],
  ['ends', endWidth],
  ['epoch', epochWidth],
  ['owner', nameWidth],
] as const

export const sessionPlaces = placesOf(widths)
export const sealedAt = behind(widths)
/** Where what no claim changes begins, counted from 1. */
export const keptAt = behind(widths.slice(0, 4))

/** What stands in front of `ends` while nobody has claimed the session. */
export const unclaimed = `o0${'0'.repeat(holdWidth + endWidth)}`

/** A mark of a payload: when it is forgotten, 15 wide, and under which claim it was admitted. */
export const markedByAt = 1 + endWidth

export interface ReadAnswer {
  /** `c`: claimed. */
  readonly state: string
  readonly sealed: Buffer
  readonly sealedEnd: Buffer
}

/** What a script answers of a session: one letter and what stands behind the fields. */
export const readAnswer = (text: string): ReadAnswer => {
  const [sealed = '', end = ''] = text.slice(1).split('.')
  return {
    state: text.slice(0, 1),
    sealed: Buffer.from(sealed, 'base64url'),
    sealedEnd: Buffer.from(end, 'base64url'),
  }
}
