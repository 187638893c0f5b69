import type { Change } from '../changes.ts'
import type { EpochMs } from '../kernel/time.ts'

/** Says in the log that the vault began to write it, or ends to. */
export const auditRun = (
  at: EpochMs,
  action: 'audit.started' | 'audit.stopped',
  details: Readonly<Record<string, string>> = {},
): Change => ({
  type: 'audit',
  entry: {
    at,
    action,
    outcome: 'success',
    tenantId: undefined,
    actor: { type: 'vault', id: undefined },
    origin: undefined,
    requestId: undefined,
    subject: { type: 'audit', id: 'log' },
    details,
  },
})
