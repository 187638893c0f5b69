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
export const lockFolder = (folder: string): FolderLock => {
  const file = join(folder, 'serving.lock')
  prepareFile(file)
  const database = openDatabase(file)
  try {
    database.exec('begin immediate')
  } catch (error) {
    database.close()
    if (error instanceof DatabaseBusy)
      throw new UnavailableError(`another vault serves ${folder}; an embedded vault has one process`)
    throw error
  }
  return { release: () => database.close() }
}
