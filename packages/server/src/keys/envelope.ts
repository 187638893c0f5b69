import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto'

/*
 * format (1 byte) ‖ algorithm (1) ‖ key version (u32, big endian) ‖ nonce (12) ‖ ciphertext ‖ tag (16)
 *
 * The header in front of the ciphertext and the context, which says where the bytes belong, are the associated data: a
 * sealed thing opens only with both unchanged. The header tells which key opens it and decides nothing else.
 */

const format = 1
const cipherName = 'aes-256-gcm'
const nonceAt = 6
const nonceBytes = 12
const headerBytes = nonceAt + nonceBytes
const tagBytes = 16
const keyBytes = 32

/** How the key that seals comes from the stored key. */
const algorithms = {
  /** AES-256-GCM under a key that HKDF-SHA-256 derives for the context and the key version. */
  derived: 1,
  /** AES-256-GCM under the stored key itself. */
  direct: 2,
} as const

export interface Sealing {
  readonly algorithm: keyof typeof algorithms
  readonly key: KeyObject
  readonly keyVersion: number
  /** What the bytes are and where they belong, encoded so that no two contexts are alike. */
  readonly context: Uint8Array
  /** What `deriveKey` makes of the others, where it was made before. */
  readonly derived?: KeyObject
}

/** Seals under a random nonce and wipes the plaintext. */
export const sealEnvelope = (sealing: Sealing, plaintext: Buffer): Buffer => {
  const sealed = Buffer.allocUnsafe(headerBytes + plaintext.length + tagBytes)
  sealed[0] = format
  sealed[1] = algorithms[sealing.algorithm]
  sealed.writeUInt32BE(sealing.keyVersion, 2)
  sealed.set(nextNonce(), nonceAt)
  const header = sealed.subarray(0, headerBytes)
  try {
    const cipher = createCipheriv(cipherName, sealingKey(sealing), header.subarray(nonceAt))
    cipher.setAAD(Buffer.concat([header, sealing.context]))
    // GCM is a stream: everything comes from `update`, and `final` only makes the tag.
    sealed.set(cipher.update(plaintext), headerBytes)
    cipher.final()
    sealed.set(cipher.getAuthTag(), sealed.length - tagBytes)
    return sealed
  } finally {
    plaintext.fill(0)
  }
}

/** The plaintext, which the caller wipes. Throws if a byte of it was changed, or if it belongs elsewhere. */
export const openEnvelope = (sealing: Sealing, sealed: Uint8Array): Buffer => {
  if (sealed[1] !== algorithms[sealing.algorithm]) throw isUnknown()
  const header = sealed.subarray(0, headerBytes)
  const decipher = createDecipheriv(cipherName, sealingKey(sealing), header.subarray(nonceAt), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(Buffer.concat([header, sealing.context]))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  const plaintext = decipher.update(sealed.subarray(headerBytes, sealed.length - tagBytes))
  try {
    decipher.final()
    return plaintext
  } catch {
    plaintext.fill(0)
    throw cannotOpen()
  }
}

/** Which version of the key seals it. Throws if the bytes have another form than this program writes. */
export const readKeyVersion = (sealed: Uint8Array): number => {
  if (sealed.length < headerBytes + tagBytes) throw cannotOpen()
  if (sealed[0] !== format) throw isUnknown()
  return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length).readUInt32BE(2)
}

const cannotOpen = (): Error => new Error('sealed bytes were changed, or belong elsewhere')

/** Told apart from a change, because a newer version of this program may have written it. */
const isUnknown = (): Error => new Error('sealed bytes have a form that this version does not know')

const sealingKey = ({ algorithm, key, keyVersion, context, derived }: Sealing): KeyObject =>
  algorithm === 'derived' ? (derived ?? deriveKey(key, keyVersion, context)) : key

const label = Buffer.from('cardkeep record key 1')
const firstBlock = Uint8Array.of(1)

/**
 * HKDF-SHA-256 (RFC 5869) without a salt: the stored key is random. Its first half is the same for every record of a
 * key and is kept, which halves the cost of a seal's key; one block of the second half is a whole AES-256 key.
 */
export const deriveKey = (key: KeyObject, keyVersion: number, context: Uint8Array): KeyObject => {
  const version = Buffer.allocUnsafe(4)
  version.writeUInt32BE(keyVersion)
  const derived = createHmac('sha256', extracted(key))
    .update(label)
    .update(version)
    .update(context)
    .update(firstBlock)
    .digest()
  try {
    return createSecretKey(derived)
  } finally {
    derived.fill(0)
  }
}

const extractedKeys = new WeakMap<KeyObject, KeyObject>()

const extracted = (key: KeyObject): KeyObject => {
  const known = extractedKeys.get(key)
  if (known) return known
  const material = key.export()
  const bytes = createHmac('sha256', Buffer.alloc(keyBytes)).update(material).digest()
  try {
    const made = createSecretKey(bytes)
    extractedKeys.set(key, made)
    return made
  } finally {
    material.fill(0)
    bytes.fill(0)
  }
}

// One call of the random generator for many nonces: a call for each costs as much as sealing does.
const nonces = Buffer.alloc(nonceBytes * 512)
let noncesUsed = nonces.length

const nextNonce = (): Buffer => {
  if (noncesUsed === nonces.length) {
    randomFillSync(nonces)
    noncesUsed = 0
  }
  noncesUsed += nonceBytes
  return nonces.subarray(noncesUsed - nonceBytes, noncesUsed)
}
