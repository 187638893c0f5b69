import type { Change } from '../../changes.ts'
import type { HeldCode, HoldReceipt } from '../../codes/held-code.ts'
import { HoldLostError } from '../../errors.ts'
import { ok, type Result } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { CaptureMarks, CodeStore } from '../../ports.ts'
import type { OpenCapture } from '../captures/open-capture.ts'
import type { CodeCount, TooManyGuesses } from './count-code.ts'

/** A code that may come in again and again and is held the first time only. */
export interface CodeOnce {
  /** When it was captured, by its client's clock. */
  readonly capturedAt: EpochMs
  /** `false`: it was held before, or nobody can tell. */
  admit(): Promise<boolean>
  /** It was not held after all, and may come again. */
  release(): Promise<void>
}

/** What came in with a captured card comes in again with each copy of that capture. */
export const onceOf = (
  marks: CaptureMarks,
  { mark, tenantId, card: { capturedAt } }: Pick<OpenCapture, 'mark' | 'tenantId' | 'card'>,
): CodeOnce => ({
  capturedAt,
  admit: () => marks.admit({ mark, tenantId, capturedAt }),
  release: () => marks.release({ mark, tenantId, capturedAt }),
})

export interface CodeHold {
  readonly address: HeldCode['address']
  /** For the commit that it is held for. */
  readonly changes: readonly Change[]
  /**
   * For whoever could not write what it was held for: a code that others held there since stays. One of which a use went
   * meanwhile, sent or dropped, does not come again.
   */
  undo(): Promise<void>
}

/** Holds a code unless it may come once and has come before: then `undefined`, and it is not counted. */
export const holdCode = async (
  codes: Pick<CodeStore, 'hold' | 'undoHold'>,
  code: HeldCode,
  once: CodeOnce | undefined,
  at: EpochMs,
  count?: () => ReturnType<CodeCount>,
): Promise<Result<CodeHold | undefined, TooManyGuesses | { readonly type: 'TooManyCodes' }>> => {
  if (once && !(await once.admit())) return ok(undefined)
  const counted = await count?.()
  if (counted && !counted.ok) {
    await once?.release()
    return counted
  }
  const undo = async (held: HoldReceipt): Promise<void> => {
    if (await codes.undoHold(held)) await once?.release()
  }
  let held: Awaited<ReturnType<CodeStore['hold']>>
  try {
    held = await codes.hold(code)
  } catch (error) {
    // It may be held all the same, or have been taken by now.
    if (error instanceof HoldLostError) await undo(error.held)
    throw error
  }
  if (!held.ok) {
    await once?.release()
    return held
  }
  const receipt = held.value
  return ok({ address: code.address, changes: noteOf(once, at), undo: () => undo(receipt) })
}

/**
 * What remembers codes that were held may forget all of it, and then takes none that was captured before. A client whose
 * clock is ahead would seem to have captured after that.
 */
const noteOf = (once: CodeOnce | undefined, at: EpochMs): readonly Change[] =>
  once && once.capturedAt > at ? [{ type: 'note-captured-ahead', until: once.capturedAt }] : []
