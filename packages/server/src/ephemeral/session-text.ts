import type { CaptureId } from '@cardkeep/core/kernel/ids'
import type { CaptureSession, SessionEnd } from '@cardkeep/core/sessions/capture-session'

/*
 * What is sealed of a session: JSON that only nodes of one vault write and read, within minutes of each other. A field that
 * a version adds must be one that the version before can do without.
 */

/** All of it but the id, which is its name and part of what it is sealed for. */
export const writeSession = ({ ref, tenantId, openedBy, wish, key }: CaptureSession): string =>
  JSON.stringify({ ref, tenantId, openedBy, wish, key } satisfies Omit<CaptureSession, 'id'>)

export const readSession = (id: CaptureId, text: string): CaptureSession => ({
  ...(JSON.parse(text) as Omit<CaptureSession, 'id'>),
  id,
})

export const writeEnd = (end: SessionEnd): string => JSON.stringify(end)

export const readEnd = (text: string): SessionEnd => JSON.parse(text) as SessionEnd
