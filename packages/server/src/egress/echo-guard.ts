import { openSecret } from '@cardkeep/core/kernel/secret'
import type { Answer, Parcel } from '@cardkeep/core/ports'
import { coverCode, createCodeFinder } from './code-echo.ts'
import type { DecodedBody } from './decode-answer.ts'
import { kindOfField } from './field-names.ts'
import { coverJson, type Sought } from './json-echo.ts'
import { createPanFinder } from './pan-echo.ts'
import { coverSpans, star } from './spans.ts'

type HeaderValue = string | readonly string[]

/** Covers in a provider's answer what was sent to it: the card number wherever it is found, the code where it is named. */
export interface EchoGuard {
  headers(entries: readonly (readonly [string, HeaderValue])[]): Answer['headers']
  /**
   * Whether the text shows all card data that is in the bytes. A provider may send other characters than it says; the
   * caller could read what the guard cannot cover.
   */
  isReadable(body: Pick<DecodedBody, 'text' | 'bytes'>): boolean
  body(body: Pick<DecodedBody, 'text' | 'saysJson'>): Answer['body']
}

export const createEchoGuard = (sent: Pick<Parcel, 'pan' | 'code'>): EchoGuard => {
  const code = sent.code && openSecret(sent.code, 'conceal')
  const findPan = sent.pan && createPanFinder(openSecret(sent.pan, 'conceal'))
  const findCode = code === undefined ? undefined : createCodeFinder(code)
  const sought: Sought = { findPan, code }

  const coverPan = (text: string): string => (findPan ? coverSpans(text, findPan(text), star) : text)
  const coverText = (text: string): string => {
    const covered = coverPan(text)
    return findCode ? coverSpans(covered, findCode(covered), star) : covered
  }
  const coverHeader = (name: string, value: string): string => {
    const covered = coverText(value)
    return code !== undefined && kindOfField(name) === 'code' ? coverCode(covered, code) : covered
  }

  const countHits = (text: string): number => (findPan?.(text).length ?? 0) + (findCode?.(text).length ?? 0)

  return {
    headers: (entries) =>
      Object.fromEntries(
        entries.map(([name, value]) => [
          coverPan(name),
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
        text: isJson ? coverJson(text, sought) : coverText(text),
      }
    },
  }
}

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
