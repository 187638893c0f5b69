import type { Change } from '@cardkeep/core/changes'
import type { Store } from '@cardkeep/core/ports'

type Commit = Store['commit']

/** A store whose commits pass through the hands of a test, which may look at them, do something first, or let them fail. */
export const interceptCommits = <Of extends Store>(
  store: Of,
  intercept: (changes: readonly Change[], commit: () => ReturnType<Commit>) => ReturnType<Commit>,
): Of => ({ ...store, commit: (changes) => intercept(changes, () => store.commit(changes)) })

/** A line for each change, for a test that is about their order: `audit card.forward intent`, `put-token`. */
export const nameChanges = (changes: readonly Change[]): readonly string[] =>
  changes.map((change) =>
    change.type === 'audit' ? `audit ${change.entry.action} ${change.entry.outcome}` : change.type,
  )
