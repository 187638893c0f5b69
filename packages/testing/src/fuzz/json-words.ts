/** What JSON is made of, as text to put into the middle of some: whole marks, halves of them, and what only looks like them. */
export const jsonWords: readonly string[] = [
  ...'{ } [ ] : , " \\'.split(' '),
  ...['\\"', '\\\\', '\\/', '\\u', '\\u0061', '\\ud800'],
  ...['null', 'true', 'NaN', '/**/'],
  ...['0', '1', '-', '-0', '.0', '.5', '0.10', '04', 'e9', '1e999'],
  ...['{"a":', '"a":', '"b":', '"a":1,', ',"a":1'],
  ...[' ', '\n', '\t', '\0', '\ufeff', '\u00a0', '\u2028', '\u202e', 'é', '😀'],
]
