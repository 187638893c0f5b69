import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { SessionPublicKey } from '@cardkeep/core/sessions/capture-session'

const modulusBits = 2048

/** Makes an RSA key in a thread of the pool, where its quarter of a second holds up nobody. */
export const makePrivateKey = async (): Promise<KeyObject> => {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: modulusBits })
  return privateKey
}

/** The public half, named by its thumbprint, which two keys never share. */
export const publicHalf = (privateKey: KeyObject): SessionPublicKey => {
  const { n: modulus = '', e: exponent = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { id: thumbprintOf({ modulus, exponent }), modulus, exponent }
}

/** RFC 7638: the hash of what an RSA key needs, in the order of the alphabet. */
export const thumbprintOf = ({ modulus: n, exponent: e }: Omit<SessionPublicKey, 'id'>): string =>
  createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url')
