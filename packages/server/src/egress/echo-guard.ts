import { openSecret, type Secret } from '@cardkeep/core/kernel/secret'
import type { Answer, Parcel } from '@cardkeep/core/ports'
import { coverDigits, createNamedFinder, type NamedDigits } from './code-echo.ts'
import { createConcealer } from './conceal.ts'
import type { DecodedBody } from './decode-answer.ts'
import { kindOfField } from './field-names.ts'
import { coverJson, type Sought } from './json-echo.ts'
import { createAccountFinder, createPanFinder, type NumberFinder, shortestFoundAccount } from './pan-echo.ts'
import { coverSpans, mergeSpans, star } from './spans.ts'

type HeaderValue = string | readonly string[]

/**
 * Covers in a provider's answer what was sent to it: long numbers wherever they are found, the code and a short account
 * number where they are named, and what the vault added by itself.
 */
export interface EchoGuard {
  headers(entries: readonly (readonly [string, HeaderValue])[]): Answer['headers']
  /**
   * Whether the text shows all that must be covered and is in the bytes. A provider may send other characters than it
   * says; the caller could read what the guard cannot cover.
   */
  isReadable(body: Pick<DecodedBody, 'text' | 'bytes'>): boolean
  body(body: Pick<DecodedBody, 'text' | 'saysJson'>): Answer['body']
}

/** `added` are the values of the headers that the destination adds. */
export const createEchoGuard = (
  sent: Pick<Parcel, 'pan' | 'accountNumber' | 'code'>,
  added: readonly Secret<string>[] = [],
): EchoGuard => {
  const concealer = createConcealer(added)
  const sought = soughtOf(sent)
  const { findNumbers, named } = sought
  const finders = named.map(createNamedFinder)

  // What is concealed goes first: a star in the middle of it would keep it from being found.
  const coverNumbers = (text: string): string => {
    const clear = concealer.text(text)
    return findNumbers ? coverSpans(clear, findNumbers(clear), star) : clear
  }
  const coverText = (text: string): string =>
    finders.reduce((covered, find) => coverSpans(covered, find(covered), star), coverNumbers(text))
  const coverHeader = (name: string, value: string): string => {
    const kind = kindOfField(name)
    return named.reduce(
      (covered, one) => (one.kind === kind ? coverDigits(covered, one.digits) : covered),
      coverText(value),
    )
  }

  const countHits = (text: string): number =>
    [findNumbers, ...finders].reduce((hits, find) => hits + (find?.(text).length ?? 0), concealer.count(text))

  return {
    headers: (entries) =>
      Object.fromEntries(
        entries.map(([name, value]) => [
          coverNumbers(name),
          typeof value === 'string' ? coverHeader(name, value) : value.map((one) => coverHeader(name, one)),
        ]),
      ),
    isReadable: ({ text, bytes }) => {
      const isPlain = !bytes.includes(0) && Buffer.from(text).equals(bytes)
      return isPlain || countHits(withoutZeros(bytes)) <= countHits(text)
    },
    body: ({ text, saysJson }) => {
      // Some send JSON and do not call it so; covering it as text could break it.
      const isJson = (saysJson || mayBeJson.test(text)) && parses(text)
      return {
        type: saysJson && isJson ? 'json' : 'text',
        text: isJson ? coverJson(concealer.json(text), sought) : coverText(text),
      }
    },
  }
}

const soughtOf = ({ pan, accountNumber, code }: Pick<Parcel, 'pan' | 'accountNumber' | 'code'>): Sought => {
  const named: NamedDigits[] = []
  const finders: NumberFinder[] = []
  if (pan) finders.push(createPanFinder(openSecret(pan, 'conceal')))
  if (code) named.push({ digits: openSecret(code, 'conceal'), kind: 'code' })
  for (const digits of spellAccount(accountNumber && openSecret(accountNumber, 'conceal')))
    if (digits.length >= shortestFoundAccount) finders.push(createAccountFinder(digits))
    else named.push({ digits, kind: 'account' })
  return { findNumbers: joinFinders(finders), named }
}

/** Whoever reads it as a number writes it back without its leading zeros. What is left of a few digits is no longer its own. */
const spellAccount = (digits = ''): readonly string[] =>
  [...new Set([digits, digits.replace(/^0+/, '')])].filter((spelled) => spelled.length >= 4)

const joinFinders = ([first, ...others]: readonly NumberFinder[]): NumberFinder | undefined =>
  first && others.length > 0 ? (text) => mergeSpans([first, ...others].flatMap((find) => find(text))) : first

/** Digits and Latin letters in any Unicode encoding are ASCII with zero bytes between, or without. */
const withoutZeros = (bytes: Buffer): string => bytes.toString('latin1').replaceAll('\0', '')

const mayBeJson = /^\s{0,16}[{[]/

/** The value is thrown away: it is the text that is passed on. */
const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
