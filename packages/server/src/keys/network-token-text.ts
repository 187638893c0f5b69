import { type Expiry, parseExpiry, spellYear, twoDigits } from '@cardkeep/core/cards/expiry'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import type { IssuedNetworkToken } from '@cardkeep/core/network-tokens/network-token'

/** As it is sealed: `[number, month, year, account reference]` in JSON, with null for what was not issued. The caller wipes the bytes. */
export const writeIssued = ({ number, expiry, accountReference }: IssuedNetworkToken): Buffer =>
  Buffer.from(
    JSON.stringify([
      number ? openSecret(number, 'seal') : null,
      expiry ? twoDigits(expiry.month) : null,
      expiry ? spellYear(expiry) : null,
      accountReference ?? null,
    ]),
  )

/** Throws if the bytes are nothing that a scheme gives out; the message never repeats them. */
export const readIssued = (bytes: Buffer): IssuedNetworkToken => {
  const fields = parse(bytes.toString('utf8'))
  if (!Array.isArray(fields) || fields.length !== 4) throw isNone()
  const [number, month, year, accountReference] = fields.map(readText)
  return {
    number: number === undefined ? undefined : new Secret(number),
    expiry: readExpiry(month, year),
    accountReference,
  }
}

const readText = (value: unknown): string | undefined => {
  if (value === null) return undefined
  if (typeof value !== 'string') throw isNone()
  return value
}

const readExpiry = (month: string | undefined, year: string | undefined): Expiry | undefined => {
  if (month === undefined && year === undefined) return undefined
  const expiry = parseExpiry(month ?? '', year ?? '')
  if (!expiry.ok) throw isNone()
  return expiry.value
}

// The engine's own message would quote what it could not parse.
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw isNone()
  }
}

const isNone = (): Error => new Error('what was sealed is no network token')
