import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { AuditMaterial } from './verify.ts'

/**
 * The first chain of which a log has nothing that was signed in an earlier one. What is cut off so far back could not be
 * told from what never was; a chain that is not there at all is for `verifyAudit` to find.
 */
export const findApart = (
  { chains }: Pick<AuditMaterial, 'chains'>,
  earlier: readonly AuditCheckpoint[],
): AuditChain | undefined => {
  const signed = Map.groupBy(earlier, ({ chain }) => chain)
  if (signed.size === 0) return mainChain
  return chains.find(({ chain, start }) => {
    const places = signed.get(chain)
    return places && !places.some(({ seq }) => seq >= (start?.seq ?? 0))
  })?.chain
}
