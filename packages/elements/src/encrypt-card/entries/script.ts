import { createEncryption } from '../encryption.ts'
import { createLibraryBeside } from '../library-beside.ts'

/** Known only while the script itself runs. */
const scriptUrl = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : undefined

export const { encryptCard, getEncryptedCardDetails } = createEncryption({
  loadLibrary: createLibraryBeside(scriptUrl),
  now: Date.now,
})
