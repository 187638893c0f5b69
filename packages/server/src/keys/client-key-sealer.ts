import type { Destination } from '@cardkeep/core/destinations/destination'
import { createTenantSealer, type TenantSealer } from './tenant-sealer.ts'
import type { KeySource } from './use-keys.ts'

/** Which destination a private key is for. */
export type ClientKeyPlace = Pick<Destination, 'tenantId' | 'id'>

/** Seals the PEM private keys with which the vault proves itself to providers. */
export type ClientKeySealer = TenantSealer<ClientKeyPlace>

export const createClientKeySealer = (keys: KeySource): ClientKeySealer =>
  createTenantSealer(keys, 'client-tls', ({ id }) => [id, 'private key'])
