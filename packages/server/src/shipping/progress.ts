import { mainChain } from '@cardkeep/core/audit/chain'
import type { AuditShipment } from '@cardkeep/core/changes'
import type { Store } from '@cardkeep/core/ports'
import type { AuditSinkSettings } from '../config.ts'
import { isOfSignatures } from './signatures.ts'

export type SinkProgress = Pick<AuditShipment, 'sink' | 'chain' | 'seq'>

/**
 * How far each place that the settings name has each chain of the log, 0 for one that never had anything. A place that is
 * named no more keeps its rows and says nothing. Where none is named, as in a shell that lacks the vault's settings, all count.
 */
export const readProgress = async (
  store: Pick<Store, 'auditChains' | 'auditShipments'>,
  sinks: readonly Pick<AuditSinkSettings, 'name'>[],
): Promise<readonly SinkProgress[]> => {
  const known = (await store.auditShipments()).filter(({ sink }) => !isOfSignatures(sink))
  const names = new Set(sinks.length === 0 ? known.map(({ sink }) => sink) : sinks.map(({ name }) => name))
  const chains = await store.auditChains()
  return [...names].flatMap((sink) =>
    chains.map((chain) => ({
      sink,
      chain,
      seq: known.find((row) => row.sink === sink && row.chain === chain)?.seq ?? 0,
    })),
  )
}

/** As a person reads it. */
export const describeProgress = ({ sink, chain, seq }: SinkProgress): string =>
  chain === mainChain ? `${sink} has it up to ${seq}` : `${sink} has chain ${chain} up to ${seq}`
