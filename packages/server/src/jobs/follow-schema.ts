import type { Log } from '../log/log.ts'

/** The newest step that the database has, the lowest that a program must know, and the newest that this one knows. */
interface Standing {
  readonly version: number
  readonly needs: number
  readonly known: number
}

export interface SchemaParts {
  readonly store: { schema(): Promise<Standing> }
  readonly log: Log
  /** The database needs a newer program. Told once. */
  readonly onOutgrown: () => void
}

/**
 * Looks what other programs have made of the schema: a newer node, or a command of the newer program, changes it while this
 * one serves. A schema with more in it is said once and used; one that needs a newer program is not used any more.
 */
export const createSchemaFollower = ({ store, log, onOutgrown }: SchemaParts): (() => Promise<void>) => {
  let told: number | undefined
  let isOutgrown = false
  return async () => {
    const { version, needs, known } = await store.schema()
    if (isOutgrown) return
    isOutgrown = needs > known
    if (isOutgrown) {
      log.error('schema.outgrown', { version, needs, known })
      onOutgrown()
    } else if (version > known && version !== told) {
      log.warn('schema.newer', { version, known })
      told = version
    }
  }
}
