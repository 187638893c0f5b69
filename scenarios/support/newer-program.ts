import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanUp } from './clean-up.ts'

const server = fileURLToPath(new URL('../../packages/server', import.meta.url))
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** A program of a later release, as its `bin/cardkeep.js`. */
export interface NewerProgram {
  readonly program: string
  /** The newest migration that it knows. */
  readonly version: number
  /** What is compiled of it is kept beside it and goes with it. */
  readonly settings: Readonly<Record<string, string>>
}

export interface Release {
  /** The migrations that it has and this program has not, as their texts, in order. */
  readonly migrations: readonly string[]
  /** Columns that its statements call by another name. */
  readonly renamed?: Readonly<Record<string, string>>
  /** A kind of key that every tenant has there, and that this program does not know. */
  readonly keyPurpose?: string
}

/** The newest migration that this program knows. */
export const presentVersion = readdirSync(join(server, 'src/storage/sql/migrations')).filter(
  (name) => !name.endsWith('.postgres.sql'),
).length

/**
 * Makes a copy of this program into one that is newer. It stands outside of the folders that are searched for card numbers:
 * what it links to has the program's own list of test numbers.
 */
export const makeNewerProgram = ({ migrations, renamed = {}, keyPurpose }: Release): NewerProgram => {
  const path = mkdtempSync(join(tmpdir(), 'cardkeep-newer-'))
  cleanUp(() => rmSync(path, { recursive: true }))
  const copy = join(path, 'packages/server')
  cpSync(server, copy, { recursive: true, filter: (from) => !from.endsWith('.test.ts') })
  symlinkSync(modules, join(path, 'node_modules'))
  const sources = join(copy, 'src/storage')
  for (const [name, later] of Object.entries(renamed)) renameIn(sources, name, later)
  if (keyPurpose !== undefined) addKeyKind(join(copy, 'src/keys/key-kinds.ts'), keyPurpose)
  for (const [at, text] of migrations.entries()) {
    const number = String(presentVersion + 1 + at).padStart(4, '0')
    writeFileSync(join(sources, `sql/migrations/${number}-of-a-later-release.sql`), text)
  }
  return {
    program: join(copy, 'bin/cardkeep.js'),
    version: presentVersion + migrations.length,
    settings: { NODE_COMPILE_CACHE: join(path, 'compiled') },
  }
}

const listOfKinds = 'export const keyKinds: readonly KeyKind[] = [\n'

const addKeyKind = (file: string, purpose: string): void => {
  const text = readFileSync(file, 'utf8')
  if (!text.includes(listOfKinds)) throw new Error('the list of kinds of keys is not where it was')
  const fields = "algorithm: 'HMAC-SHA-256', cryptoperiodMs: 365 * dayMs, seals: undefined"
  const kind = `  { owner: 'tenant', purpose: '${purpose}', ${fields} },\n`
  writeFileSync(file, text.replace(listOfKinds, `${listOfKinds}${kind}`))
}

const renameIn = (folder: string, name: string, later: string): void => {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue
    const file = join(entry.parentPath, entry.name)
    const text = readFileSync(file, 'utf8')
    if (text.includes(name)) writeFileSync(file, text.replaceAll(name, later))
  }
}
