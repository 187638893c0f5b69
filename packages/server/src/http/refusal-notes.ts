import { networkOf } from '@cardkeep/core/codes/guesses'
import { minuteMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'

/** So many refusals of one address are written one by one; beyond that they are counted. */
const notesPerWindow = 100
const windowMs = 30 * minuteMs
const remembered = 10_000

/**
 * Every refused access belongs in the audit log (PCI DSS 10.2.1.4), but a stranger must not be able to fill the disk
 * with it. An address that goes on gets one entry a window that says how many were not written.
 */
export interface RefusalNotes {
  /** Whether this refusal gets an entry, and how many of the address were left out since its last one. */
  admit(address: string): { readonly isNoted: boolean; readonly leftOut: number }
}

interface Window {
  readonly endsAt: number
  noted: number
  leftOut: number
}

export const createRefusalNotes = (clock: Clock): RefusalNotes => {
  const windows = new Map<string, Window>()
  return {
    admit: (address) => {
      const now = clock.monotonic()
      const network = networkOf(address)
      const known = windows.get(network)
      if (known && known.endsAt > now) {
        const isNoted = known.noted < notesPerWindow
        if (isNoted) known.noted++
        else known.leftOut++
        return { isNoted, leftOut: 0 }
      }
      windows.delete(network)
      windows.set(network, { endsAt: now + windowMs, noted: 1, leftOut: 0 })
      const [oldest] = windows.keys()
      if (windows.size > remembered && oldest !== undefined) windows.delete(oldest)
      return { isNoted: true, leftOut: known?.leftOut ?? 0 }
    },
  }
}
