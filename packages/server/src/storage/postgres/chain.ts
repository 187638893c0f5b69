import { type AuditChain, mainChain } from '@cardkeep/core/audit/chain'
import type { AuditEntry } from '@cardkeep/core/audit/entry'
import type { AuditHead, StoredAuditEntry } from '@cardkeep/core/ports'
import { emptyHead, linkEntry } from '../../audit/chain.ts'
import { readAuditHead } from '../sql/rows.ts'
import { encodeArray } from './arrays.ts'
import { type Call, needsAnswer, type Outcome } from './database.ts'
import { ConstraintViolation, TransactionCollision } from './failures.ts'
import type { Statements } from './statements.ts'

/**
 * The chain that this store writes to. The main chain is everyone's: its row is locked for the length of each transaction
 * with an entry, and its head read after that. A chain of its own is written by nobody else, so its head is remembered;
 * should another write to it all the same, the primary key refuses the second entry of a place, and the head is read anew.
 */
export interface ChainWriter {
  readonly chain: AuditChain
  /** From the next group on this one. */
  use(chain: AuditChain): void
  /** To be called before each group: nothing changes while one is written. */
  beginGroup(): void
  /** What must be asked, inside the transaction, before an entry can be linked; nothing where the head is known. */
  readonly questions: readonly Call[]
  /** The head, given the answers to the questions. */
  begin(outcomes: readonly Outcome[]): AuditHead
  /** They are durable. */
  committed(head: AuditHead): void
  /** Something else may stand there. */
  forget(): void
}

export const createChainWriter = (statements: Statements, first: AuditChain): ChainWriter => {
  let chain = first
  let next = first
  let head: AuditHead | undefined

  return {
    get chain() {
      return next
    },
    use: (other) => {
      next = other
    },
    beginGroup: () => {
      if (next === chain) return
      chain = next
      head = undefined
    },
    get questions() {
      const read: Call = { statement: statements.auditHead, values: [chain] }
      if (chain !== mainChain) return head ? [] : [read]
      return [{ statement: statements.lockMainChain, values: [] }, read]
    },
    begin: (outcomes) => {
      if (chain !== mainChain && head) return head
      const [row] = outcomes.map(needsAnswer).at(-1)?.rows ?? []
      head = row ? readAuditHead(row) : emptyHead(chain)
      return head
    },
    committed: (now) => {
      if (now.chain === chain) head = now
    },
    forget: () => {
      head = undefined
    },
  }
}

/** What writes these entries after a head, and what the head is then. */
export const linkEntries = (
  statements: Statements,
  head: AuditHead,
  entries: readonly AuditEntry[],
): { readonly call: Call; readonly head: AuditHead } => {
  const { chain } = head
  const links: StoredAuditEntry[] = []
  for (const entry of entries) links.push(linkEntry(links.at(-1) ?? head, entry))
  const { seq, hash } = links.at(-1) ?? head
  const values = [
    chain,
    encodeArray(
      'bigint',
      links.map((link) => link.seq),
    ),
    encodeArray(
      'text',
      links.map((link) => link.text),
    ),
    encodeArray(
      'bytea',
      links.map((link) => link.hash),
    ),
    head.seq,
    head.hash,
  ]
  return { call: { statement: statements.appendAuditEntries, values }, head: { chain, seq, hash } }
}

/** The chain has another head: what was linked to the one that was remembered does not fit any more. */
export const needsFreePlace = (outcome: Outcome | undefined): void => {
  if (
    outcome instanceof ConstraintViolation ||
    (outcome && !(outcome instanceof Error) && outcome.count === 0)
  )
    throw new TransactionCollision('the head of the audit chain was another at every attempt')
  if (outcome instanceof Error) throw outcome
}
