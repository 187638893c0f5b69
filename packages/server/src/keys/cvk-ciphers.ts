import { type Cipheriv, createCipheriv } from 'node:crypto'
import type { CvkCheckValues } from '@cardkeep/core/issuing/issuer'

/*
 * `node:crypto` has two-key triple DES and no single DES any more. With both keys alike it is single DES: what the second
 * step decrypts is what the first encrypted.
 */

const blockBytes = 8
const checkValueBytes = 3

/** Encrypts whole blocks, however many at a time, as ECB does: none depends on another. */
export interface CvkCiphers {
  /** Under key A. */
  encryptA(blocks: Buffer): Buffer
  /** Under A, decrypted under B, encrypted under A. */
  encryptPair(blocks: Buffer): Buffer
}

/** For A and B after each other, 16 bytes, which it does not keep. */
export const createCvkCiphers = (pair: Buffer): CvkCiphers => {
  const single = singleDes(pair.subarray(0, blockBytes))
  const double = createDes(pair)
  return { encryptA: (blocks) => single.update(blocks), encryptPair: (blocks) => double.update(blocks) }
}

export const checkValuesOf = (pair: Buffer): CvkCheckValues => ({
  a: checkValueOf(pair.subarray(0, blockBytes)),
  b: checkValueOf(pair.subarray(blockBytes)),
})

const checkValueOf = (key: Buffer): string =>
  singleDes(key).update(Buffer.alloc(blockBytes)).subarray(0, checkValueBytes).toString('hex').toUpperCase()

const singleDes = (key: Buffer): Cipheriv => {
  const twice = Buffer.concat([key, key])
  try {
    return createDes(twice)
  } finally {
    twice.fill(0)
  }
}

const createDes = (key: Buffer): Cipheriv => createCipheriv('des-ede', key, null).setAutoPadding(false)
