import type { AuditShipment } from '@cardkeep/core/changes'
import type { Clock, Store } from '@cardkeep/core/ports'
import { emptyChain } from '../audit/chain.ts'
import { writeCheckpoint, writeEntryLine, writeHead } from '../audit/lines.ts'
import type { AuditSink } from './sink.ts'

export interface ShipPorts {
  readonly store: Store
  readonly clock: Clock
}

/** So many entries go at a time. */
const batch = 500

/**
 * Sends a sink what it does not have yet: entries in order, and the newest signature as soon as it covers only what has
 * been sent. What was sent is remembered afterwards, so a crash between sends it twice and loses nothing. Each piece
 * begins with a line that says what came before it, and so can be verified by itself. It ends early, between two pieces,
 * once nobody wants it to go on.
 */
export const shipAudit = async (
  { store, clock }: ShipPorts,
  sink: AuditSink,
  goesOn: () => boolean = () => true,
): Promise<void> => {
  const cursor = await findCursor(store, sink)
  let { seq } = cursor
  let { hash } = cursor
  for (;;) {
    const entries = await store.auditEntries(seq, batch)
    const last = entries.at(-1)
    const signature = await findSignature(store, sink, last?.seq ?? seq)
    if (!last && !signature) return
    const head = writeHead(await store.keys(), seq === 0 ? undefined : { seq, hash, isArchived: false })
    const lines = [head, ...entries.map(writeEntryLine), ...(signature ? [writeCheckpoint(signature)] : [])]
    await sink.write(lines)
    const at = clock.now()
    if (last) {
      seq = last.seq
      hash = last.hash
    }
    const shipments: AuditShipment[] = [{ sink: sink.name, seq, at }]
    if (signature) shipments.push({ sink: signaturesOf(sink), seq: signature.seq, at })
    await store.commit(shipments.map((shipment) => ({ type: 'ship-audit', shipment })))
    if (entries.length < batch || !goesOn()) return
  }
}

/** Signatures have a place of their own: one is made some time after the entries that it covers were sent. */
const signaturesOf = ({ name }: AuditSink): string => `${name}${signatures}`
const signatures = ' (signatures)'

/** Names of sinks have no space. */
export const isOfSignatures = (name: string): boolean => name.endsWith(signatures)

const findCursor = async (
  store: Store,
  { name }: AuditSink,
): Promise<{ readonly seq: number; readonly hash: Uint8Array }> => {
  const shipped = (await store.auditShipments()).find(({ sink }) => sink === name)
  const anchor = await store.auditAnchor()
  const from = Math.max(shipped?.seq ?? 0, anchor?.seq ?? 0)
  if (from === 0) return emptyChain
  if (from === anchor?.seq) return anchor
  const [entry] = await store.auditEntries(from - 1, 1)
  // An older database was put back: what the sink has is ahead of it, and it gets all there is.
  return entry?.seq === from ? entry : (anchor ?? emptyChain)
}

const findSignature = async (store: Store, sink: AuditSink, upTo: number) => {
  const newest = await store.lastCheckpoint()
  const shipped = (await store.auditShipments()).find((shipment) => shipment.sink === signaturesOf(sink))
  return newest && newest.seq <= upTo && newest.seq > (shipped?.seq ?? 0) ? newest : undefined
}
