import { createPublicKey, type KeyObject } from 'node:crypto'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import { type ChainNews, createNews } from './news.ts'
import { type ChainMaterial, type ChainVerdict, verifyChain } from './verify-chain.ts'

export interface AuditMaterial {
  /** The main chain first, where it is at hand. They are gone through one after another. */
  readonly chains: readonly ChainMaterial[]
  /** Whether a chain that the main one names is there; asked after the main one was gone through. */
  readonly isThere: (chain: AuditChain) => Promise<boolean>
  /** Public halves of audit keys by key id, SPKI DER. */
  readonly publicKeys: ReadonlyMap<string, Uint8Array>
}

export interface AuditVerdict {
  readonly ok: boolean
  /** How many were gone through, in all chains together. */
  readonly entries: number
  /** The place of the first of them in the main chain, or else in the first that is at hand. */
  readonly from: number
  readonly checkpoints: number
  /** The sum over all chains of the last place that a signature covers. */
  readonly signedUpTo: number
  /** The first thing that is wrong; it names the chain where it is not the main one. */
  readonly problem: string | undefined
  /** Those that were gone through. */
  readonly chains: readonly Omit<ChainVerdict, 'problem'>[]
}

/**
 * Goes through every chain of the log. It needs nothing of the vault but the public keys. What is signed in `earlier`,
 * which comes from elsewhere, must stand here.
 */
export const verifyAudit = async (
  { chains, isThere, publicKeys }: AuditMaterial,
  earlier: readonly AuditCheckpoint[] = [],
): Promise<AuditVerdict> => {
  const keys = new Map([...publicKeys].map(([id, spki]) => [id, readKey(spki)]))
  const news = createNews()
  const signed = Map.groupBy(earlier, ({ chain }) => chain)
  const verdicts: Omit<ChainVerdict, 'problem'>[] = []
  for (const material of chains) {
    const { chain } = material
    const { problem, ...verdict } = await verifyChain(
      material,
      { keys, earlier: signed.get(chain) ?? [] },
      news,
    )
    verdicts.push(verdict)
    if (problem !== undefined)
      return sumUp(verdicts, chain === mainChain ? problem : `chain ${chain}: ${problem}`)
    signed.delete(chain)
  }
  const [lost] = signed.keys()
  if (lost !== undefined) return sumUp(verdicts, `chain ${lost}, of which entries were signed, is missing`)
  return sumUp(verdicts, await checkNames(chains, isThere, news))
}

/** A chain could be taken away whole, or slipped in, if the main chain did not name it. */
const checkNames = async (
  chains: readonly ChainMaterial[],
  isThere: AuditMaterial['isThere'],
  { begun, kept }: ChainNews,
): Promise<string | undefined> => {
  const main = chains.find(({ chain }) => chain === mainChain)
  // A piece of the log need not hold what was archived of it.
  const needed = main?.start?.isArchived ? begun.union(kept) : begun
  for (const chain of needed)
    if (!(await isThere(chain))) return `chain ${chain}, which the main chain names, is missing`
  const named = begun.union(kept)
  const unnamed = chains.find(
    ({ chain, mustBeNamed }) => mustBeNamed && chain !== mainChain && !named.has(chain),
  )
  return unnamed && `chain ${unnamed.chain} is there, and the main chain does not name it`
}

const sumUp = (
  chains: readonly Omit<ChainVerdict, 'problem'>[],
  problem: string | undefined,
): AuditVerdict => {
  const total = (of: 'entries' | 'checkpoints' | 'signedUpTo'): number =>
    chains.reduce((sum, verdict) => sum + verdict[of], 0)
  return {
    ok: problem === undefined,
    entries: total('entries'),
    from: chains[0]?.from ?? 1,
    checkpoints: total('checkpoints'),
    signedUpTo: total('signedUpTo'),
    problem,
    chains,
  }
}

const readKey = (spki: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
