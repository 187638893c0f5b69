import type { Destination, ProviderHeader } from '@cardkeep/core/destinations/destination'
import { createTenantSealer, type TenantSealer } from './tenant-sealer.ts'
import type { KeySource } from './use-keys.ts'

/** Which header of which destination a value is for. */
export interface ProviderHeaderPlace extends Pick<Destination, 'tenantId' | 'id'> {
  /** In lower case. */
  readonly header: ProviderHeader['name']
}

/** Seals the values of headers that the vault adds, so that a provider knows whose its requests are. */
export type ProviderHeaderSealer = TenantSealer<ProviderHeaderPlace>

export const createProviderHeaderSealer = (keys: KeySource): ProviderHeaderSealer =>
  createTenantSealer(keys, 'provider-header', ({ id, header }) => [id, header])
