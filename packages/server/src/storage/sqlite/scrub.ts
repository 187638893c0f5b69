import type { Change } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import type { Database } from './database.ts'

/** After these, bytes that should be gone still stand in the write-ahead log. */
const erasing: ReadonlySet<Change['type']> = new Set([
  'erase-token',
  'end-network-tokens',
  'purge-capture-keys',
  'purge-access-keys',
  'purge-fingerprints',
  'remove-access-key',
  'remove-cvk-components',
  'remove-destination',
  'remove-webhook',
  'set-key-state',
])

/** A token that is deleted, or gets another number, loses its card at once, though its row stays; so does a network token. */
const isErasing = (change: Change): boolean =>
  erasing.has(change.type) ||
  (change.type === 'replace-token' && (change.isRelinked === true || change.token.sealed.length === 0)) ||
  (change.type === 'replace-network-token' && change.networkToken.sealed.length === 0)

/** How long what was erased may stay in the log. Copying the log is work: a sweep of many tokens should cause it once. */
export const scrubAfterMs = 1_000

export interface Scrubber {
  /** These were written. */
  written(changes: readonly Change[]): void
  /** Clears the log now if anything was erased since. Where another process reads it, waits a second at most. */
  finish(): void
}

/** Others read for some milliseconds at a time. */
const finishTries = 40
const finishPauseMs = 20

/**
 * The database overwrites erased rows, but the log still has the pages as they were before. Copying it into the
 * database and cutting it to nothing ends them there too (PCI DSS 3.2.1: deleted data cannot be recovered).
 */
export const createScrubber = (database: Database): Scrubber => {
  const truncate = database.prepare('pragma wal_checkpoint(truncate)')
  let timer: NodeJS.Timeout | undefined
  let isOwed = false
  let isFinished = false

  const arm = (): void => {
    if (!isFinished) timer ??= setTimeout(scrub, scrubAfterMs).unref()
  }

  const scrub = (): void => {
    timer = undefined
    // Another process reads what the log holds, or writes: later then.
    if (isTruncated()) isOwed = false
    else arm()
  }

  const isTruncated = (): boolean => {
    try {
      return truncate.get()?.['busy'] === 0
    } catch (error) {
      if (error instanceof UnavailableError) return false
      throw error
    }
  }

  // A process that died in the second after it erased something left that to whoever opens the database next.
  arm()

  return {
    written: (changes) => {
      if (!changes.some(isErasing)) return
      isOwed = true
      arm()
    },
    finish: () => {
      isFinished = true
      clearTimeout(timer)
      if (!isOwed) return
      // The process may end with this call, and nobody else knows what was erased.
      for (let tried = 0; tried < finishTries && !isTruncated(); tried++) pause(finishPauseMs)
    },
  }
}

/** Nothing else is left to be done meanwhile. */
const pause = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
