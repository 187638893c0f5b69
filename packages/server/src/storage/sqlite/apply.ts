import { mainChain } from '@cardkeep/core/audit/chain'
import type { AuditEntry } from '@cardkeep/core/audit/entry'
import type { Change, Conflict } from '@cardkeep/core/changes'
import type { AuditHead } from '@cardkeep/core/ports'
import { emptyHead, linkEntry } from '../../audit/chain.ts'
import { planChange, type Step } from '../sql/plan.ts'
import { readAuditHead } from '../sql/rows.ts'
import { idValue, readNumber } from '../sql/values.ts'
import { ConstraintViolation } from './database.ts'
import type { Prepared } from './prepare.ts'

export interface ChangeApplier {
  /** To be called in each transaction before its first list: other processes may have written since the last one. */
  begin(): void
  /** Writes the list. Whoever calls undoes what was written where it answers a conflict or throws. */
  apply(changes: readonly Change[]): Conflict | undefined
}

export const createApplier = (prepared: Prepared): ChangeApplier => {
  let head: AuditHead | undefined

  /** Seq and hash follow from the entry before, so a list that is undone must leave no trace in what comes next. */
  const apply = (changes: readonly Change[]): Conflict | undefined => {
    const headBefore = head
    let isKept = false
    try {
      const conflict = applyAll(changes)
      isKept = conflict === undefined
      return conflict
    } finally {
      if (!isKept) head = headBefore
    }
  }

  /**
   * Erasures come first and leave the fingerprint to the end: a list may put a token in the place of the one that it
   * erases, in either order, and the fingerprint goes only if nothing has it after the whole list.
   */
  const applyAll = (changes: readonly Change[]): Conflict | undefined => {
    const fingerprintNos: number[] = []
    for (const change of changes) {
      if (change.type !== 'erase-token') continue
      const erased = prepared.eraseToken.get(idValue(change.token.id), change.token.version)
      if (!erased) return conflictOf(change)
      fingerprintNos.push(readNumber(erased, 'fingerprint_no'))
    }
    for (const change of changes) {
      if (change.type === 'erase-token') continue
      if (change.type === 'audit') appendEntry(change.entry)
      else if (!planChange(change).every(isMade)) return conflictOf(change)
    }
    for (const no of fingerprintNos) prepared.eraseFingerprint.run(no)
    return undefined
  }

  const appendEntry = (entry: AuditEntry): void => {
    head ??= readHead(prepared)
    const link = linkEntry(head, entry)
    prepared.appendAuditEntry.run(mainChain, link.seq, link.text, link.hash)
    head = { chain: mainChain, ...link }
  }

  const isMade = ({ statement, values, expects }: Step): boolean => {
    try {
      if (expects === 'row') return prepared[statement].get(...values) !== undefined
      return prepared[statement].run(...values) > 0 || expects === 'nothing'
    } catch (error) {
      if (error instanceof ConstraintViolation) return false
      throw error
    }
  }

  return {
    begin: () => {
      head = undefined
    },
    apply,
  }
}

const readHead = (prepared: Prepared): AuditHead => {
  const row = prepared.auditHead.get(mainChain)
  return row ? readAuditHead(row) : emptyHead(mainChain)
}

const conflictOf = ({ type }: Change): Conflict => ({ type: 'Conflict', change: type })
