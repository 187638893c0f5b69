import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnfitError } from '@cardkeep/core/errors'

export interface Migration {
  /** Counts from 1 without a gap. */
  readonly number: number
  readonly name: string
  readonly text: string
  /** SHA-256 of the text, in hex. */
  readonly checksum: string
}

export interface AppliedMigration {
  readonly number: number
  readonly checksum: string
}

const folder = join(import.meta.dirname, 'migrations')
const form = /^(\d{4})-[a-z0-9-]+(?:\.postgres)?\.sql$/
const ofPostgres = /\.postgres\.sql$/

export type Engine = 'sqlite' | 'postgres'

/**
 * The numbered files of the folder in order. There is no way back: what was wrong is put right by a later file. Where one
 * has a form of its own for PostgreSQL beside it, that one counts there.
 */
export const readMigrations = (engine: Engine = 'sqlite'): readonly Migration[] => {
  const files = readdirSync(folder).toSorted()
  return files
    .filter((name) =>
      engine === 'sqlite' ? !ofPostgres.test(name) : !files.includes(name.replace(/\.sql$/, '.postgres.sql')),
    )
    .map((name, at) => {
      const number = Number(form.exec(name)?.[1])
      // Precondition: numbers leave no gap, so that the highest one says what a database has.
      if (number !== at + 1) throw new Error(`the migration ${name} should be number ${at + 1}`)
      // A checkout on Windows may have other line ends; the file is the same.
      const text = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')
      return { number, name, text, checksum: createHash('sha256').update(text).digest('hex') }
    })
}

/** The migrations that a database still lacks. Throws `UnfitError` where it has some that this program does not know. */
export const needsMigrations = (
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] => {
  const newest = Math.max(0, ...applied.map(({ number }) => number))
  if (newest > known.length)
    throw new UnfitError(
      `the database has schema version ${newest}, and this program knows versions up to ${known.length}: use the newer program`,
    )
  for (const { number, checksum } of applied) {
    const migration = known[number - 1]
    if (migration?.checksum !== checksum)
      throw new UnfitError(
        `the database was made with another ${migration?.name}: a migration that was applied is never changed`,
      )
  }
  return known.slice(applied.length)
}
