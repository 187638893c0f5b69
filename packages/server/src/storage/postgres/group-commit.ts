import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Change, Conflict } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import type { PendingList, Verdict } from './begin-group.ts'
import type { OutageGate } from './outage.ts'
import { planList } from './plan-list.ts'

/** A durable commit waits for the disk and for the way there and back; all that waits meanwhile can wait for it once. */
export interface GroupCommit {
  /** Answers when the list is durable, or why it was refused. Throws `UnavailableError` where it could not be written. */
  submit(changes: readonly Change[]): Promise<Conflict | undefined>
  /** Everything that was submitted has been answered. */
  drain(): Promise<void>
}

/** Beyond this many the rest waits for the next group, so that no transaction holds what it locks for long. */
const groupLimit = 256

export const createGroupCommit = (
  gate: OutageGate,
  write: (lists: readonly PendingList[]) => Promise<void>,
): GroupCommit => {
  const queue: PendingList[] = []
  let running: Promise<void> | undefined

  const runQueue = async (): Promise<void> => {
    while (queue.length > 0) {
      await nextTurn()
      await runGroup(queue.splice(0, groupLimit))
    }
    running = undefined
  }

  const runGroup = async (group: readonly PendingList[]): Promise<void> => {
    const waiting = new Set(group)
    const settling = group.map(
      (list): PendingList => ({
        plan: list.plan,
        settle: (verdict) => {
          waiting.delete(list)
          list.settle(verdict)
        },
      }),
    )
    const isWaiting = (_: PendingList, at: number): boolean => {
      const list = group[at]
      return list !== undefined && waiting.has(list)
    }
    try {
      // Those that are settled stay so where the connection is lost after them.
      await gate.run(() => write(settling.filter(isWaiting)))
    } catch (error) {
      const verdict: Verdict = { type: 'broken', error: toOutage(error) }
      for (const list of waiting) list.settle(verdict)
    }
  }

  return {
    submit: async (changes) => {
      const plan = planList(changes)
      return new Promise((resolve, reject) => {
        const settle = (verdict: Verdict): void => {
          if (verdict.type === 'broken') reject(verdict.error)
          else resolve(verdict.type === 'refused' ? verdict.refusal : undefined)
        }
        queue.push({ plan, settle })
        running ??= runQueue()
      })
    },
    drain: async () => {
      while (running) await running
    },
  }
}

const toOutage = (error: unknown): UnavailableError =>
  error instanceof UnavailableError
    ? error
    : new UnavailableError('the transaction failed, and nothing was written', { cause: error })
