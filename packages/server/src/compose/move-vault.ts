import { randomUUID } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { UnavailableError, UnfitError } from '@cardkeep/core/errors'
import { systemClock } from '../clock.ts'
import type { PostgresSettings } from '../config.ts'
import { abandonMove } from '../storage/move/abandon.ts'
import { connectTarget } from '../storage/move/connect-target.ts'
import { type Moved, type MoveWatch, moveVault } from '../storage/move/move.ts'
import type { TargetConnection } from '../storage/move/target.ts'
import { createDatabase } from '../storage/postgres/database.ts'
import { migrate } from '../storage/postgres/migrate.ts'
import { usualPatience as patienceOfPostgres } from '../storage/postgres/settings.ts'
import { readMigrations } from '../storage/sql/migrations.ts'
import { readNumber } from '../storage/sql/values.ts'
import { type Database, openDatabase } from '../storage/sqlite/database.ts'
import { lockFile } from '../storage/sqlite/lock.ts'
import { type Patience, patiently } from '../storage/sqlite/patience.ts'

export interface MoveWish {
  /** The file of an embedded vault's database, or its folder. */
  readonly from: string
  readonly to: PostgresSettings
  /** Name of the operator, for the audit log. */
  readonly operator: string
}

/** A vault under load writes most of the time: whoever waits for a gap looks often, and for some ten seconds. */
const patience: Patience = { attempts: 5_000, pauseMs: 2 }

/** Copies an embedded vault to PostgreSQL while it serves. Goes on where an earlier call ended. */
export const moveToPostgres = (wish: MoveWish, watch: MoveWatch): Promise<Moved> =>
  withSource(wish, async (source) => {
    const target = await openTarget(wish.to)
    try {
      const targetName = wish.to.url.replace(/^postgres:\/\/[^@]*@/, '')
      return await moveVault({
        ...{ source, target, targetName, patience, watch },
        mover: { operator: wish.operator, now: systemClock.now },
        newRun: randomUUID,
      })
    } finally {
      await target.close()
    }
  })

/** Lets the embedded vault serve again. Answers how far the move had come. */
export const stayEmbedded = (wish: MoveWish, isTargetLost: boolean): Promise<string> =>
  withSource(wish, async (source) => {
    const target = isTargetLost ? undefined : await openIfThere(wish.to)
    try {
      const mover = { operator: wish.operator, now: systemClock.now }
      return await abandonMove({ source, target, isTargetLost, patience, mover })
    } finally {
      await target?.close()
    }
  })

const withSource = async <T>({ from }: MoveWish, run: (source: Database) => Promise<T>): Promise<T> => {
  const file = findFile(from)
  const lock = lockFile(`${file}.migrating`, 'a migration of this vault is under way in another process')
  try {
    const source = await patiently(patience, () => openDatabase(file))
    try {
      return await run(source)
    } finally {
      source.close()
    }
  } finally {
    lock.release()
  }
}

/** To open a file that is not there would make one. */
const findFile = (from: string): string => {
  const isFolder = statSync(from, { throwIfNoEntry: false })?.isDirectory() === true
  const file = resolve(isFolder ? join(from, 'cardkeep.db') : from)
  if (!existsSync(file)) throw new UnavailableError(`there is no database ${file}`)
  return file
}

const openTarget = async (settings: PostgresSettings): Promise<TargetConnection> => {
  if (settings.pooler === 'transaction')
    throw new UnavailableError(
      'a migration needs a connection of its own: name the database itself, past the pooler, and leave CARDKEEP_DATABASE_POOLER unset',
    )
  const database = createDatabase(settings, patienceOfPostgres)
  const known = readMigrations('postgres')
  await migrate(database, known)
  const target = await connectTarget(database)
  const [row = {}] = await target.query('select max(number) as version from schema_version')
  if (readNumber(row, 'version') === known.length) return target
  // It may ask of rows what this one does not give them.
  await target.close()
  throw new UnfitError('the target was made by a newer version: use the newer program')
}

/** Going back must not need a server that has gone. */
const openIfThere = async (settings: PostgresSettings): Promise<TargetConnection | undefined> => {
  try {
    return await connectTarget(createDatabase(settings, patienceOfPostgres))
  } catch (error) {
    if (error instanceof UnavailableError) return undefined
    throw error
  }
}
