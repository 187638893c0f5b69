import type { Clock, Store } from '@cardkeep/core/ports'
import type { Config } from '../config.ts'
import { openByteStream } from '../egress/byte-stream.ts'
import { createEgress } from '../egress/egress.ts'
import type { Log } from '../log/log.ts'
import { createShipping, type Shipping, sinkEgress } from '../shipping/shipping.ts'

/** Sinks have connections of their own, which are not counted as forwards, and get less patience than a provider. */
export const createAuditShipping = (
  parts: { readonly store: Store; readonly clock: Clock; readonly log: Log },
  { auditSinks }: Pick<Config, 'auditSinks'>,
): Shipping => {
  const egress = createEgress({ ...sinkEgress, openClientKey: openNothing, openHeader: openNothing })
  const shipping = createShipping({ ...parts, egress, openStream: openByteStream }, auditSinks)
  return {
    ...shipping,
    finish: async () => {
      await shipping.finish()
      await egress.close()
    },
  }
}

/** Precondition: a sink has neither a client key nor sealed headers. */
const openNothing = async (): Promise<never> => {
  throw new Error('a sink was asked for a client key or a header')
}
