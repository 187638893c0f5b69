import { randomBytes } from 'node:crypto'
import type { CodeBackend } from '../backend.ts'
import type { RedisConnection, ServerTime } from './connection.ts'
import { createHoldNames, processNameWidth, readTaken, spellName, writeCode } from './layout.ts'
import {
  clearScript,
  dropAllScript,
  dropScript,
  dropTokenScript,
  giveBackStep,
  holdStep,
  takeStep,
} from './scripts.ts'
import { createSteps } from './steps.ts'

/** Under what names things stand on a server. */
export interface Naming {
  /** Before every key. */
  readonly prefix: string
  /** A keyed hash, because ids of tenants and credentials and addresses are nobody's business there. */
  hash(text: string): string
}

interface Receipt {
  readonly key: string
  readonly hold: string
  readonly sealedText: string
  /** One use comes back once; where the answer was lost it may have come back, and is not sent again either. */
  isReturned: boolean
}

/** So many names are looked at by one step of a scan, between which others are served. */
const scanCount = 500

/** The states of core/codes/held-code.ts on a server that several nodes share. */
export const createRedisBackend = (
  connection: RedisConnection,
  { prefix, hash }: Naming,
  { limitPerOwner, time }: { readonly limitPerOwner: number; readonly time: ServerTime },
): CodeBackend => {
  const epochKey = `${prefix}epoch`
  const ownersKey = `${prefix}owners`
  const limit = String(limitPerOwner)
  const nextHold = createHoldNames(
    randomBytes(processNameWidth).toString('base64url').slice(0, processNameWidth),
  )
  const codeKey = (name: Buffer): string => `${prefix}c:${spellName(name)}`
  const tokenKey = (name: Buffer): string => `${prefix}t:${spellName(name)}`
  const step = createSteps(connection, epochKey, time)
  const remove = { isRemoval: true } as const

  /** They are void already; only their bytes are left. */
  const clear = async (): Promise<void> => {
    let cursor = '0'
    do {
      const [next, keys] = (await connection.call(
        'SCAN',
        cursor,
        'MATCH',
        `${prefix}c:*`,
        'COUNT',
        String(scanCount),
      )) as [string, string[]]
      if (keys.length > 0) await connection.run(clearScript, [epochKey, ...keys], [], remove)
      cursor = next
    } while (cursor !== '0')
  }

  return {
    hold: async (code) => {
      const owner = hash(code.owner)
      const keys = [codeKey(code.name), tokenKey(code.tokenName), `${prefix}o:${owner}`, ownersKey]
      const args = [String(code.ttlMs), limit, ...writeCode(code, nextHold(), owner)]
      return (await step(holdStep, keys, args)) === 1
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

    dropToken: async (tokenName) =>
      (await connection.run(dropTokenScript, [epochKey, tokenKey(tokenName)], [time()], remove)) === 1,

    dropAll: async () => {
      await connection.run(dropAllScript, [epochKey, ownersKey], [prefix], remove)
      await clear()
    },
  }
}
