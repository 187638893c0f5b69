import type { CaptureFault } from '@cardkeep/core/captures/capture-fault'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'

/** In characters. What clients make of a card has some nine hundred. */
export const longestCiphertext = 16 * 1024

/**
 * The armored message that a client sent: as it is, or in base64 once more, which is what published clients send.
 * wire: verifone §encrypted cards, the latter verified, the former inferred
 */
export const readCiphertext = (ciphertext: string): Result<string, CaptureFault> => {
  const armored = ciphertext.includes(armorBegin) ? ciphertext : decode(ciphertext)
  if (armored === undefined) return refuse('not a message')
  switch (firstLineOf(armored)) {
    case `${armorBegin}MESSAGE-----`:
      return ok(armored)
    case `${armorBegin}SIGNED MESSAGE-----`:
      // For everyone to read.
      return refuse('not encrypted')
    default:
      return refuse('not a message')
  }
}

const armorBegin = '-----BEGIN PGP '

/** Line by line: an expression that looks for a line and for what may stand before it reads some texts again and again. */
const firstLineOf = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line.startsWith(armorBegin))

/** Lines may be wrapped, and what fills the last one up may be missing. */
const decode = (text: string): string | undefined => {
  const compact = text.replace(/\s/g, '')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(compact)
    ? Buffer.from(compact, 'base64').toString('latin1')
    : undefined
}
