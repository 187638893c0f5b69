import type { TokenId } from '@cardkeep/core/kernel/ids'
import type { CodeStore, Store, StoredAuditEntry } from '@cardkeep/core/ports'

/*
 * Only where codes are in the memory of this process: a command of the operator suspends, invalidates or deletes a token
 * in another one. The entry of that change, written in the same commit, says whose codes must go. Commands write to the
 * main chain, so that is the one that is read.
 */

type ChangedStore = Pick<Store, 'auditHead' | 'auditEntries'> & { dataVersion(): Promise<number> }

export interface DropFollower {
  /** Drops what other processes have ended up to now. Costs one look at a number where nobody else has written. */
  follow(): Promise<void>
  /** The same, and remembers how far the log has been read, so that the next look need not begin far back. */
  keepUp(): Promise<void>
}

/** After these a token's codes are gone, also if it is active again by now. */
const ending: ReadonlySet<unknown> = new Set([
  'token.suspended',
  'token.invalidated',
  'token.deleted',
  'token.expired',
])

const batch = 500

/** Begins where the log stands: whoever makes one holds no code yet. */
export const createDropFollower = async (
  store: ChangedStore,
  codes: Pick<CodeStore, 'dropToken' | 'dropAll'>,
): Promise<DropFollower> => {
  let version = await store.dataVersion()
  let { seq } = await store.auditHead()
  let running: Promise<void> | undefined

  const readOn = async (): Promise<void> => {
    const begun = await store.dataVersion()
    for (;;) {
      const entries = await store.auditEntries(seq, batch)
      for (const entry of entries) {
        await dropEnded(entry)
        seq = entry.seq
      }
      if (entries.length < batch) break
    }
    version = begun
  }

  const dropEnded = async (entry: StoredAuditEntry): Promise<void> => {
    // Entries that were archived unread may have ended any code.
    if (entry.seq !== seq + 1) return codes.dropAll()
    const [, , action, , , , , , subject] = JSON.parse(entry.text) as readonly unknown[]
    // It may be open again before anybody has looked.
    if (action === 'vault.sealed') return codes.dropAll()
    if (!ending.has(action) || !Array.isArray(subject)) return
    await codes.dropToken(subject[1] as TokenId)
  }

  const isReading = (): boolean => running !== undefined
  const read = (): Promise<void> => {
    running = readOn().finally(() => {
      running = undefined
    })
    return running
  }

  const follow = async (): Promise<void> => {
    for (;;) {
      // A look that is under way may have begun before what this caller has seen: it is waited for, not joined.
      while (running) await running.catch(waitedFor)
      if ((await store.dataVersion()) === version) return
      // Another may have begun to read while this one looked.
      if (!isReading()) return read()
    }
  }

  return {
    follow,
    keepUp: async () => {
      await follow()
      const head = await store.auditHead()
      // Nobody else has ended anything: what is up to there are entries of this process, which drops its own codes itself.
      if ((await store.dataVersion()) === version) seq = Math.max(seq, head.seq)
    },
  }
}

const waitedFor = (): void => undefined

/**
 * A code store that looks first whether another process has ended a token: one that was suspended and is active again
 * within the interval of a job would otherwise find its codes where they were. A code that comes back needs no look,
 * because the next one that is taken has it dropped. For a database in a file, where a look costs next to nothing; one on
 * a server is followed by the job alone.
 */
export const followDrops = (codes: CodeStore, { follow }: Pick<DropFollower, 'follow'>): CodeStore => ({
  ...codes,
  hold: async (code) => {
    // Or a code that came after the end of others would go with them.
    await follow()
    return codes.hold(code)
  },
  take: async (address, taker) => {
    await follow()
    return codes.take(address, taker)
  },
})
