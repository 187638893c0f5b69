import type { CaptureKey } from '../../captures/capture-key.ts'
import { captureSkewMs, captureWindowMs, opensUntil } from '../../captures/capture-key.ts'
import type { CapturedCard, SealedCapture } from '../../captures/captured-card.ts'
import type { Refusal } from '../../errors.ts'
import { decodeBase32 } from '../../kernel/base32.ts'
import { type CaptureKeyId, idOfBytes, type TenantId } from '../../kernel/ids.ts'
import { ok, type Result, refuse } from '../../kernel/result.ts'
import type { EpochMs } from '../../kernel/time.ts'
import type { Captures, OpenedCapture, Store } from '../../ports.ts'
import type { Caller } from '../caller.ts'

/** A captured card that is good now. */
export interface OpenCapture extends Pick<OpenedCapture, 'mark' | 'tokenIdIn'> {
  readonly card: CapturedCard
  /** For whose key it was encrypted. */
  readonly tenantId: TenantId
}

/** Opens a card that a client encrypted for a key of the caller's tenant, and reads it. */
export const openCapture = async (
  { store, captures }: { readonly store: Store; readonly captures: Captures },
  caller: Caller,
  { alias, ciphertext, read }: SealedCapture,
  at: EpochMs,
): Promise<Result<OpenCapture, Refusal>> => {
  const key = await findKey(store, caller.principal.tenant.id, alias, at)
  if (!key) return refuse({ type: 'CaptureKeyNotFound' })
  const opened = await captures.open(key, ciphertext)
  if (!opened.ok) return opened
  const { text, mark, tokenIdIn } = opened.value
  const card = read(text)
  if (!card.ok) return card
  const refusal = judgeTime(card.value, key, at)
  return refusal ? refuse(refusal) : ok({ card: card.value, tenantId: key.tenantId, mark, tokenIdIn })
}

/** Of the three reasons for which a key is not found none is told from another. */
const findKey = async (
  store: Pick<Store, 'captureKey'>,
  tenantId: TenantId,
  alias: string,
  at: EpochMs,
): Promise<CaptureKey | undefined> => {
  const bytes = decodeBase32(alias)
  const id = bytes && idOfBytes<CaptureKeyId>(bytes)
  const key = id && (await store.captureKey(id))
  if (!key || key.tenantId !== tenantId) return undefined
  const until = opensUntil(key)
  return until === undefined || at <= until ? key : undefined
}

const judgeTime = (
  { capturedAt }: CapturedCard,
  { retiredAt }: CaptureKey,
  at: EpochMs,
): Refusal | undefined => {
  if (at - capturedAt > captureWindowMs) return { type: 'CaptureRefused', fault: 'too old' }
  if (capturedAt - at > captureSkewMs) return { type: 'CaptureRefused', fault: 'ahead of time' }
  // It opens what was captured while it was given out, and nothing that came after.
  if (retiredAt !== undefined && capturedAt - retiredAt > captureSkewMs) return { type: 'CaptureKeyNotFound' }
  return undefined
}
