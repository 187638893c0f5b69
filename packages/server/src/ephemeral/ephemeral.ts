import type { GuessLimits, Lockouts, PendingTries } from '@cardkeep/core/ports'
import type { SharedKeys } from '../keys/shared-keys.ts'
import type { CodeBackend } from './backend.ts'
import type { MarkBackend } from './mark-backend.ts'
import type { SessionBackend } from './session-backend.ts'

/** All that a vault keeps outside every disk: in the memory of this process, or on a server that its nodes share. */
export interface Ephemeral {
  readonly codes: CodeBackend
  readonly sessions: SessionBackend
  readonly sessionKeys: SharedKeys
  readonly marks: MarkBackend
  readonly guesses: GuessLimits
  readonly tries: PendingTries
  readonly lockouts: Lockouts
  /** Whether other nodes see the same: then a node that stops takes no codes along, and a command can drop them itself. */
  readonly isShared: boolean
  /** Frees what is past its time; needs no read by anyone. */
  sweep(): Promise<void>
  /** How many codes are held now. */
  count(): Promise<number>
  /** How many places are not free so long after their time. */
  pastTheirTime(graceMs: number): Promise<number>
  /** Throws `UnavailableError` where it cannot be reached, or where a code in it could reach a disk or be evicted. */
  check(): Promise<void>
  close(): Promise<void>
}
