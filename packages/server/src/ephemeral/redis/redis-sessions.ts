import type { FoundSealedSession, SealedState, SessionBackend } from '../session-backend.ts'
import type { RedisConnection, ServerTime } from './connection.ts'
import { drawHoldNames, spellBytes, spellName } from './layout.ts'
import type { Naming } from './redis-backend.ts'
import { scanKeys } from './scan-keys.ts'
import type { Script } from './script.ts'
import { type ReadAnswer, readAnswer } from './session-layout.ts'
import {
  admitScript,
  claimScript,
  clearSessionsScript,
  dropSessionScript,
  dropSessionsScript,
  endSessionScript,
  failAnswerScript,
  findSessionScript,
  openSessionScript,
  releaseScript,
} from './session-scripts.ts'

interface Receipt {
  readonly key: string
  readonly claim: string
  /** Keys of what was admitted under it. */
  readonly marks: string[]
}

/** The states of core/sessions/capture-session.ts on a server that several nodes share. */
export const createRedisSessions = (
  connection: RedisConnection,
  { prefix, hash }: Naming,
  { limitPerOwner, time }: { readonly limitPerOwner: number; readonly time: ServerTime },
): SessionBackend => {
  const epochKey = `${prefix}session-epoch`
  const keyOf = (name: Buffer): string => `${prefix}s:${spellName(name)}`
  const nextClaim = drawHoldNames()
  const remove = { isRemoval: true } as const

  const run = (script: Script, keys: readonly string[], ...args: readonly string[]) =>
    connection.run(script, [epochKey, ...keys], [time(), ...args])

  return {
    open: async ({ name, owner, sealed, ttlMs }) => {
      const args = [String(ttlMs), String(limitPerOwner), hash(owner), spellBytes(sealed)]
      return (await run(openSessionScript, [keyOf(name)], ...args)) === 1
    },

    drop: async (name) => {
      await connection.run(dropSessionScript, [epochKey, keyOf(name)], [time()], remove)
    },

    find: async (name) => {
      const answer = await run(findSessionScript, [keyOf(name)])
      return typeof answer === 'string' ? foundOf(readAnswer(answer)) : undefined
    },

    claim: async (name) => {
      const receipt: Receipt = { key: keyOf(name), claim: nextClaim(), marks: [] }
      const answer = await run(claimScript, [receipt.key], receipt.claim)
      if (typeof answer !== 'string') return undefined
      const read = readAnswer(answer)
      return read.state === 'c' ? { type: 'claimed', sealed: read.sealed, receipt } : foundOf(read)
    },

    admit: async (receipt, { name, ttlMs }) => {
      const { key, claim, marks } = receipt as Receipt
      const mark = `${prefix}p:${spellName(name)}`
      const isAdmitted = (await run(admitScript, [key, mark], claim, String(ttlMs))) === 1
      if (isAdmitted) marks.push(mark)
      return isAdmitted
    },

    release: async (receipt) => {
      const { key, claim, marks } = receipt as Receipt
      await run(releaseScript, [key, ...marks], claim)
    },

    fail: async (receipt, sealedEnd) => {
      const { key, claim } = receipt as Receipt
      const answer = await run(failAnswerScript, [key], claim, spellBytes(sealedEnd))
      return typeof answer === 'string' ? stateOf(readAnswer(answer)) : undefined
    },

    end: async (receipt, sealedEnd) => {
      const { key, claim } = receipt as Receipt
      return (await run(endSessionScript, [key], claim, spellBytes(sealedEnd))) === 1
    },

    dropAll: async () => {
      await connection.run(dropSessionsScript, [epochKey], [], remove)
      // They are void already; only their bytes are left.
      await scanKeys(connection, `${prefix}s:*`, (keys) =>
        connection.run(clearSessionsScript, [epochKey, ...keys], [], remove),
      )
    },
  }
}

const foundOf = (answer: ReadAnswer): FoundSealedSession => ({
  type: 'found',
  sealed: answer.sealed,
  state: stateOf(answer),
})

const stateOf = ({ state, sealedEnd }: ReadAnswer): SealedState => {
  if (state === 'e') return { type: 'ended', sealedEnd }
  return state === 'a' ? { type: 'answering' } : { type: 'open' }
}
