import type { AuditChain } from '@cardkeep/core/audit/chain'
import type { Store } from '@cardkeep/core/ports'
import { readAllEntries } from './read-all.ts'
import type { AuditMaterial } from './verify.ts'
import type { ChainMaterial, LogStart } from './verify-chain.ts'

/** What of a store is needed to read its log. */
export type LogStore = Pick<Store, 'keys' | 'auditChains' | 'auditEntries' | 'checkpoints' | 'auditAnchor'>

/** The vault's own log, as `verifyAudit` wants it. */
export const readMaterial = async (store: LogStore): Promise<AuditMaterial> => {
  const chains: ChainMaterial[] = []
  // Those that begin after this are named and there, but have to wait for the next pass.
  for (const chain of await store.auditChains())
    chains.push({
      chain,
      start: await readStart(store, chain),
      readCheckpoints: () => store.checkpoints(chain),
      entries: readAllEntries(store, chain),
      mustBeNamed: true,
    })
  return {
    chains,
    isThere: async (chain) => (await store.auditChains()).includes(chain),
    publicKeys: new Map(
      (await store.keys()).flatMap(({ id, publicKey }) => (publicKey ? [[id, publicKey] as const] : [])),
    ),
  }
}

export const readStart = async (
  store: Pick<Store, 'auditAnchor'>,
  chain: AuditChain,
): Promise<LogStart | undefined> => {
  const anchor = await store.auditAnchor(chain)
  return anchor && { seq: anchor.seq, hash: anchor.hash, isArchived: true }
}
