import { HoldLostError, UnavailableError } from '@cardkeep/core/errors'
import type { CodeBackend } from '../backend.ts'
import type { RedisConnection, ServerTime } from './connection.ts'
import { drawHoldNames, readTaken, spellName, spellUses, writeCode } from './layout.ts'
import { scanKeys } from './scan-keys.ts'
import {
  anyOwner,
  clearScript,
  dropAllScript,
  dropScript,
  dropTokenScript,
  giveBackStep,
  holdStep,
  isHeldScript,
  takeStep,
  undoHoldScript,
} from './scripts.ts'
import { createSteps } from './steps.ts'

/** Under what names things stand on a server. */
export interface Naming {
  /** Before every key. */
  readonly prefix: string
  /** A keyed hash, because ids of tenants and credentials and addresses are nobody's business there. */
  hash(text: string): string
}

interface HoldReceipt {
  readonly key: string
  readonly hold: string
  readonly uses: string
}

interface Receipt {
  readonly key: string
  readonly hold: string
  readonly sealedText: string
  /** One use comes back once; where the answer was lost it may have come back, and is not sent again either. */
  isReturned: boolean
}

/** The states of core/codes/held-code.ts on a server that several nodes share. */
export const createRedisBackend = (
  connection: RedisConnection,
  { prefix, hash }: Naming,
  { limitPerOwner, time }: { readonly limitPerOwner: number; readonly time: ServerTime },
): CodeBackend => {
  const epochKey = `${prefix}epoch`
  const ownersKey = `${prefix}owners`
  const limit = String(limitPerOwner)
  const nextHold = drawHoldNames()
  const codeKey = (name: Buffer): string => `${prefix}c:${spellName(name)}`
  const tokenKey = (name: Buffer): string => `${prefix}t:${spellName(name)}`
  const step = createSteps(connection, epochKey, time)
  const remove = { isRemoval: true } as const

  return {
    hold: async (code) => {
      const owner = hash(code.owner)
      const receipt: HoldReceipt = {
        key: codeKey(code.name),
        hold: nextHold(),
        uses: spellUses(code.uses),
      }
      const keys = [receipt.key, tokenKey(code.tokenName), `${prefix}o:${owner}`, ownersKey]
      const args = [String(code.ttlMs), limit, ...writeCode(code, receipt.hold, owner)]
      try {
        return (await step(holdStep, keys, args)) === 1 ? receipt : undefined
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error
        throw new HoldLostError(error.message, { hold: receipt })
      }
    },

    undoHold: async (given) => {
      const { key, hold, uses } = given as HoldReceipt
      return (await connection.run(undoHoldScript, [epochKey, key], [time(), hold, uses], remove)) === 1
    },

    take: async (name, { tokenName, destination }) => {
      const key = codeKey(name)
      const taken = await step(takeStep, [key], [spellName(tokenName), spellName(destination)])
      if (typeof taken !== 'string') return undefined
      const receipt: Receipt = { key, ...readTaken(taken), isReturned: false }
      return { sealed: Buffer.from(receipt.sealedText, 'base64url'), receipt }
    },

    giveBack: async (given) => {
      const receipt = given as Receipt
      if (receipt.isReturned) return false
      receipt.isReturned = true
      const { key, hold, sealedText } = receipt
      return (await step(giveBackStep, [key, ownersKey], [hold, sealedText])) === 1
    },

    drop: async (name) =>
      (await connection.run(dropScript, [epochKey, codeKey(name)], [time()], remove)) === 1,

    isHeld: async (name) => (await connection.run(isHeldScript, [epochKey, codeKey(name)], [time()])) === 1,

    dropToken: async (tokenName, owner) => {
      const args = [time(), owner === undefined ? anyOwner : hash(owner)]
      return (await connection.run(dropTokenScript, [epochKey, tokenKey(tokenName)], args, remove)) === 1
    },

    dropAll: async () => {
      await connection.run(dropAllScript, [epochKey, ownersKey], [prefix], remove)
      // They are void already; only their bytes are left.
      await scanKeys(connection, `${prefix}c:*`, (keys) =>
        connection.run(clearScript, [epochKey, ...keys], [], remove),
      )
    },
  }
}
