import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditAnchor } from '@cardkeep/core/changes'
import { type LogHead, writeCheckpoint, writeEntryLine, writeHead } from './lines.ts'
import { type LogStore, readStart } from './material.ts'
import { createNews } from './news.ts'
import { readAllEntries } from './read-all.ts'

/**
 * The log as lines, one chain after another: of each its keys first, then signatures, then entries. The whole log, or of
 * each chain what is to be archived, up to the place that is named.
 */
export async function* exportLines(store: LogStore, cuts?: readonly AuditAnchor[]): AsyncGenerator<string> {
  const news = createNews()
  const all = await store.auditChains()
  const chosen = cuts ? cuts.map(({ chain }) => chain) : all
  const upTo = cuts && new Map(cuts.map(({ chain, seq }) => [chain, seq]))
  const chains = upTo ? [] : all.filter((chain) => chain !== mainChain)
  if (chosen.includes(mainChain))
    yield* chainLines(store, { chain: mainChain, upTo, chains, read: news.read })
  // A chain that is named above belongs here, also if there is nothing of it to tell.
  const others = new Set(chosen).union(news.begun)
  others.delete(mainChain)
  for (const chain of [...others].toSorted((one, other) => one - other))
    yield* chainLines(store, { chain, upTo })
}

interface ChainWish extends Pick<LogHead, 'chain' | 'chains'> {
  /** The last place of each chain that is wanted; everything where this is absent. */
  readonly upTo: ReadonlyMap<AuditChain, number> | undefined
  readonly read?: (text: string) => void
}

async function* chainLines(
  store: LogStore,
  { chain, chains = [], upTo, read }: ChainWish,
): AsyncGenerator<string> {
  const start = await readStart(store, chain)
  const last = upTo ? (upTo.get(chain) ?? start?.seq ?? 0) : Number.POSITIVE_INFINITY
  yield writeHead({
    chain,
    chains,
    keys: await store.keys(),
    // The entry that announces a cut comes a retention later, and so stands in none of the next archives.
    start: start && { ...start, isArchived: upTo === undefined },
  })
  for (const checkpoint of await store.checkpoints(chain))
    if (checkpoint.seq <= last) yield writeCheckpoint(checkpoint)
  for await (const entry of readAllEntries(store, chain, last)) {
    read?.(entry.text)
    yield writeEntryLine(chain, entry)
  }
}
