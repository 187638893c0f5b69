import { needsArmored, needsUsable } from './capture-key.ts'
import { needsPlaintext } from './plaintext.ts'
import type { EncryptCard, GetEncryptedCardDetails } from './public.ts'

export type OpenPgp = typeof import('openpgp')

export interface EncryptionParts {
  /** Asked when a card is there to be encrypted, and not before. */
  readonly loadLibrary: () => Promise<OpenPgp>
  readonly now: () => number
}

export interface Encryption {
  readonly encryptCard: EncryptCard
  readonly getEncryptedCardDetails: GetEncryptedCardDetails
}

export const createEncryption = ({ loadLibrary, now }: EncryptionParts): Encryption => {
  const getEncryptedCardDetails: GetEncryptedCardDetails = async (card, publicKey) => {
    const nowMs = now()
    const { text, captureTime } = needsPlaintext(card, nowMs)
    const armoredKey = needsArmored(publicKey)
    needsCrypto()
    const library = await loadLibrary()
    const { key, date } = await needsUsable(library, armoredKey, nowMs)
    const message = await library.createMessage({ text, date })
    const encrypted = await library
      .encrypt({ message, encryptionKeys: key, date, format: 'armored', config })
      .then(String, () => undefined)
    // The library's own error stays here: what it was about to encrypt is a card.
    if (encrypted === undefined)
      throw new Error('Cardkeep encryptCard: this browser could not encrypt the card')
    return { encryptedCard: btoa(encrypted), captureTime }
  }
  return {
    getEncryptedCardDetails,
    encryptCard: async (card, publicKey) => (await getEncryptedCardDetails(card, publicKey)).encryptedCard,
  }
}

/**
 * What every receiver of the published clients opens, also where the page has set the library to something else. Packets
 * of the second version are made for keys alone that ask for them, and no key of a vault does.
 */
const config = {
  // Of `enums.compression`: none. A card is too short to gain by it.
  preferredCompressionAlgorithm: 0,
  // Of `enums.symmetric`: AES-256, where the key has no wish for another AES.
  preferredSymmetricAlgorithm: 9,
  showVersion: false,
  showComment: false,
} as const

/** A browser has it on `https` pages and on the visitor's own machine. */
const needsCrypto = (): void => {
  // Older types say that it is always there.
  if (!(globalThis.crypto as Partial<Crypto> | undefined)?.subtle)
    throw new Error('Cardkeep encryptCard: the browser encrypts on https pages only')
}
