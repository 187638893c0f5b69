import { createHash } from 'node:crypto'
import type { Expiry } from '@cardkeep/core/cards/expiry'
import { passesLuhn } from '@cardkeep/core/cards/luhn'
import type { Pan } from '@cardkeep/core/cards/pan'
import { encodeBase32 } from '@cardkeep/core/kernel/base32'
import type { NetworkTokenId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { NetworkTokenProvider } from '@cardkeep/core/ports'

/** A keyed hash of a text, the same at every node and after every start. 16 bytes. */
export type HashText = (text: string) => Buffer

/**
 * Stands in for card schemes and says so. It asks nobody and remembers nothing: everything comes from the id and the card, so
 * that each step may come twice, at any node, and a start changes nothing.
 */
export const createSimulator = (hash: HashText): NetworkTokenProvider => ({
  name: 'simulator',
  issue: async ({ id, card, settings: { networkToken, accountReference } }) => ({
    number: networkToken ? numberFor(id, card.pan) : undefined,
    expiry: networkToken ? expiryFor(card.expiry) : undefined,
    accountReference: accountReference ? accountReferenceFor(hash, card.pan) : undefined,
  }),
  suspend: async () => {},
  resume: async () => {},
  end: async () => {},
})

/** ISO/IEC 7812 leaves 9 to countries, and no country has the code 999: nobody's cards begin so. */
const prefix = '9999'
const bodyDigits = 11

/** 16 digits with their check digit. */
const numberFor = (id: NetworkTokenId, pan: Pan): Secret<string> => {
  const own = openSecret(pan, 'check')
  for (let attempt = 0; ; attempt++) {
    const number = withCheckDigit(prefix + digitsOf(`${id} ${attempt}`))
    // A merchant may send the two to one place: they are never alike.
    if (number !== own) return new Secret(number)
  }
}

const digitsOf = (text: string): string => {
  const drawn = createHash('sha256').update(text).digest().readBigUInt64BE() % 10n ** BigInt(bodyDigits)
  return drawn.toString().padStart(bodyDigits, '0')
}

const withCheckDigit = (body: string): string => {
  const digit = Array.from({ length: 10 }, (_, last) => String(last)).find((last) => passesLuhn(body + last))
  // Precondition: one of the ten fits.
  if (digit === undefined) throw new Error('a number without a check digit')
  return body + digit
}

const yearsLonger = 3
/** Beyond it no expiry is read. */
const lastYear = 2099

/** Another than the card's, as schemes do, so that nobody takes one for the other unnoticed. */
const expiryFor = ({ month, year }: Expiry): Expiry => ({
  month,
  year: Math.min(year + yearsLonger, lastYear),
  yearDigits: 4,
})

const accountReferencePrefix = 'SIM0'
const accountReferenceLength = 29

/**
 * The same for every network token of a number, by whatever token or scope. Under a key of the vault, because whoever has an
 * account reference could find its card by trying all numbers (PCI DSS 3.5.1.1).
 */
const accountReferenceFor = (hash: HashText, pan: Pan): string =>
  (accountReferencePrefix + encodeBase32(hash(openSecret(pan, 'fingerprint'))).toUpperCase()).slice(
    0,
    accountReferenceLength,
  )
