import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { KeyAlgorithm } from '@cardkeep/core/keys'

/** 32 random bytes; of an Ed25519 key its PKCS #8 DER. */
export interface KeyMaterial {
  readonly bytes: Secret<Uint8Array>
  readonly publicKey: Uint8Array | undefined
}

const secretBytes = 32

export const generateMaterial = (algorithm: KeyAlgorithm): KeyMaterial => {
  if (algorithm !== 'Ed25519')
    return { bytes: new Secret<Uint8Array>(randomBytes(secretBytes)), publicKey: undefined }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    bytes: new Secret<Uint8Array>(privateKey.export({ format: 'der', type: 'pkcs8' })),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }),
  }
}

/** The key object that is used from then on. Throws if the bytes are no key of this algorithm. */
export const importMaterial = (algorithm: KeyAlgorithm, { bytes, publicKey }: KeyMaterial): KeyObject => {
  const opened = openSecret(bytes, 'load key')
  if (algorithm !== 'Ed25519') {
    if (opened.length !== secretBytes) throw new Error('a key has another length than its algorithm')
    return createSecretKey(opened)
  }
  const key = createPrivateKey({
    key: Buffer.from(opened.buffer, opened.byteOffset, opened.length),
    format: 'der',
    type: 'pkcs8',
  })
  const ownPublicKey = createPublicKey(key).export({ format: 'der', type: 'spki' })
  if (!publicKey || !ownPublicKey.equals(publicKey))
    throw new Error('a signing key and its public half do not belong together')
  return key
}

/** Tells keys apart without telling the key: 48 bits of a hash keyed with 256. */
export const checkValueOf = (bytes: Secret<Uint8Array>): string =>
  createHmac('sha256', openSecret(bytes, 'load key'))
    .update('cardkeep key check value')
    .digest('hex')
    .slice(0, 12)

export const wipe = (bytes: Secret<Uint8Array>): void => {
  openSecret(bytes, 'load key').fill(0)
}
