import type { AuditChain } from '@cardkeep/core/audit/chain'
import { UnavailableError } from '@cardkeep/core/errors'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'
import type { ChainWriter } from './chain.ts'
import type { Database } from './database.ts'
import type { OutageGate } from './outage.ts'
import { takeChain } from './own-chain.ts'
import type { Statements } from './statements.ts'
import { createTransactions } from './transaction.ts'

export interface Lease {
  /** Leaves the chain to others. */
  release(): Promise<void>
}

export interface LeaseParts {
  readonly database: Database
  readonly gate: OutageGate
  readonly statements: Statements
  readonly clock: Clock
  /** 16 bytes that no other process has. */
  readonly holder: Uint8Array
  /** Answers how many rows it changed. */
  readonly run: (
    statement: 'keepChain' | 'releaseChain',
    values: readonly (number | Uint8Array)[],
  ) => Promise<number>
}

/**
 * How long a process that died keeps its chain from others. Nothing breaks where one that was only slow comes back after
 * that: two then write to one chain, each finds the other's entries, and the slow one takes another chain.
 */
export const leaseMs = 60_000
export const renewalMs = leaseMs / 4

/** Takes a chain for this process, and keeps it until it is released. */
export const createLease = async (
  parts: LeaseParts,
  createChain: (chain: AuditChain) => ChainWriter,
): Promise<{ readonly chain: ChainWriter; readonly lease: Lease }> => {
  const { clock, holder, run } = parts
  const take = (): Promise<AuditChain> =>
    parts.gate.run(async () => {
      const transactions = createTransactions(parts.database)
      try {
        return await takeChain(transactions, parts.statements, {
          holder,
          at: clock.now(),
          until: untilOf(clock),
        })
      } finally {
        await transactions.close()
      }
    })
  const chain = createChain(await take())
  let renewing: Promise<void> | undefined

  const renew = async (): Promise<void> => {
    try {
      const kept = await run('keepChain', [chain.chain, holder, untilOf(clock)])
      if (kept === 0) chain.use(await take())
    } catch (error) {
      // It lasts for a while yet, and the next time comes before its end.
      if (!(error instanceof UnavailableError)) throw error
    }
  }

  const timer = setInterval(() => {
    renewing ??= renew().finally(() => {
      renewing = undefined
    })
  }, renewalMs).unref()

  const lease: Lease = {
    release: async () => {
      clearInterval(timer)
      await renewing
      // Whoever cannot say so leaves it to others in time.
      await run('releaseChain', [chain.chain, holder]).catch(() => undefined)
    },
  }
  return { chain, lease }
}

const untilOf = (clock: Clock): EpochMs => epochMs(clock.now() + leaseMs)
