import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** Debian keeps these servers where users' shells do not look. */
const systemFolders: readonly string[] = ['/usr/sbin', '/usr/local/sbin']

/** The path of a program of this machine. */
export const findProgram = (name: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(delimiter), ...systemFolders]
    .map((folder) => join(folder, name))
    .find(isProgram)

/** The folder of PostgreSQL's programs, or none on this machine. Of several versions it is the newest. */
export const findPostgres = (): string | undefined => {
  const packaged = packagedVersions().find((folder) => isProgram(join(folder, 'initdb')))
  const elsewhere = findProgram('initdb')
  return packaged ?? (elsewhere && dirname(elsewhere))
}

/** Debian puts each version into a folder of its own, and only its wrappers among everyone's programs. */
const packagedVersions = (): readonly string[] => {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).toSorted((one, other) => Number(other) - Number(one))
    return versions.map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
