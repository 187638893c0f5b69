import { randomUUID } from 'node:crypto'
import { chown, link, mkdir, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path'

/** Windows has no permission bits of this kind and cannot sync a folder. */
export const isPosix = process.platform !== 'win32'

export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

export const isThere = async (path: string): Promise<boolean> => {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** A folder that only its owner enters, if there is none yet. */
export const ensureFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
}

/** Whether `path`, with every link on its way resolved, is `folder` or below it. Neither needs to exist. */
export const isInside = async (path: string, folder: string): Promise<boolean> => {
  const way = relative(await resolveLinks(folder), await resolveLinks(path))
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

const resolveLinks = async (path: string): Promise<string> => {
  try {
    return await realpath(path)
  } catch (error) {
    const parent = dirname(path)
    if (!hasCode(error, 'ENOENT') || parent === path) throw error
    return join(await resolveLinks(parent), basename(path))
  }
}

/** Writes the whole file or none, durably, and answers `false` where one stands already: it never replaces. */
export const createFile = async (path: string, content: string | Uint8Array): Promise<boolean> => {
  const draft = await writeDraft(path, content)
  try {
    // A link fails where the name is taken; a rename would replace what stands there.
    await link(draft, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await unlink(draft)
    await syncFolder(dirname(path))
  }
}

/** Replaces the whole file or nothing of it, durably. It stays its owner's, also where root runs a command. */
export const replaceFile = async (path: string, content: string): Promise<void> => {
  const draft = await writeDraft(path, content)
  const { uid, gid } = await stat(path)
  if (isPosix && uid !== process.getuid?.()) await chown(draft, uid, gid)
  await rename(draft, path)
  await syncFolder(dirname(path))
}

const writeDraft = async (path: string, content: string | Uint8Array): Promise<string> => {
  const draft = `${path}.${randomUUID()}.tmp`
  const file = await open(draft, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
    return draft
  } finally {
    await file.close()
  }
}

/** Without this a power cut may take back the name of a file whose content is safe. */
export const syncFolder = async (folder: string): Promise<void> => {
  if (!isPosix) return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
