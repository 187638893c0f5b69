import type { CaptureKeyPlace } from '@cardkeep/core/ports'
import { createTenantSealer, type TenantSealer } from './tenant-sealer.ts'
import type { KeySource } from './use-keys.ts'

/** Seals the private halves of capture keys. */
export type CapturePrivateSealer = TenantSealer<CaptureKeyPlace>

export const createCapturePrivateSealer = (keys: KeySource): CapturePrivateSealer =>
  createTenantSealer(keys, 'capture', ({ id }) => [id, 'private key'])
