import { captureSkewMs, captureWindowMs } from '@cardkeep/core/captures/capture-key'
import type { TenantId } from '@cardkeep/core/kernel/ids'
import { minuteMs } from '@cardkeep/core/kernel/time'
import type { CaptureMarks, MarkedCapture } from '@cardkeep/core/ports'
import type { NameHash } from '../keys/name-hash.ts'
import type { MarkBackend, SealedMark } from './mark-backend.ts'

/** Outlives every capture that it speaks of, also where the clocks of nodes differ. */
const lifetimeMs = captureWindowMs + 2 * captureSkewMs + minuteMs

/**
 * Keeps marks under names that are keyed hashes: whoever reads the backend's memory learns nothing of a card. `full` hears
 * of each capture that brings no code because its tenant has brought too many.
 */
export const createCaptureMarks = (
  hash: NameHash,
  backend: MarkBackend,
  full: (tenantId: TenantId) => void = () => {},
): CaptureMarks => {
  const nameOf = ({ tenantId, mark }: MarkedCapture): Pick<SealedMark, 'name' | 'owner'> => ({
    name: hash('capture mark', Buffer.from(mark).toString('hex')),
    owner: tenantId,
  })
  return {
    admit: async (capture) => {
      const sealed = { ...nameOf(capture), ttlMs: lifetimeMs, at: capture.capturedAt }
      const verdict = await backend.admit(sealed)
      if (verdict === 'full') full(capture.tenantId)
      return verdict === 'admitted'
    },
    release: (capture) => backend.release(nameOf(capture)),
  }
}
