import type { Database } from '../sqlite/database.ts'
import { type Patience, patiently } from '../sqlite/patience.ts'
import { inTransaction } from '../sqlite/transaction.ts'
import { MoveFailure } from './failure.ts'
import { logInSource, type Mover, moveEntry, readArrival } from './log-move.ts'
import { type MoveState, readMarker, takeBackMove } from './source.ts'
import {
  beginProgress,
  inTargetTransaction,
  lockTarget,
  readProgress,
  type TargetConnection,
} from './target.ts'

export interface AbandonParts {
  readonly source: Database
  /** `undefined` where it is out of reach. */
  readonly target: TargetConnection | undefined
  /** The target is lost, and with it whatever was written there. */
  readonly isTargetLost: boolean
  readonly patience: Patience
  readonly mover: Mover
}

/**
 * Lets the vault serve where it was. After the cut the target must say that nothing was written there since, and that no
 * vault will start on it: a vault that goes on in two places is two vaults. Answers how far the move had come.
 */
export const abandonMove = async (parts: AbandonParts): Promise<MoveState> => {
  const { source, target, isTargetLost, patience, mover } = parts
  const marker = readMarker(source)
  if (!marker) throw new MoveFailure('no migration of this vault was begun')
  const { run, state } = marker
  if (target && !(await lockTarget(target)))
    throw new MoveFailure('this migration is under way in another process: stop it first')
  if (state !== 'copying' && !isTargetLost) {
    if (!target)
      throw new MoveFailure(
        `the vault has been cut over to ${marker.target}, which must say that nothing was written there; if it is lost, say --target-lost`,
      )
    await inTargetTransaction(target, () => needsUnused(target, run))
  }
  await patiently(patience, () =>
    inTransaction(source, 'immediate', () => {
      takeBackMove(source)
      logInSource(source, moveEntry(mover, 'vault.move-abandoned', { run, state, lost: isTargetLost }))
    }),
  )
  return state
}

const needsUnused = async (target: TargetConnection, run: string): Promise<void> => {
  const progress = await readProgress(target)
  if (progress?.run === run) return
  const arrival = progress ? 'never' : await readArrival(target, run)
  if (arrival === 'never')
    throw new MoveFailure('the target is not the database that this vault was moved to')
  if (arrival === 'used')
    throw new MoveFailure(
      'a vault has written to the target since, and going back would lose that; what is there is the vault now',
    )
  await beginProgress(target, run)
}
