import { UnfitError } from '@cardkeep/core/errors'
import { type Row, readNumber } from './values.ts'

/*
 * Programs of several versions use a database while it is upgraded. Each migration says in a line at its head what it means
 * for programs that do not know it:
 *
 *   -- expand                       whoever could use the database before can go on
 *   -- contract: needs version 12   from here on a program must know version 12 of the schema, or a later one
 *
 * The database keeps what was said, so that a program finds it out without knowing the migration.
 */

/** How a database stands to this program. */
export interface SchemaStanding {
  /** The newest migration that the database has. */
  readonly version: number
  /** The lowest version of the schema that a program must know to use it. */
  readonly needs: number
  /** The newest migration that this program knows. */
  readonly known: number
}

/** These were made before, when every program refused what it did not know; the next one keeps what is said from there on. */
const unmarked = 8

const mark = /^(?:-- outside a transaction\b.*\n)?-- (?:expand|contract: needs version ([1-9]\d*))\n/

/**
 * What a migration says of older programs: the version that they must know, 0 for none. `undefined` for the first ones. Throws
 * where it says nothing, or would leave no version beside which it can be installed.
 */
export const readNeeds = (name: string, number: number, text: string): number | undefined => {
  if (number <= unmarked) return undefined
  const found = mark.exec(text)
  // Precondition: whoever adds a migration has thought of the programs that run meanwhile.
  if (!found)
    throw new Error(`the migration ${name} should begin with -- expand or with -- contract: needs version N`)
  const needs = Number(found[1] ?? 0)
  // Precondition: nodes are replaced one by one, so that a node of the version before serves while this one is applied.
  if (needs >= number)
    throw new Error(
      `the migration ${name} should leave programs of the version before: contract one version later`,
    )
  return needs
}

/** Throws `UnfitError` where a program that knows versions up to `known` must not use the database. */
export const needsFit = ({ known, version, needs }: SchemaStanding): void => {
  if (needs > known)
    throw new UnfitError(
      `the database has schema version ${version} and needs a program that knows version ${needs}, and this program knows ` +
        `versions up to ${known}: use the newer program`,
    )
}

/** Of the one row that says it. */
export const readStanding = (row: Row = {}, known: number): SchemaStanding => ({
  version: readNumber(row, 'version'),
  needs: readNumber(row, 'needs'),
  known,
})
