import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import type { Keyring } from './keyring.ts'
import { createNameHash } from './name-hash.ts'
import { createVaultSealer } from './vault-sealer.ts'

/** Which pair: under the same id in the other environment there is none. */
export interface SessionKeyPlace {
  readonly environment: Environment
  readonly keyId: string
}

/** Lets nodes hand each other private keys by way of a server that can read none of them. */
export interface SessionKeySealer {
  /** 16 bytes: a keyed hash of the place. */
  name(place: SessionKeyPlace): Buffer
  seal(place: SessionKeyPlace, privateKey: KeyObject): Promise<Uint8Array>
  /** Throws if the bytes were changed, or are those of another key or environment. */
  open(place: SessionKeyPlace, sealed: Uint8Array): Promise<KeyObject>
}

export const createSessionKeySealer = (
  keys: Pick<Keyring, 'find' | 'reload' | 'vaultKeys'>,
): SessionKeySealer => {
  const hash = createNameHash(keys)
  const sealer = createVaultSealer(keys)
  return {
    name: ({ environment, keyId }) => hash('capture key name', environment, keyId),
    seal: (place, privateKey) =>
      sealer.seal(fieldsOf(place), privateKey.export({ type: 'pkcs8', format: 'der' })),
    open: async (place, sealed) => {
      const key = await sealer.open(fieldsOf(place), sealed)
      try {
        return createPrivateKey({ key, type: 'pkcs8', format: 'der' })
      } finally {
        key.fill(0)
      }
    },
  }
}

const fieldsOf = ({ environment, keyId }: SessionKeyPlace): readonly string[] => [
  'capture',
  'private key',
  environment,
  keyId,
]
