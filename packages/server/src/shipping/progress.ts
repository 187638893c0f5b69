import type { AuditShipment } from '@cardkeep/core/changes'
import type { Store } from '@cardkeep/core/ports'
import type { AuditSinkSettings } from '../config.ts'
import { isOfSignatures } from './ship-audit.ts'

export type SinkProgress = Pick<AuditShipment, 'sink' | 'seq'>

/**
 * How far each place has the log that the settings name, 0 for one that never had anything. A place that is named no
 * more keeps its row and says nothing. Where none is named, as in a shell that lacks the vault's settings, all rows count.
 */
export const readProgress = async (
  store: Pick<Store, 'auditShipments'>,
  sinks: readonly Pick<AuditSinkSettings, 'name'>[],
): Promise<readonly SinkProgress[]> => {
  const known = (await store.auditShipments()).filter(({ sink }) => !isOfSignatures(sink))
  if (sinks.length === 0) return known
  return sinks.map(({ name }) => ({ sink: name, seq: known.find(({ sink }) => sink === name)?.seq ?? 0 }))
}
