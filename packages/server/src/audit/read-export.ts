import { createReadStream } from 'node:fs'
import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { StoredAuditEntry } from '@cardkeep/core/ports'
import {
  type AuditLine,
  chainOf,
  parseLine,
  peekChain,
  readKeysOf,
  readStartOf,
  toCheckpoint,
  toEntry,
} from './lines.ts'
import type { AuditMaterial } from './verify.ts'

type HeadLine = Extract<AuditLine, { type: 'audit' }>

/**
 * Reads back what was exported or shipped, entries as they are asked for. Throws where a line is none of a log. It goes
 * through the file once and then once for each chain, because a signature may stand anywhere behind what it signs, and
 * the main chain has to be known before the others.
 */
export const readExport = async (path: string): Promise<AuditMaterial> => {
  const publicKeys = new Map<string, Uint8Array>()
  const checkpoints: AuditCheckpoint[] = []
  const heads = new Map<AuditChain, HeadLine>()
  const present = new Set<AuditChain>()
  const begun = new Set<AuditChain>()
  for await (const text of linesOf(path)) {
    const isFirst = heads.size === 0
    // Most lines are entries, and they are read later.
    const peeked = peekChain(text)
    if (peeked !== undefined && !isFirst) {
      present.add(peeked)
      continue
    }
    const line = parseLine(text)
    if (line.type === 'audit') {
      if (!heads.has(chainOf(line))) heads.set(chainOf(line), line)
      for (const [id, spki] of readKeysOf(line)) publicKeys.set(id, spki)
      for (const chain of line.begins ?? []) begun.add(chain)
    } else if (isFirst || !behindHeads.has(line.type)) throw noLog()
    else if (line.type === 'checkpoint') checkpoints.push(toCheckpoint(line))
    present.add(chainOf(line))
  }
  if (heads.size === 0) throw noLog()
  const named = heads.get(mainChain)?.chains ?? []
  return {
    publicKeys,
    isThere: async (chain) => present.has(chain) || begun.has(chain),
    chains: [...present]
      .toSorted((one, other) => one - other)
      .map((chain) => {
        const head = heads.get(chain)
        return {
          chain,
          start: head && readStartOf(head),
          readCheckpoints: async () => checkpoints.filter((checkpoint) => checkpoint.chain === chain),
          entries: readEntries(path, chain),
          mustBeNamed: named.includes(chain),
        }
      }),
  }
}

/** Types of lines that come behind the first. */
const behindHeads: ReadonlySet<string> = new Set(['checkpoint', 'entry'] satisfies AuditLine['type'][])

const noLog = (): Error => new Error('an exported audit log begins with its keys')

/** What was shipped twice, because a crash came between shipping and remembering it, is read once. */
async function* readEntries(path: string, chain: AuditChain): AsyncGenerator<StoredAuditEntry> {
  let last = 0
  for await (const text of linesOf(path)) {
    if ((peekChain(text) ?? chain) !== chain) continue
    const line = parseLine(text)
    if (line.type !== 'entry' || chainOf(line) !== chain || line.seq <= last) continue
    last = line.seq
    yield toEntry(line)
  }
}

/** By line feeds alone: other programs' readers of lines also end one where a text has a U+2028. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let begun = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${begun}${chunk}`.split('\n')
    begun = lines.pop() ?? ''
    yield* lines
  }
  if (begun !== '') yield begun
}
