import { createEncryption } from '../encryption.ts'

/** For bundlers and for Node, which bring the library from their own packages. */
export const { encryptCard, getEncryptedCardDetails } = createEncryption({
  loadLibrary: () => import('openpgp'),
  now: Date.now,
})
