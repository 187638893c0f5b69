import { createHash } from 'node:crypto'

/** An entry's hash: SHA-256 of the hash before it and of its text in UTF-8. */
export const chainHash = (previous: Uint8Array, text: string): Buffer =>
  createHash('sha256').update(previous).update(text, 'utf8').digest()

/** The hash before the first entry. */
export const chainStart: Uint8Array = new Uint8Array(32)
