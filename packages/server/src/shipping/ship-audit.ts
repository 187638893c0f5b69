import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditCheckpoint, AuditShipment } from '@cardkeep/core/changes'
import type { AuditHead, Clock, Store, StoredAuditEntry } from '@cardkeep/core/ports'
import { emptyHead } from '../audit/chain.ts'
import { writeCheckpoint, writeEntryLine, writeHead } from '../audit/lines.ts'
import type { LogStore } from '../audit/material.ts'
import { createNews } from '../audit/news.ts'
import { claimShipping, releaseShipping, type ShipDuties, whileRenewing } from './duty.ts'
import { signaturesOf } from './signatures.ts'
import type { AuditSink } from './sink.ts'

export interface ShipPorts {
  readonly store: ShippedStore & ShipDuties
  readonly clock: Clock
}

type ShippedStore = LogStore & Pick<Store, 'lastCheckpoint' | 'auditShipments' | 'commit'>

/** So many entries go at a time. */
const batch = 500

/**
 * Sends a sink what it does not have yet: of each chain entries in order, and the newest signature as soon as it covers
 * only what has been sent. What was sent is remembered afterwards, so a crash between sends it twice and loses nothing.
 * Each piece begins with a line that says what came before it, and so can be verified by itself. It ends early, between
 * two pieces, once nobody wants it to go on. Answers `false` where another node ships to this sink.
 */
export const shipAudit = async (
  ports: ShipPorts,
  sink: AuditSink,
  goesOn: () => boolean = () => true,
): Promise<boolean> => {
  // Looked at first without the duty: nearly always there is nothing to send.
  if (!(await hasMore(ports.store, sink))) return true
  try {
    do {
      // By turns, so that a busy chain keeps no other waiting.
      for (const chain of await ports.store.auditChains()) {
        if (!(await claimShipping(ports, sink.name))) return false
        const piece = await findPiece(ports.store, sink, chain, await ports.store.auditShipments())
        if (piece) await shipPiece(ports, sink, piece)
        if (!goesOn()) return true
      }
    } while (await hasMore(ports.store, sink))
    return true
  } finally {
    await releaseShipping(ports, sink.name)
  }
}

interface Piece {
  /** What came before the piece. */
  readonly cursor: AuditHead
  readonly entries: readonly StoredAuditEntry[]
  readonly signature: AuditCheckpoint | undefined
}

const hasMore = async (store: ShippedStore, sink: AuditSink): Promise<boolean> => {
  const shipments = await store.auditShipments()
  for (const chain of await store.auditChains())
    if (await findPiece(store, sink, chain, shipments)) return true
  return false
}

/** What the sink does not have yet of this chain, or nothing. */
const findPiece = async (
  store: ShippedStore,
  sink: AuditSink,
  chain: AuditChain,
  shipments: readonly AuditShipment[],
): Promise<Piece | undefined> => {
  const shippedTo = (name: string): number =>
    shipments.find((shipment) => shipment.sink === name && shipment.chain === chain)?.seq ?? 0
  const cursor = await findCursor(store, chain, shippedTo(sink.name))
  const entries = await store.auditEntries(cursor.seq, batch, chain)
  const newest = await store.lastCheckpoint(chain)
  const upTo = entries.at(-1)?.seq ?? cursor.seq
  const isDue = newest && newest.seq <= upTo && newest.seq > shippedTo(signaturesOf(sink.name))
  const signature = isDue ? newest : undefined
  return entries.length > 0 || signature ? { cursor, entries, signature } : undefined
}

const findCursor = async (store: LogStore, chain: AuditChain, shipped: number): Promise<AuditHead> => {
  const anchor = await store.auditAnchor(chain)
  const from = Math.max(shipped, anchor?.seq ?? 0)
  if (from === 0) return emptyHead(chain)
  if (from === anchor?.seq) return anchor
  const [entry] = await store.auditEntries(from - 1, 1, chain)
  // An older database was put back: what the sink has is ahead of it, and it gets all there is.
  return entry?.seq === from ? { chain, ...entry } : (anchor ?? emptyHead(chain))
}

const shipPiece = async (ports: ShipPorts, sink: AuditSink, piece: Piece): Promise<void> => {
  const { store, clock } = ports
  const { cursor, entries, signature } = piece
  const { chain } = cursor
  const lines = await writePiece(store, piece)
  await whileRenewing(ports, sink.name, () => sink.write(lines))
  const at = clock.now()
  const shipments: AuditShipment[] = [{ sink: sink.name, chain, seq: entries.at(-1)?.seq ?? cursor.seq, at }]
  if (signature) shipments.push({ sink: signaturesOf(sink.name), chain, seq: signature.seq, at })
  await store.commit(shipments.map((shipment) => ({ type: 'ship-audit', shipment })))
}

const writePiece = async (
  store: LogStore,
  { cursor: { chain, seq, hash }, entries, signature }: Piece,
): Promise<readonly string[]> => {
  const news = createNews()
  if (chain === mainChain) for (const { text } of entries) news.read(text)
  const start = seq === 0 ? undefined : { seq, hash, isArchived: false }
  const head = writeHead({ chain, start, keys: await store.keys(), begins: [...news.begun] })
  const lines = entries.map((entry) => writeEntryLine(chain, entry))
  return [head, ...lines, ...(signature ? [writeCheckpoint(signature)] : [])]
}
