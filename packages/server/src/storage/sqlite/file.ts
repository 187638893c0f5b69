import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'

/**
 * Makes the file, and its folder where there is none, readable for their owner alone. SQLite gives the log and the
 * index beside it the mode of the file. A file that others could read, as a restored backup may be, is closed to them.
 */
export const prepareFile = (file: string): void => {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    if (!statSync(file, { throwIfNoEntry: false })) closeSync(openSync(file, 'a', 0o600))
    else if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
  } catch (error) {
    throw new UnavailableError(`the database file ${file} cannot be used`, { cause: error })
  }
}
