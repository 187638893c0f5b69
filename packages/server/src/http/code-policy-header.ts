import { narrowPolicy } from '@cardkeep/core/codes/narrow-policy'
import type { CodePolicy } from '@cardkeep/core/codes/policy'
import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { secondMs } from '@cardkeep/core/kernel/time'
import { type BareItem, type Dictionary, parseDictionary, Token } from 'structured-headers'
import type { RequestHeaders } from './route.ts'

const header = 'Cardkeep-Code-Policy'
const maxLength = 4 * 1024

/**
 * The policy as a caller narrows it for one code: `ttl=60, uses=2, hold=off, destinations="https://a.example"`, each of
 * them or none, as a dictionary of RFC 9651. What is not understood whole is refused, because a setting that is passed
 * over would leave a code held for longer, or sent further, than its caller believes.
 */
export const readCodePolicy = (headers: RequestHeaders, base: CodePolicy): Result<CodePolicy, Refusal> => {
  const text = headers[header.toLowerCase()]
  if (text === undefined) return ok(base)
  const wish = typeof text === 'string' && text.length <= maxLength ? readWish(text) : undefined
  const policy = wish && narrowPolicy(base, wish)
  return policy?.ok ? policy : refuse({ type: 'InvalidField', field: header })
}

const readWish = (text: string): Partial<CodePolicy> | undefined => {
  const dictionary = parse(text)
  if (!dictionary || isAmbiguous(text, dictionary)) return undefined
  const wish: Partial<CodePolicy> = {}
  for (const [key, [value, parameters]] of dictionary) {
    const setting = Array.isArray(value) || parameters.size > 0 ? undefined : readers.get(key)?.(value)
    if (!setting) return undefined
    Object.assign(wish, setting)
  }
  return wish
}

const parse = (text: string): Dictionary | undefined => {
  try {
    return parseDictionary(text)
  } catch {
    return undefined
  }
}

/**
 * The parser takes the last of two members of one name, also where two headers were joined, and reads `60.0` as 60. Outside
 * of strings a comma only parts members, and a full stop stands in no value that is read here.
 */
const isAmbiguous = (text: string, dictionary: Dictionary): boolean => {
  const bare = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
  return bare.includes('.') || bare.split(',').length !== dictionary.size
}

const readTtl = (value: BareItem): Partial<CodePolicy> | undefined =>
  isCount(value) ? { ttlMs: value * secondMs } : undefined

const readUses = (value: BareItem): Partial<CodePolicy> | undefined =>
  isCount(value) ? { uses: value } : undefined

const readHold = (value: BareItem): Partial<CodePolicy> | undefined => {
  const word = value instanceof Token ? value.toString() : ''
  return word === 'on' || word === 'off' ? { hold: word === 'on' } : undefined
}

const readDestinations = (value: BareItem): Partial<CodePolicy> | undefined => {
  const origins = typeof value === 'string' ? value.split(' ') : []
  return origins.length > 0 && origins.every(isOrigin) ? { destinations: origins } : undefined
}

/** A map, because keys come from outside and an object has keys that nobody wrote. */
const readers: ReadonlyMap<string, (value: BareItem) => Partial<CodePolicy> | undefined> = new Map([
  ['ttl', readTtl],
  ['uses', readUses],
  ['hold', readHold],
  ['destinations', readDestinations],
])

const isCount = (value: BareItem): value is number => typeof value === 'number' && value >= 1

/** As a URL spells it, so that it can be compared with the origin of a destination: one that never matches is a mistake. */
const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.parse(text)?.origin === text
