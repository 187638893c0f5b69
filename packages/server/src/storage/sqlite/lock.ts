import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { DatabaseBusy, openDatabase } from './database.ts'
import { prepareFile } from './file.ts'

export interface FolderLock {
  release(): void
}

/**
 * Makes this process the only one that serves a folder: codes are in the memory of one, and another would not find
 * them. The lock is the operating system's, on an open file, so a process that dies takes it along.
 */
export const lockFolder = (folder: string): FolderLock =>
  lockFile(join(folder, 'serving.lock'), `another vault serves ${folder}; an embedded vault has one process`)

/** The same for anything that one process at a time may do; `taken` is told to another. */
export const lockFile = (file: string, taken: string): FolderLock => {
  prepareFile(file)
  const database = openDatabase(file)
  try {
    database.exec('begin immediate')
  } catch (error) {
    database.close()
    if (error instanceof DatabaseBusy) throw new UnavailableError(taken)
    throw error
  }
  return { release: () => database.close() }
}
