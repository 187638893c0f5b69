import type { TenantId } from '@cardkeep/core/kernel/ids'
import { minuteMs } from '@cardkeep/core/kernel/time'
import type { Clock } from '@cardkeep/core/ports'
import type { Log } from './log.ts'

/** Says that a tenant brings more captured cards than are remembered, once a minute however many come. */
export const noteFull = (
  log: Pick<Log, 'warn'>,
  clock: Pick<Clock, 'monotonic'>,
): ((tenantId: TenantId) => void) => {
  const said = new Map<TenantId, number>()
  return (tenantId) => {
    const now = clock.monotonic()
    const last = said.get(tenantId)
    if (last !== undefined && now - last < minuteMs) return
    said.set(tenantId, now)
    log.warn('captures.full', { tenantId })
  }
}
