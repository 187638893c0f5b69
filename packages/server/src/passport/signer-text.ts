/** Of what `iss` and `aud` say, in characters. */
export const signerTextAtMost = 255

/** A text that can stand in a database and on a line of a log: PostgreSQL takes no NUL, and half a character is nobody's name. */
export const isSignerText = (value: unknown): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  value.length <= signerTextAtMost &&
  !/[\p{Cc}\p{Cs}]/u.test(value)
