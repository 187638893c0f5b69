import type { Change } from '../changes.ts'
import type { Store } from '../ports.ts'

/**
 * `false` on a conflict. What was prepared outside the store is undone unless the commit succeeds: also where the
 * changes cannot be made or the store cannot be reached.
 */
export const commitOrUndo = async (
  store: Pick<Store, 'commit'>,
  changesOf: () => readonly Change[],
  undo: () => Promise<unknown>,
): Promise<boolean> => {
  let isKept = false
  try {
    isKept = (await store.commit(changesOf())).ok
    return isKept
  } finally {
    if (!isKept) await undo()
  }
}
