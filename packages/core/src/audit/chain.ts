import type { EpochMs } from '../kernel/time.ts'
import type { AuditEntry } from './entry.ts'

/*
 * The log is one chain or several. Everyone who writes shares the main chain, where its head is read and advanced in
 * the transaction of each commit; where many nodes write at once, each takes a chain of its own, so that no commit waits for
 * another node's. The main chain names every other one when it begins, so none can be taken away unseen.
 */

/** A whole number from 0. */
export type AuditChain = number

/** Where commands write, and everything of a vault whose database has one machine. */
export const mainChain: AuditChain = 0

/** By this entry the main chain names another one that begins. */
export const chainBegun = (chain: AuditChain, at: EpochMs): AuditEntry => ({
  at,
  action: 'audit.chain-begun',
  outcome: 'success',
  tenantId: undefined,
  actor: { type: 'vault', id: undefined },
  origin: undefined,
  requestId: undefined,
  subject: undefined,
  details: { chain },
})
