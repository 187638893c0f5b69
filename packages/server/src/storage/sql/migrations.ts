import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnfitError } from '@cardkeep/core/errors'
import { needsFit, readNeeds } from './program-needs.ts'
import { type Row, readNumber, readText } from './values.ts'

export interface Migration {
  /** Counts from 1 without a gap. */
  readonly number: number
  readonly name: string
  readonly text: string
  /** SHA-256 of the text, in hex. */
  readonly checksum: string
  /** The version of the schema that programs must know once it is applied; 0 where it keeps nobody out. */
  readonly needs: number | undefined
}

export interface AppliedMigration {
  readonly number: number
  readonly checksum: string
  /** `undefined` where the database does not keep it yet. */
  readonly needs: number | undefined
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
      const checksum = createHash('sha256').update(text).digest('hex')
      return { number, name, text, checksum, needs: readNeeds(name, number, text) }
    })
}

/**
 * The migrations that a database still lacks; none where it is newer, which is not taken back. Throws `UnfitError` where it
 * needs a program that knows more than this one, or was made in another way.
 */
export const needsMigrations = (
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): readonly Migration[] => {
  const version = Math.max(0, ...applied.map(({ number }) => number))
  const needs = Math.max(0, ...applied.map(needsOf(known.length)))
  needsFit({ version, needs, known: known.length })
  for (const { number, checksum } of applied) {
    const migration = known[number - 1]
    if (migration && migration.checksum !== checksum)
      throw new UnfitError(
        `the database was made with another ${migration.name}: a migration that was applied is never changed`,
      )
  }
  return known.slice(applied.length)
}

/** One that is not known and says nothing keeps everybody out who does not know it. */
const needsOf =
  (known: number) =>
  ({ number, needs }: AppliedMigration): number =>
    needs ?? (number > known ? number : 0)

/** The whole row is read: the column of needs came later than the table. */
export const readVersion = (row: Row): AppliedMigration => ({
  number: readNumber(row, 'number'),
  checksum: readText(row, 'checksum'),
  needs: row['needs'] === undefined ? undefined : readNumber(row, 'needs'),
})
