/*
 * What a page sees of the encryption of cards: its declarations are this file, as it stands. It imports nothing and
 * holds types only.
 */

/** What a page has of a card. What is missing, empty or `null` is left out, and so is whatever has no place here. */
export interface CardToEncrypt {
  /** 12 to 19 digits; spaces and dashes between them are taken out. */
  readonly cardNumber?: string | null
  /** Of cards that share a number: one to three digits. */
  readonly sequenceNumber?: string | null
  readonly cardholderName?: string | null
  readonly startMonth?: string | number | null
  readonly startYear?: string | number | null
  /** 1 to 12, with or without a zero before it. */
  readonly expiryMonth?: string | number | null
  /** Two digits or four. */
  readonly expiryYear?: string | number | null
  /** Three digits or four. A string: a number would lose its zeros. */
  readonly cvv?: string | null
  /** When the customer gave the card (RFC 3339). The browser's time where it is missing. */
  readonly captureTime?: string | null
}

export interface EncryptedCardDetails {
  /** What your server sends as `encrypted_card`. */
  readonly encryptedCard: string
  /** From which the vault counts the fifteen minutes for which it takes the card. */
  readonly captureTime: string
}

/**
 * Encrypts a card for a capture key: its `public_key` as the vault gave it, or the armored key. Rejects with a
 * `TypeError` that names what is wrong with what was given, and repeats none of it; with another `Error` where the
 * library could not be loaded or the browser cannot encrypt.
 */
export type EncryptCard = (card: CardToEncrypt, publicKey: string) => Promise<string>

export type GetEncryptedCardDetails = (
  card: CardToEncrypt,
  publicKey: string,
) => Promise<EncryptedCardDetails>

export declare const encryptCard: EncryptCard
export declare const getEncryptedCardDetails: GetEncryptedCardDetails

/** What the script tag makes. */
export as namespace cardkeep
