import { createEgress } from '../egress/egress.ts'
import type { Vault } from './open-vault.ts'

/** What forwards are sent by. The vault's own credentials for a provider are opened for as long as a request needs them. */
export const createForwardEgress = ({
  clientKeys,
  providerHeaders,
}: Pick<Vault, 'clientKeys' | 'providerHeaders'>): ReturnType<typeof createEgress> =>
  createEgress({
    openClientKey: async (destination) => {
      // Precondition: egress asks only for destinations that have a client certificate.
      if (!destination.client) throw new Error('a destination without a client key was asked for one')
      return clientKeys.open(destination, destination.client.sealedKey)
    },
    openHeader: ({ tenantId, id }, { name, sealedValue }) =>
      providerHeaders.open({ tenantId, id, header: name }, sealedValue),
  })
