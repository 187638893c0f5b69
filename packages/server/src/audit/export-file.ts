import { createReadStream } from 'node:fs'
import type { AuditCheckpoint } from '@cardkeep/core/changes'
import type { Store, StoredAuditEntry } from '@cardkeep/core/ports'
import {
  parseLine,
  readKeysOf,
  readStartOf,
  toCheckpoint,
  toEntry,
  writeCheckpoint,
  writeEntryLine,
  writeHead,
} from './lines.ts'
import { readStart } from './material.ts'
import { readAllEntries } from './read-all.ts'
import type { AuditMaterial } from './verify.ts'

/** The log as lines, keys first, then signatures, then entries, up to the place that is named or to its end. */
export async function* exportLines(store: Store, upTo = Number.POSITIVE_INFINITY): AsyncGenerator<string> {
  const start = await readStart(store)
  // The entry that announces a cut comes a retention later, and so stands in none of the next archives.
  const isWhole = upTo === Number.POSITIVE_INFINITY
  yield writeHead(await store.keys(), start && { ...start, isArchived: isWhole })
  for (const checkpoint of await store.checkpoints())
    if (checkpoint.seq <= upTo) yield writeCheckpoint(checkpoint)
  for await (const entry of readAllEntries(store, upTo)) yield writeEntryLine(entry)
}

/**
 * Reads back what was exported or shipped, entries as they are asked for. Throws where a line is none of a log. It goes
 * through the file twice, because a signature may stand anywhere behind what it signs.
 */
export const readExport = async (path: string): Promise<AuditMaterial> => {
  const publicKeys = new Map<string, Uint8Array>()
  const checkpoints: AuditCheckpoint[] = []
  let head: Extract<ReturnType<typeof parseLine>, { type: 'audit' }> | undefined
  for await (const text of linesOf(path)) {
    // Most lines are entries, and they are read later.
    if (head && text.startsWith(entryBegin)) continue
    const line = parseLine(text)
    if (line.type === 'checkpoint' && head) checkpoints.push(toCheckpoint(line))
    else if (line.type === 'audit') {
      head ??= line
      for (const [id, spki] of readKeysOf(line)) publicKeys.set(id, spki)
    } else if (line.type !== 'entry' || !head) throw new Error('an exported audit log begins with its keys')
  }
  if (!head) throw new Error('an exported audit log begins with its keys')
  return { start: readStartOf(head), publicKeys, checkpoints, entries: readEntries(path) }
}

const entryBegin = '{"type":"entry"'

/** What was shipped twice, because a crash came between shipping and remembering it, is read once. */
async function* readEntries(path: string): AsyncGenerator<StoredAuditEntry> {
  let last = 0
  for await (const text of linesOf(path)) {
    const line = parseLine(text)
    if (line.type !== 'entry' || line.seq <= last) continue
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
