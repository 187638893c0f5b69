import type { EpochMs } from '@cardkeep/core/kernel/time'
import type { Store } from '@cardkeep/core/ports'
import type { SchemaStanding } from './sql/program-needs.ts'

/** What a vault needs of its database beside the port of the core. */
export interface ServerStore extends Store {
  /** Finishes what was asked for before; whatever comes later throws `UnavailableError`. */
  close(): Promise<void>
  /**
   * Another number after another process changed what may be remembered here: tenants, credentials, destinations, keys,
   * the seal, and how tokens stand.
   */
  dataVersion(): Promise<number>
  /** How its schema stands to this program, which another program may change at any time. */
  schema(): Promise<SchemaStanding>
  /** Writes something of no meaning. Throws `UnavailableError` where nothing can be written, as on a full disk. */
  checkWritable(): Promise<void>
  /**
   * Whether this process may do some work now that others could do as well. Who has a duty may ask again before it ends;
   * whoever has it and dies leaves it to others at `until`. Always `true` where there are no others.
   */
  claimDuty(duty: Duty): Promise<boolean>
  /** Gives it up before its time, if it is still this process's. */
  releaseDuty(name: string): Promise<void>
}

export interface Duty {
  readonly name: string
  readonly at: EpochMs
  readonly until: EpochMs
}
