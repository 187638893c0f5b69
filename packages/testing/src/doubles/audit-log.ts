import { type AuditChain, chainBegun, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditEntry } from '@cardkeep/core/audit/entry'
import type { AuditAnchor, AuditCheckpoint, AuditShipment, Change } from '@cardkeep/core/changes'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import type { KeyRecord } from '@cardkeep/core/keys'
import type { Store, StoredAuditEntry } from '@cardkeep/core/ports'
import { emptyHead, linkEntry } from '@cardkeep/server/audit/chain'

/** What of a store has to do with the audit log. */
export type AuditStore = Pick<
  Store,
  | 'commit'
  | 'keys'
  | 'auditChains'
  | 'auditHead'
  | 'auditEntries'
  | 'checkpoints'
  | 'lastCheckpoint'
  | 'auditAnchor'
  | 'auditShipments'
>

/** As a node sees the log that it shares with others. */
export interface AuditNode extends AuditStore {
  claimDuty(duty: { readonly name: string; readonly at: EpochMs; readonly until: EpochMs }): Promise<boolean>
  releaseDuty(name: string): Promise<void>
}

/** What is kept; a test may change it as someone does who has the database. */
export interface AuditRows {
  readonly entries: Map<AuditChain, readonly StoredAuditEntry[]>
  checkpoints: readonly AuditCheckpoint[]
  anchors: readonly AuditAnchor[]
  shipments: readonly AuditShipment[]
}

export interface AuditLog {
  readonly rows: AuditRows
  /** A node that writes to this chain; a chain that is new is named in the main one. */
  openNode(chain?: AuditChain): AuditNode
}

/** The audit log of several nodes in memory: no more of a store than that, and one commit after another. */
export const createAuditLog = (keys: () => readonly KeyRecord[] = () => []): AuditLog => {
  const rows: AuditRows = { entries: new Map([[mainChain, []]]), checkpoints: [], anchors: [], shipments: [] }
  const duties = new Map<string, { readonly holder: symbol; readonly until: EpochMs }>()
  const scopes = new Set<string>()

  const entriesOf = (chain: AuditChain) => rows.entries.get(chain) ?? []
  const headOf = (chain: AuditChain) => {
    const last = entriesOf(chain).at(-1)
    const { seq, hash } = last ?? rows.anchors.find((anchor) => anchor.chain === chain) ?? emptyHead(chain)
    return { chain, seq, hash: new Uint8Array(hash) }
  }
  const append = (chain: AuditChain, entry: AuditEntry): void => {
    const { seq, text, hash } = linkEntry(headOf(chain), entry)
    rows.entries.set(chain, [...entriesOf(chain), { seq, text, hash: new Uint8Array(hash) }])
  }
  const isSigned = ({ chain, seq, hash }: AuditAnchor): boolean =>
    rows.checkpoints.some((each) => each.chain === chain && each.seq === seq && isSame(each.hash, hash))

  /** Whether the change could be made. */
  const apply = (own: AuditChain, change: Change): boolean => {
    switch (change.type) {
      case 'audit':
        append(own, change.entry)
        return true
      case 'put-checkpoint': {
        const { checkpoint } = change
        const entry = entriesOf(checkpoint.chain).find(({ seq }) => seq === checkpoint.seq)
        if (!entry || !isSame(entry.hash, checkpoint.hash)) return false
        rows.checkpoints = [...rows.checkpoints, checkpoint].toSorted(
          (one, other) => one.chain - other.chain || one.seq - other.seq,
        )
        return true
      }
      case 'ship-audit': {
        const { shipment } = change
        const others = rows.shipments.filter(
          ({ sink, chain }) => sink !== shipment.sink || chain !== shipment.chain,
        )
        rows.shipments = [...others, shipment].toSorted(
          (one, other) => one.sink.localeCompare(other.sink) || one.chain - other.chain,
        )
        return true
      }
      case 'archive-audit': {
        const { anchor } = change
        const entries = entriesOf(anchor.chain)
        if (!isSigned(anchor) || !entries.some(({ seq }) => seq === anchor.seq + 1)) return false
        rows.anchors = [...rows.anchors.filter(({ chain }) => chain !== anchor.chain), anchor]
        rows.entries.set(
          anchor.chain,
          entries.filter(({ seq }) => seq > anchor.seq),
        )
        rows.checkpoints = rows.checkpoints.filter(
          ({ chain, seq }) => chain !== anchor.chain || seq >= anchor.seq,
        )
        return true
      }
      case 'put-scope':
        // For lists that are in conflict.
        return !scopes.has(change.scope.id) && scopes.add(change.scope.id).size > 0
      default:
        throw new Error(`the double of an audit log knows no ${change.type}`)
    }
  }

  const openNode = (own: AuditChain = mainChain): AuditNode => {
    const holder = Symbol(`node ${own}`)
    if (!rows.entries.has(own)) {
      rows.entries.set(own, [])
      append(mainChain, chainBegun(own, epochMs(1)))
    }
    return {
      commit: async (changes) => {
        const before = { ...rows, entries: new Map(rows.entries) }
        for (const change of changes)
          if (!apply(own, change)) {
            rows.entries.clear()
            for (const [chain, entries] of before.entries) rows.entries.set(chain, entries)
            Object.assign(rows, { ...before, entries: rows.entries })
            return { ok: false, error: { type: 'Conflict', change: change.type } }
          }
        return { ok: true, value: undefined }
      },
      keys: async () => keys(),
      auditChains: async () => [...rows.entries.keys()].toSorted((one, other) => one - other),
      auditHead: async (chain = mainChain) => headOf(chain),
      auditEntries: async (afterSeq, limit, chain = mainChain) =>
        entriesOf(chain)
          .filter(({ seq }) => seq > afterSeq)
          .slice(0, limit),
      checkpoints: async (of = mainChain) => rows.checkpoints.filter(({ chain }) => chain === of),
      lastCheckpoint: async (of = mainChain) => rows.checkpoints.findLast(({ chain }) => chain === of),
      auditAnchor: async (of = mainChain) => rows.anchors.find(({ chain }) => chain === of),
      auditShipments: async () => rows.shipments,
      claimDuty: async ({ name, at, until }) => {
        const held = duties.get(name)
        if (held && held.holder !== holder && held.until > at) return false
        duties.set(name, { holder, until })
        return true
      },
      releaseDuty: async (name) => {
        if (duties.get(name)?.holder === holder) duties.delete(name)
      },
    }
  }

  return { rows, openNode }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0
