import { UnavailableError } from '@cardkeep/core/errors'
import type { Examine } from './connection.ts'

/** The driver goes on with the first database where the server refuses the one that was named. Answers what is wrong. */
export const needDatabase = async (
  call: Parameters<Examine>[0],
  number: number,
): Promise<string | undefined> => {
  if (number === 0) return undefined
  try {
    await call('SELECT', String(number))
    return undefined
  } catch (error) {
    if (!isForbidden(error)) throw error
    return (
      `does not give its user database ${number}: name one that it has in CARDKEEP_CODES_URL, ` +
      'and give the user the rule +select'
    )
  }
}

/** The server answered, and will answer the same again. */
export const isForbidden = (error: unknown): boolean =>
  error instanceof UnavailableError && / (NOPERM|ERR)$/.test(error.message)
