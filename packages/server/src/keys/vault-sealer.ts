import { encodeFields } from './encode-fields.ts'
import { openEnvelope, readKeyVersion, type Sealing, sealEnvelope } from './envelope.ts'
import type { LoadedKey } from './key-snapshot.ts'
import { type KeySource, type KeyWish, needOpeningKey, needSealingKey } from './use-keys.ts'

/** Seals what belongs to no tenant that is known when it is opened, and lives for minutes outside every disk. */
export interface VaultSealer {
  /** Under a key of its own for these fields, which say what it is. Wipes the plaintext. */
  seal(fields: readonly string[], plaintext: Buffer): Promise<Uint8Array>
  /** The plaintext, which the caller wipes. Throws if the bytes were changed, or were sealed for other fields. */
  open(fields: readonly string[], sealed: Uint8Array): Promise<Buffer>
}

/** The vault's code key makes names and, by derivation only, keys that seal; INVARIANTS.md says why one key may do both. */
export const createVaultSealer = (keys: KeySource): VaultSealer => ({
  seal: async (fields, plaintext) =>
    sealEnvelope(sealingOf(await needSealingKey(keys, wish), fields), plaintext),
  open: async (fields, sealed) => {
    const key = await needOpeningKey(keys, wish, readKeyVersion(sealed))
    return openEnvelope(sealingOf(key, fields), sealed)
  },
})

const wish: KeyWish = { purpose: 'code', owner: { type: 'vault', id: '' }, environment: undefined }

const sealingOf = ({ key, record }: LoadedKey, fields: readonly string[]): Sealing => ({
  algorithm: 'derived',
  key,
  keyVersion: record.version,
  context: encodeFields('code', 'vault', ...fields),
})
