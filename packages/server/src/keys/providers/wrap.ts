import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'

/*
 * version 1 (1 byte) ‖ nonce (12) ‖ ciphertext ‖ tag (16). A random nonce of 96 bits serves 2^32 wraps under one root
 * key (NIST SP 800-38D, 8.3); a vault makes two or three for each change of a key.
 */

const version = 1
const nonceBytes = 12
const tagBytes = 16
const cipherName = 'aes-256-gcm'

/** AES-256-GCM under a root key that this process holds. */
export const wrapUnder = (rootKey: KeyObject, plaintext: Secret<Uint8Array>, aad: Uint8Array): Uint8Array => {
  const head = Buffer.concat([Buffer.of(version), randomBytes(nonceBytes)])
  const cipher = createCipheriv(cipherName, rootKey, head.subarray(1))
  cipher.setAAD(Buffer.concat([head.subarray(0, 1), aad]))
  const body = cipher.update(openSecret(plaintext, 'seal'))
  return Buffer.concat([head, body, cipher.final(), cipher.getAuthTag()])
}

/** Throws if anything was changed; the caller wipes what comes. */
export const unwrapUnder = (rootKey: KeyObject, wrapped: Uint8Array, aad: Uint8Array): Secret<Uint8Array> => {
  if (wrapped.length < 1 + nonceBytes + tagBytes || wrapped[0] !== version)
    throw new Error('wrapped bytes have another form than this version writes')
  const nonce = wrapped.subarray(1, 1 + nonceBytes)
  const decipher = createDecipheriv(cipherName, rootKey, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.concat([wrapped.subarray(0, 1), aad]))
  decipher.setAuthTag(wrapped.subarray(-tagBytes))
  const plaintext = decipher.update(wrapped.subarray(1 + nonceBytes, -tagBytes))
  try {
    decipher.final()
    return new Secret<Uint8Array>(plaintext)
  } catch {
    plaintext.fill(0)
    throw new Error('wrapped bytes do not open under this root key, or were changed')
  }
}
