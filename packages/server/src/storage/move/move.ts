import { needsMigrations, readMigrations } from '../sql/migrations.ts'
import type { Database } from '../sqlite/database.ts'
import { readApplied } from '../sqlite/migrate.ts'
import { type Patience, patiently } from '../sqlite/patience.ts'
import { inTransaction } from '../sqlite/transaction.ts'
import { type CopyParts, copyOnline, cut } from './copy.ts'
import { MoveFailure } from './failure.ts'
import { logInSource, logInTarget, type Mover, moveEntry, readArrival } from './log-move.ts'
import { createSourceReader } from './read-source.ts'
import { beginMove, finishMove, type Marker, readMarker } from './source.ts'
import { movedTables } from './tables.ts'
import {
  beginProgress,
  findOccupied,
  giveNumbers,
  inTargetTransaction,
  lockTarget,
  type Progress,
  readProgress,
  type TargetConnection,
} from './target.ts'
import { type Verified, verifyMove } from './verify.ts'

/*
 * Moves the vault of an embedded database to PostgreSQL while it serves.
 *
 *   1. begin    the source notes from here on what changes; no vault starts on the target
 *   2. copy     everything in batches, then what changed, round by round
 *   3. cut      the rest under the write lock; then the source refuses every write
 *   4. verify   every row of both sides
 *   5. finish   the log of the target says so, and a vault may start on it
 *
 * Each step is a transaction and leaves behind how far it came, so that the same command goes on after any end of the
 * process, and until the fourth is done the vault can go back to where it was.
 */

export interface MoveParts {
  readonly source: Database
  readonly target: TargetConnection
  /** Where to, without a password, for people. */
  readonly targetName: string
  readonly patience: Patience
  readonly mover: Mover
  /** Names the run if it begins now. */
  readonly newRun: () => string
  readonly watch: MoveWatch
}

/** What whoever waits is told. */
export interface MoveWatch {
  /** There are about so many rows to be read, copies and comparisons together. */
  total(rows: number): void
  add(rows: number): void
  stage(stage: 'copying' | 'cutting' | 'verifying' | 'finishing'): void
}

export interface Moved {
  readonly run: string
  readonly counts: Verified['counts']
  /** For how long nobody could write; `undefined` where the cut was made by an earlier call. */
  readonly lockedMs: number | undefined
  readonly copyMs: number
  readonly verifyMs: number
}

/** Throws `MoveFailure`, or `UnavailableError` where one of the two cannot be reached; called again it goes on. */
export const moveVault = async (parts: MoveParts): Promise<Moved> => {
  const { source, target, watch } = parts
  needsVault(source)
  const { marker, progress } = await begin(parts)
  const reader = createSourceReader(source)
  const rows = movedTables.reduce((sum, table) => sum + reader.count(table), 0)
  watch.total(rows * 3)
  watch.add(progress.copied)

  const copyParts: CopyParts = { source, reader, target, patience: parts.patience, copied: watch.add }
  const copyBegunAt = performance.now()
  let lockedMs: number | undefined
  if (marker.state === 'copying') {
    watch.stage('copying')
    const copied = await copyOnline(copyParts, progress)
    watch.stage('cutting')
    lockedMs = await cut(copyParts, copied)
  }

  watch.stage('verifying')
  const verifyBegunAt = performance.now()
  const { counts, differences } = await verifyMove({ reader, target, seen: watch.add })
  if (differences.length > 0)
    throw new MoveFailure(
      `the copy differs in ${differences.join(', ')}; no vault starts on it, and with --abandon this one serves again`,
    )

  watch.stage('finishing')
  const verifyMs = performance.now() - verifyBegunAt
  await finish(parts, marker, counts)
  return { run: marker.run, counts, lockedMs, copyMs: verifyBegunAt - copyBegunAt, verifyMs }
}

const needsVault = (source: Database): void => {
  const applied = readApplied(source)
  const known = readMigrations()
  if (applied.length === 0) throw new MoveFailure('this file is not the database of a vault')
  // It copies the columns that it knows, and would leave the others behind.
  if (applied.length > known.length)
    throw new MoveFailure('the vault was used by a newer version: use the newer program')
  if (needsMigrations(known, applied).length > 0)
    throw new MoveFailure(
      'the vault was last used by an older version: run any command of this one on it, such as `tenant list`, and then this',
    )
}

interface Begun {
  readonly marker: Marker
  readonly progress: Progress
}

/** Finds out how far it came before, refuses what does not belong together, and marks both sides. */
const begin = async (parts: MoveParts): Promise<Begun> => {
  const { source, target, targetName, patience } = parts
  if (!(await lockTarget(target))) throw new MoveFailure('this migration is under way in another process')
  const found = readMarker(source)
  if (found?.state === 'done') throw new MoveFailure(`this vault has moved already, to ${found.target}`)
  const progress = await readProgress(target)
  if (progress && progress.run !== found?.run)
    throw new MoveFailure(
      'the target holds the unfinished copy of another migration: use an empty database, or empty this one',
    )
  if (found && progress) return { marker: found, progress }
  if (found?.state === 'moved') return needsArrived(parts, found)

  const occupied = await findOccupied(target)
  if (occupied !== undefined)
    throw new MoveFailure(
      `the target holds a vault already (${occupied} is not empty): use an empty database`,
    )
  const marker = found ?? { run: parts.newRun(), state: 'copying' as const, target: targetName }
  if (!found)
    await patiently(patience, () =>
      inTransaction(source, 'immediate', () => {
        beginMove(source, marker.run, targetName)
        logInSource(source, moveEntry(parts.mover, 'vault.move-begun', { run: marker.run, to: targetName }))
      }),
    )
  return { marker, progress: await inTargetTransaction(target, () => beginProgress(target, marker.run)) }
}

/** The target lost its mark at the end of an earlier run, which did not get to tell the source. */
const needsArrived = async (
  { source, target, patience }: MoveParts,
  { run, target: to }: Marker,
): Promise<never> => {
  const arrival = await inTargetTransaction(target, () => readArrival(target, run))
  if (arrival === 'never')
    throw new MoveFailure(`this vault was moved to ${to}, and the target is not that database`)
  await patiently(patience, () => inTransaction(source, 'immediate', () => finishMove(source)))
  throw new MoveFailure(`this vault has moved already, to ${to}`)
}

const finish = async (
  { source, target, patience, mover }: MoveParts,
  { run }: Marker,
  counts: Verified['counts'],
): Promise<void> => {
  const reader = createSourceReader(source)
  await inTargetTransaction(target, async () => {
    for (const table of movedTables) await giveNumbers(target, table, reader.lastNumber(table))
    await logInTarget(target, moveEntry(mover, 'vault.moved', { run, ...counts }))
    await target.query('drop table moving')
  })
  await patiently(patience, () => inTransaction(source, 'immediate', () => finishMove(source)))
}
