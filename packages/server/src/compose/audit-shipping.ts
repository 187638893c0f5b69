import type { Config } from '../config.ts'
import { openByteStream } from '../egress/byte-stream.ts'
import type { Log } from '../log/log.ts'
import type { ShipPorts } from '../shipping/ship-audit.ts'
import { createShipping, type Shipping, sinkEgress } from '../shipping/shipping.ts'
import { createKeylessEgress } from './keyless-egress.ts'

/** Sinks have connections of their own, which are not counted as forwards, and get less patience than a provider. */
export const createAuditShipping = (
  parts: ShipPorts & { readonly log: Log },
  { auditSinks }: Pick<Config, 'auditSinks'>,
): Shipping => {
  const egress = createKeylessEgress(sinkEgress)
  const shipping = createShipping({ ...parts, egress, openStream: openByteStream }, auditSinks)
  return {
    ...shipping,
    finish: async () => {
      await shipping.finish()
      await egress.close()
    },
  }
}
