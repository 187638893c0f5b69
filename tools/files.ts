import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Every file of a tree that `.gitignore` does not exclude, as paths from its root with forward slashes. Git itself is
 * not asked: the checks also run in an unpacked archive, and in a checkout that belongs to another user.
 */
export const listFiles = (root: string): readonly string[] => {
  const ignored = readIgnored(root)
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder + entry.name
      if (entry.name === '.git' || ignored.some((pattern) => pattern.test(path))) return []
      if (entry.isDirectory()) return walk(`${path}/`)
      return entry.isFile() ? [path] : []
    })
  return walk('').toSorted()
}

const readIgnored = (root: string): readonly RegExp[] => {
  const file = join(root, '.gitignore')
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map(toPattern)
}

const toPattern = (line: string): RegExp => {
  // Precondition: these are the forms in use; a form that is not understood must not hide or show files silently.
  if (/[!?[\]\\]|\*\*/.test(line))
    throw new Error(`tools/files.ts does not understand "${line}" of .gitignore`)
  const bare = line.replace(/^\/|\/$/g, '')
  const body = bare.replaceAll('.', '\\.').replaceAll('*', '[^/]*')
  return new RegExp(`${line.startsWith('/') ? '^' : '(?:^|/)'}${body}$`)
}
