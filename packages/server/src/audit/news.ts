import type { AuditChain } from '@cardkeep/core/audit/chain'
import type { AuditAction } from '@cardkeep/core/audit/entry'

/** What the main chain says of the log itself. */
export interface ChainNews {
  /** Chains that began. */
  readonly begun: ReadonlySet<AuditChain>
  /** Chains of which a cut was announced: archiving names all there are, since it may take away where they began. */
  readonly kept: ReadonlySet<AuditChain>
  /** Whether an entry said that this chain was archived up to there. */
  announcesCut(chain: AuditChain, seq: number, hash: Uint8Array): boolean
  /** Takes in the text of one entry of the main chain. */
  read(text: string): void
}

export const createNews = (): ChainNews => {
  const begun = new Set<AuditChain>()
  const kept = new Set<AuditChain>()
  const cuts = new Set<string>()
  return {
    begun,
    kept,
    announcesCut: (chain, seq, hash) => cuts.has(cutOf(chain, seq, Buffer.from(hash).toString('hex'))),
    read: (text) => {
      // Nearly all entries speak of something else.
      if (!text.includes('"audit.')) return
      const [, , action, , , , , , , details] = JSON.parse(text) as readonly unknown[]
      const { chain = 0, upTo, hash } = (details ?? {}) as Readonly<Record<string, unknown>>
      if (typeof chain !== 'number') return
      if (action === begins) begun.add(chain)
      if (action !== archives) return
      kept.add(chain)
      cuts.add(cutOf(chain, upTo, hash))
    },
  }
}

const begins: AuditAction = 'audit.chain-begun'
const archives: AuditAction = 'audit.archived'

const cutOf = (chain: AuditChain, upTo: unknown, hash: unknown): string => JSON.stringify([chain, upTo, hash])
