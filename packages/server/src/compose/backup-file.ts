import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UnavailableError } from '@cardkeep/core/errors'
import { createFile, hasCode } from '../keys/providers/files.ts'
import type { Share } from './backup-progress.ts'

/** A backup that cannot be made or put back; the message is one line for whoever asked for it. */
export class BackupFailure extends UnavailableError {}

/*
 * Beside a backup stands its SHA-256, as `sha256sum` writes it. Pages that do not fit together are found without it; one bit of
 * a sealed card is not.
 */
export const checksumPathOf = (file: string): string => `${file}.sha256`

export const writeChecksum = async (file: string, sha256: string): Promise<void> => {
  if (!(await createFile(checksumPathOf(file), `${sha256}  ${basename(file)}\n`)))
    throw new BackupFailure(`${checksumPathOf(file)} is there already`)
}

export const readChecksum = async (file: string): Promise<string> => {
  const path = checksumPathOf(file)
  const text = await readFile(path, 'latin1').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT'))
      throw new BackupFailure(
        `there is no ${path}, by which a damaged backup is told from a whole one: bring it too, or give its --sha256`,
      )
    throw error
  })
  const [, sha256] = /^([0-9a-f]{64}) [ *]/.exec(text) ?? []
  if (sha256 === undefined) throw new BackupFailure(`${path} does not begin with a SHA-256`)
  return sha256
}

export const hashFile = async (file: string, share: Share): Promise<string> => {
  const { size } = await stat(file)
  const hash = createHash('sha256')
  let done = 0
  for await (const chunk of createReadStream(file, { highWaterMark: bytesAtOnce })) {
    hash.update(chunk as Buffer)
    share((done += (chunk as Buffer).length), size)
  }
  return hash.digest('hex')
}

/** Copies a file durably, readable by its owner alone, over what stands there. Answers its SHA-256 in hex. */
export const copyAndHash = async (from: string, to: string, share: Share): Promise<string> => {
  const { size } = await stat(from)
  const hash = createHash('sha256')
  let done = 0
  const hashing = new Transform({
    transform: (chunk: Buffer, _encoding, next) => {
      hash.update(chunk)
      share((done += chunk.length), size)
      next(undefined, chunk)
    },
  })
  await pipeline(
    createReadStream(from, { highWaterMark: bytesAtOnce }),
    hashing,
    createWriteStream(to, { mode: 0o600, highWaterMark: bytesAtOnce }),
  )
  await syncFile(to)
  return hash.digest('hex')
}

const bytesAtOnce = 1024 * 1024

export const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
