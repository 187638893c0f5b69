import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { constants, type FileHandle, lstat, open } from 'node:fs/promises'
import { KeyError } from '../key-error.ts'
import { createFile, hasCode, isPosix } from './files.ts'

const firstLine = 'cardkeep-root-key 1'
const form = /^cardkeep-root-key 1\r?\n([A-Za-z0-9+/]{43}=)\r?\n?$/
const keyBytes = 32
const longestFile = 1024

/** The key in the file, or `undefined` if there is no file. Throws `KeyError` for a file that must not be used. */
export const readRootKeyFile = async (path: string): Promise<KeyObject | undefined> => {
  const file = await openFile(path)
  if (!file) return undefined
  const content = Buffer.alloc(longestFile)
  try {
    await needsPrivateFile(file, path)
    const { bytesRead } = await file.read(content, 0, longestFile, 0)
    return parse(content.toString('latin1', 0, bytesRead), path)
  } finally {
    content.fill(0)
    await file.close()
  }
}

/** Makes a random root key, unless another process was quicker: its file stands. */
export const createRootKeyFile = async (path: string): Promise<void> => {
  const key = randomBytes(keyBytes)
  const content = Buffer.from(`${firstLine}\n${key.toString('base64')}\n`)
  try {
    await createFile(path, content)
  } finally {
    key.fill(0)
    content.fill(0)
  }
}

const openFile = async (path: string): Promise<FileHandle | undefined> => {
  try {
    const status = await lstat(path)
    if (status.isSymbolicLink()) throw isLink(path)
    // A pipe or a device is told apart before it is opened, because opening it could wait for ever.
    if (!status.isFile())
      throw new KeyError(`The root key ${path} is not a file: name the file in CARDKEEP_ROOT_KEY.`)
    // The system looks for a link once more, because the name may have been given away since. Windows has no such flag.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    if (hasCode(error, 'ELOOP')) throw isLink(path)
    if (hasCode(error, 'EACCES'))
      throw new KeyError(
        `The root key ${path} cannot be read by the vault's user: give that user the file (chown) and mode 600.`,
      )
    throw error
  }
}

const isLink = (path: string): KeyError =>
  new KeyError(
    `The root key ${path} is a symbolic link, which whoever may write its folder can turn elsewhere: ` +
      'name the file itself in CARDKEEP_ROOT_KEY.',
  )

const needsPrivateFile = async (file: FileHandle, path: string): Promise<void> => {
  const { mode } = await file.stat()
  if (isPosix && (mode & 0o077) !== 0)
    throw new KeyError(
      `The root key ${path} may be read or written by others than its owner: run chmod 600 on it, ` +
        'and think of it as known to whoever could read it.',
    )
}

const parse = (text: string, path: string): KeyObject => {
  const encoded = form.exec(text)?.[1]
  const bytes = Buffer.from(encoded ?? '', 'base64')
  try {
    if (bytes.length !== keyBytes || bytes.toString('base64') !== encoded)
      throw new KeyError(
        `The root key ${path} has not the form of a root key (the line "${firstLine}", then ${keyBytes} bytes in ` +
          'base64): put the file back from its backup, or name the right one in CARDKEEP_ROOT_KEY.',
      )
    return createSecretKey(bytes)
  } finally {
    bytes.fill(0)
  }
}
