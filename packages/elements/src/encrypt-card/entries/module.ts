import { createEncryption } from '../encryption.ts'
import { createLibraryBeside } from '../library-beside.ts'

export const { encryptCard, getEncryptedCardDetails } = createEncryption({
  loadLibrary: createLibraryBeside(import.meta.url),
  now: Date.now,
})
