import type { KeyObject } from 'node:crypto'
import { minuteMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'
import {
  type SessionPublicKey,
  sessionKeyMs,
  sessionLifetimeMs,
} from '@cardkeep/core/sessions/capture-session'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import { makePrivateKey, publicHalf } from './key-pair.ts'
import type { SessionKeyPlace, SessionKeySealer } from './session-key-sealer.ts'
import type { SharedKeys } from './shared-keys.ts'

/*
 * A pair is made ahead, is handed to the sessions that are opened in the `sessionKeyMs` after its first, and is forgotten
 * when the last of them is over. It never reaches a disk: it is in the memory of the process that made it and, where
 * several nodes answer for each other, sealed on the server that they share. Where that server loses it, as by a restart, no
 * further session gets it.
 */

/** Pairs of one environment. */
export interface SessionPairs {
  /** For a session that is opened now. */
  current(): Promise<SessionPublicKey>
  /** The private half of a pair that a session has, whichever node made it. */
  find(keyId: string): Promise<KeyObject | undefined>
  /** Makes the next pair if there is none, and forgets those that are over. */
  tend(): Promise<void>
}

export interface SessionKeyParts {
  readonly sealer: SessionKeySealer
  readonly shared: SharedKeys
  readonly clock: Pick<Clock, 'monotonic'>
  /** For tests, which would wait for it otherwise. */
  readonly makeKey?: () => Promise<KeyObject>
}

/** A session that is being opened when its pair is handed out last may begin a little later. */
const slackMs = minuteMs
const keyLifetimeMs = sessionKeyMs + sessionLifetimeMs + slackMs

interface Handed {
  readonly key: SessionPublicKey
  readonly until: number
}

interface KnownKey {
  readonly privateKey: KeyObject
  readonly overAt: number
}

export const createSessionPairs = (
  environment: Environment,
  { sealer, shared, clock, makeKey = makePrivateKey }: SessionKeyParts,
): SessionPairs => {
  const known = new Map<string, KnownKey>()
  let current: Handed | undefined
  let next: Promise<KeyObject> | undefined
  let handingOver: Promise<SessionPublicKey> | undefined
  const placeOf = (keyId: string): SessionKeyPlace => ({ environment, keyId })

  const prepare = (): Promise<KeyObject> => {
    next ??= makeKey().catch((error: unknown) => {
      next = undefined
      throw error
    })
    return next
  }

  const handOver = async (): Promise<SessionPublicKey> => {
    const privateKey = await prepare()
    const key = publicHalf(privateKey)
    const place = placeOf(key.id)
    // Before any session has it, because another node may be asked for the first of them.
    await shared.put(sealer.name(place), await sealer.seal(place, privateKey), keyLifetimeMs)
    const now = clock.monotonic()
    known.set(key.id, { privateKey, overAt: now + keyLifetimeMs })
    current = { key, until: now + sessionKeyMs }
    next = undefined
    return key
  }

  const isGood = async ({ key, until }: Handed): Promise<boolean> =>
    until > clock.monotonic() && (await shared.isGood(sealer.name(placeOf(key.id))))

  return {
    current: async () => {
      const handed = current
      if (handed && (await isGood(handed))) return handed.key
      // Another caller may have found out first.
      if (current && current !== handed) return current.key
      handingOver ??= handOver().finally(() => {
        handingOver = undefined
      })
      return handingOver
    },

    find: async (keyId) => {
      const here = known.get(keyId)
      if (here && here.overAt > clock.monotonic()) return here.privateKey
      const place = placeOf(keyId)
      const sealed = await shared.find(sealer.name(place))
      if (!sealed) return undefined
      const privateKey = await sealer.open(place, sealed)
      // No session that has it now lives longer. One that gets it later has it looked for once more.
      known.set(keyId, { privateKey, overAt: clock.monotonic() + sessionLifetimeMs })
      return privateKey
    },

    tend: async () => {
      for (const [id, { overAt }] of known) if (overAt <= clock.monotonic()) known.delete(id)
      await prepare()
    },
  }
}
