import type { AccessKey } from '@cardkeep/core/issuing/issuer'
import { createTenantSealer, type TenantSealer } from './tenant-sealer.ts'
import type { KeySource } from './use-keys.ts'

/** Which pair a private key is the half of. */
export type AccessKeyPlace = Pick<AccessKey, 'id' | 'tenantId'>

/** Seals the private keys that sign an issuer's access tokens. */
export type AccessKeySealer = TenantSealer<AccessKeyPlace>

export const createAccessKeySealer = (keys: KeySource): AccessKeySealer =>
  createTenantSealer(keys, 'access', ({ id }) => [id, 'private key'])
