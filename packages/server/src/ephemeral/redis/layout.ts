import { randomBytes } from 'node:crypto'
import { nameBytes, type SealedCode } from '../backend.ts'

/*
 * How a code stands on the server: one text, whose first fields have fixed widths, so that a script cuts them out by
 * their place. All bytes are base64url, because a text is faster to send and cut than bytes, and the scripts need none of
 * them decoded.
 *
 *   state         1   `h` held, `r` reserved
 *   hold         20   which hold it is of: a receipt of an earlier one fits no more
 *   uses          6   left; 000000 without a limit
 *   ends         15   milliseconds, on the server's clock
 *   epoch        10   of dropping all: a code of an earlier one is void
 *   owner        22   hashed
 *   token        22   hashed
 *   destinations  2   how many follow, or `--` for any; 22 each, hashed
 *   rest              of a held code its sealed bytes; of a reserved one when the reservation ends, 15 wide
 */

export const nameWidth = 22
const useWidth = 6
export const endWidth = 15
export const epochWidth = 10
export const holdWidth = 20

const widths = [
  ['state', 1],
  ['hold', holdWidth],
  ['uses', useWidth],
  ['ends', endWidth],
  ['epoch', epochWidth],
  ['owner', nameWidth],
  ['token', nameWidth],
  ['count', 2],
] as const

type Field = (typeof widths)[number][0]

/** The first and last character of each field, counted from 1 as Lua counts. */
export const placesOf = <Name extends string>(
  fields: readonly (readonly [name: Name, width: number])[],
): Readonly<Record<Name, string>> => {
  let at = 1
  const found = fields.map(([name, width]) => {
    at += width
    return [name, `${at - width}, ${at - 1}`]
  })
  return Object.fromEntries(found) as Record<Name, string>
}

/** Where what follows the fields begins, counted from 1. */
export const behind = (fields: readonly (readonly [name: string, width: number])[]): number =>
  1 + fields.reduce((sum, [, width]) => sum + width, 0)

export const places: Readonly<Record<Field, string>> = placesOf(widths)

export const destinationsAt = behind(widths)

/** Before `SETRANGE`, which counts from 0. */
export const usesAt = 1 + holdWidth

export const firstEpoch = '0'.repeat(epochWidth)
export const epochFormat = `%0${epochWidth}.0f`
export const endFormat = `%0${endWidth}.0f`
export const useFormat = `%0${useWidth}.0f`

export const spellUses = (uses: number): string => String(uses).padStart(useWidth, '0')

export const spellName = (name: Buffer): string => name.toString('base64url')

/** What comes before `ends` and what comes behind `epoch`, which only the server knows. */
export const writeCode = (
  { tokenName, sealed, uses, destinations }: SealedCode,
  hold: string,
  owner: string,
): readonly [head: string, tail: string] => {
  const spelled = spellUses(uses)
  // Precondition: fields have fixed widths.
  if (spelled.length !== useWidth || hold.length !== holdWidth || tokenName.length !== nameBytes)
    throw new Error('a code that has another form')
  const count = destinations === undefined ? '--' : String(destinations.length).padStart(2, '0')
  if (count.length !== 2) throw new Error('a code with too many destinations')
  return [
    `h${hold}${spelled}`,
    owner + spellName(tokenName) + count + (destinations ?? []).map(spellName).join('') + spellBytes(sealed),
  ]
}

export const spellBytes = (sealed: Uint8Array): string =>
  Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length).toString('base64url')

/** What a script answers of a code that was taken: its hold and its sealed bytes. */
export const readTaken = (text: string): { readonly hold: string; readonly sealedText: string } => ({
  hold: text.slice(0, holdWidth),
  sealedText: text.slice(holdWidth),
})

/** Different for every hold of every process: a server that was restarted must not meet one of them again. */
const createHoldNames = (processName: string): (() => string) => {
  let next = 0
  return () => processName + (next++).toString(36).padStart(holdWidth - processName.length, '0')
}

/** Characters, each of 6 random bits: what remains of 20 counts 36^8 holds. */
const processNameWidth = 12

/** Names that no other process gives. */
export const drawHoldNames = (): (() => string) =>
  createHoldNames(randomBytes(processNameWidth).toString('base64url').slice(0, processNameWidth))
