import type { MonotonicMs } from '@cardkeep/core/kernel/time'
import type { Clock, CodeStore, SessionStore, Store } from '@cardkeep/core/ports'
import type { DropFollower } from './follow-drops.ts'

/** What must be told when another process, such as a command of the operator or another node, has changed the database. */
export interface Followers {
  readonly store: Pick<Store, 'isSealed'> & { dataVersion(): Promise<number> }
  readonly keyring: { reload(): Promise<void> }
  readonly directory: { forget(): void; lookedAt(at: MonotonicMs): void }
  readonly codes: Pick<CodeStore, 'dropAll'>
  readonly sessions: Pick<SessionStore, 'dropAll'>
  readonly sessionKeys: { dropAll(): Promise<void> }
  /** The private keys that its workers know. */
  readonly captures: { dropAll(): Promise<void> }
  /** The card verification keys that were opened. */
  readonly cvvs: { dropAll(): void }
  /** `undefined` where codes are shared: whoever ends a token drops its codes there itself. */
  readonly drops: Pick<DropFollower, 'keepUp'> | undefined
  readonly door: { isSealed(): boolean; setSealed(sealed: boolean): void }
  readonly clock: Pick<Clock, 'monotonic'>
}

/** Commands are followed within a second; four looks a second leave room for a slow one. */
export const followEveryMs = 250

/** Looks whether the database changed and passes it on. Call it once before the door opens, then again and again. */
export const createFollower = ({
  store,
  keyring,
  directory,
  codes,
  sessions,
  sessionKeys,
  captures,
  cvvs,
  drops,
  door,
  clock,
}: Followers): (() => Promise<void>) => {
  let seen: number | undefined
  return async () => {
    const begun = clock.monotonic()
    const version = await store.dataVersion()
    const isNews = version !== seen
    if (isNews) {
      directory.forget()
      door.setSealed(await store.isSealed())
    }
    // What is remembered was true when this look began, whatever came since.
    directory.lookedAt(begun)
    // Before anything that may fail: a sealed vault holds nothing. At every look, because a request that was already
    // inside when the vault was sealed may have held a code or opened a session since.
    if (door.isSealed()) {
      cvvs.dropAll()
      await Promise.all([codes, sessions, sessionKeys, captures].map((held) => held.dropAll()))
    }
    await drops?.keepUp()
    if (isNews) await keyring.reload()
    // Only now: if something threw, the next look tries again.
    seen = version
  }
}
