import { readFile } from 'node:fs/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import { KeyError } from '../key-error.ts'
import { createFile, hasCode, replaceFile } from './files.ts'

/*
 * How many times the set of keys has changed, kept beside the root key and away from the database, so that an older
 * copy of the database is known as one.
 */

const form = /^cardkeep-root-counter 1\r?\n(0|[1-9]\d{0,15})\r?\n?$/

/** Throws `KeyError` if the file is missing or has another form. */
export const readCounter = async (path: string): Promise<number> => {
  const counter = Number(form.exec(await readText(path))?.[1])
  if (!Number.isSafeInteger(counter))
    throw new KeyError(
      `The counter ${path} has not the form of one: put it back from its backup, or ${howToWrite}`,
    )
  return counter
}

/** Only for a root key that is about to be made. Leaves a file that stands as it is. */
export const createCounterFile = async (path: string): Promise<void> => {
  await createFile(path, write(0))
}

/**
 * Never lowers the counter. Of two processes that write at the same moment the lower one may win; the next that loads
 * the keys finds the database ahead and writes the counter again.
 */
export const writeCounter = async (path: string, counter: number): Promise<void> => {
  if (counter <= (await readCounter(path))) return
  try {
    await replaceFile(path, write(counter))
  } catch (cause) {
    throw new UnavailableError(`the counter ${path} cannot be written`, { cause })
  }
}

const write = (counter: number): string => `cardkeep-root-counter 1\n${counter}\n`

const readText = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (!hasCode(error, 'ENOENT'))
      throw new UnavailableError(`the counter ${path} cannot be read`, { cause: error })
    throw new KeyError(
      `The counter ${path} is missing beside the root key, so that an older database could not be told from the ` +
        `newest: put it back from its backup, or, if the database is surely the newest, ${howToWrite}`,
    )
  }
}

const howToWrite = 'write the lines "cardkeep-root-counter 1" and "0" to it.'
