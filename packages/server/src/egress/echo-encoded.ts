import { growRun, makeRun, type Run } from './encoded-runs.ts'
import type { Span } from './spans.ts'

/**
 * Finds a card number inside base64, base64url or hexadecimal text, or in a list of its bytes as decimal numbers, which
 * is how JSON shows a buffer. The whole run of encoded text is to be covered: what stands around the number may be the
 * rest of the request, with the code in it.
 */
export const createEncodedFinder = (pan: string): ((text: string) => readonly Span[]) => {
  const encodings = encodingsOf(pan)
  return (text) => {
    // Looked for without gaps first: the patterns that allow them are large, and most answers echo nothing.
    const bare = text.replaceAll(anyGap, '')
    const spans: Span[] = []
    for (const { isIn, pattern, run } of encodings) if (isIn(bare)) findEncoding(text, pattern(), run, spans)
    return spans
  }
}

interface Encoding {
  /** Whether it stands in a text whose gaps were taken out; it may say so of one that has it not. */
  readonly isIn: (bare: string) => boolean
  readonly pattern: () => RegExp
  readonly run: Run
}

const encodingsOf = (pan: string): readonly Encoding[] => {
  const cores = base64Cores(pan)
  return [
    {
      isIn: (bare) => cores.some((core) => bare.includes(core)),
      pattern: () => base64Pattern(cores),
      run: base64Run,
    },
    bytesEncoding(pan, (byte) => byte.toString(16), hexGap(0), hexRun),
    bytesEncoding(pan, String, listGap, listRun),
  ]
}

type WriteByte = (byte: number) => string

/** A number of which the first two digits, or the last two, do not stand side by side is not there. */
const bytesEncoding = (pan: string, write: WriteByte, gap: string, run: Run): Encoding => {
  const bytes = Array.from(Buffer.from(pan), write)
  const betweens = ['', ...[space, dash].flatMap((byte) => [write(byte), write(byte).toUpperCase()])]
  const [starts, ends] = [bytes.slice(0, 2), bytes.slice(-2)].map((pair) =>
    betweens.map((between) => pair.join(between)),
  )
  const isIn = (bare: string): boolean =>
    [starts, ends].every((pairs) => pairs?.some((pair) => bare.includes(pair)))
  return { isIn, pattern: () => bytesPattern(bytes, write, gap), run }
}

const space = 0x20
const dash = 0x2d

/** The search goes on behind what was covered, so that each part of a text is covered once. */
const findEncoding = (text: string, pattern: RegExp, run: Run, spans: Span[]): void => {
  let covered = 0
  for (let hit = pattern.exec(text); hit; hit = pattern.exec(text)) {
    const span = growRun(text, { from: hit.index, to: pattern.lastIndex }, covered, run)
    spans.push(span)
    covered = span.to
    pattern.lastIndex = covered
  }
}

/** White space as it is, and line ends as JSON, scripts, URLs and XML escape them. */
const blank = '[ \\t\\r\\n]|\\\\{1,8}[nrt]|%0[aAdD]|&#(?:1[03]|x[aAdD]);'

/** Gaps are bounded, which bounds the time for each place where a number could begin. */
export const base64Gap = (atLeast: number): string => `(?:${blank}){${atLeast},16}`
/** Between bytes stands a space, a colon or a dash; groups of bytes and their lines stand apart. */
const hexGap = (atLeast: number) => `(?:[:-]|${blank}){${atLeast},16}`
const listGap = `(?:,|${blank}){1,64}`
const anyGap = new RegExp(`[:,-]|${blank}`, 'g')

/** Encoders break lines after 60, 64 or 76 characters (Ruby, PEM, MIME). A shorter piece is a last line, or a word. */
const shortestLine = 32

const base64Run = makeRun(
  'A-Za-z0-9+/_=-',
  base64Gap(1),
  (text, before) => before.to - before.from >= shortestLine && text[before.to - 1] !== '=',
)

const hexRun = makeRun(
  '0-9A-Fa-f',
  hexGap(1),
  (text, before, after) =>
    isPairs(before) && isPairs(after) && !isLetter(text, before.from - 1) && !isLetter(text, after.to),
)

const isPairs = ({ from, to }: Span): boolean => (to - from) % 2 === 0

const isLetter = (text: string, at: number): boolean => /[a-z]/i.test(text.charAt(at))

/** A byte has at most three decimal digits. */
const listRun = makeRun(
  '0-9',
  listGap,
  (_text, before, after) => before.to - before.from <= 3 && after.to - after.from <= 3,
)

const base64Pattern = (cores: readonly string[]): RegExp =>
  new RegExp(cores.map((core) => Array.from(core).join(base64Gap(0))).join('|'), 'g')

const base64Cores = (pan: string): readonly string[] =>
  spell(pan).flatMap((spelling) => [0, 1, 2].map((before) => base64Core(spelling, before)))

/** As people and terminals write a number: in one piece, in fours, and for 14 and 15 digits in 4-6-rest. */
const spell = (pan: string): readonly string[] => {
  const fours = pan.match(/.{1,4}/g) ?? []
  const charge = [pan.slice(0, 4), pan.slice(4, 10), pan.slice(10)]
  const groupings = pan.length === 14 || pan.length === 15 ? [fours, charge] : [fours]
  return [pan, ...groupings.flatMap((groups) => [groups.join(' '), groups.join('-')])]
}

/**
 * What base64 makes of a text with so many bytes before it, without the characters that depend on the neighbours and
 * without the padding, which also depends on what follows. Digits, spaces and dashes look alike in both alphabets.
 */
export const base64Core = (text: string, before: number): string => {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)])
  return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
}

/** The bytes of the digits one after the other, with the byte of a space or a dash between any two. */
const bytesPattern = (bytes: readonly string[], write: WriteByte, gap: string): RegExp =>
  new RegExp(bytes.join(`${gap}(?:(?:${write(space)}|${write(dash)})${gap})?`), 'gi')
