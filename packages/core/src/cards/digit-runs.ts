/**
 * The runs of digits of a text as whoever reads it sees them: letters part them, and nothing else does, neither spaces nor
 * dots nor signs that nobody sees. Digits of other scripts part them too, unless `foldDigits` has made them some of ASCII.
 */
export const digitRuns = (text: string): readonly string[] => squeeze(text).match(digitsInARow) ?? []

/** Letters and digits alone. */
export const squeeze = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]/gu, '')

export const digitsInARow = /[0-9]+/g
