import type { CapturedCard, CapturedYear } from '@cardkeep/core/captures/captured-card'
import { parsePan } from '@cardkeep/core/cards/pan'
import type { FieldFault, Refusal } from '@cardkeep/core/errors'
import { parseDay } from '@cardkeep/core/kernel/days'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, epochMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import { refusalOfFaults } from '../../http/field-faults.ts'
import { readStrictJson } from '../../http/strict-json.ts'
import { holdsManyDigits } from './texts.ts'
import { cutHolder, holderForm, longestHolder } from './wire.ts'

/**
 * Reads what a client encrypted. wire: verifone §encrypted cards: the tags are verified, and that published clients send
 * numbers as well as texts, years of two digits, and white space; what is refused is inferred. All that is wrong is told at
 * once.
 */
export const readCaptured = (text: Secret<string>): Result<CapturedCard, Refusal> => {
  const json = readStrictJson(Buffer.from(openSecret(text, 'check')), { keepsNumbers: true })
  if (!json.ok || !isObject(json.value)) return refuse({ type: 'CaptureRefused', fault: 'not an object' })
  const tags = json.value
  const { captureTime } = tags
  if (captureTime === undefined) return refuse({ type: 'CaptureRefused', fault: 'no capture time' })
  const capturedAt = typeof captureTime === 'string' ? readTime(captureTime) : undefined
  if (capturedAt === undefined) return refuse({ type: 'CaptureRefused', fault: 'capture time not readable' })

  const faults: FieldFault[] = []
  /** What a tag says, or nothing where it is missing or wrong. */
  const take = <T>(field: Tag, { read, why, mayBeEmpty, isText }: Reader<T>): T | undefined => {
    const value = tags[field]
    const spelt = isText && value !== undefined && typeof value !== 'string' ? null : textOf(value)
    if (spelt === undefined || (mayBeEmpty && spelt === '')) return undefined
    const taken = spelt === null ? undefined : read(spelt)
    if (taken === undefined) faults.push({ type: 'InvalidField', field, within: ['encrypted_card'], why })
    return taken
  }
  const card: CapturedCard = {
    capturedAt,
    pan: take('cardNumber', number),
    expiryMonth: take('expiryMonth', month),
    expiryYear: take('expiryYear', year),
    holderName: take('cardholderName', name),
    code: take('cvv', code),
  }
  // They are looked at, because a client that gets them wrong gets others wrong, and not kept.
  take('sequenceNumber', sequence)
  take('startMonth', startMonth)
  take('startYear', startYear)
  return faults.length === 0 ? ok(card) : refuse(refusalOfFaults(faults))
}

type Tag =
  | 'cardNumber'
  | 'sequenceNumber'
  | 'cardholderName'
  | 'startMonth'
  | 'startYear'
  | 'expiryMonth'
  | 'expiryYear'
  | 'cvv'

interface Reader<T> {
  readonly read: (text: string) => T | undefined
  readonly why: string
  /** Whether an empty text is as none: a field of a form that its customer left empty. */
  readonly mayBeEmpty?: true
  /** Whether a number is none. */
  readonly isText?: true
}

/** Numbers and codes become secrets in the first line that sees them. */
const number: Reader<NonNullable<CapturedCard['pan']>> = {
  read: (text) => {
    const pan = parsePan(new Secret(text))
    return pan.ok ? pan.value : undefined
  },
  why: 'is not a card number',
}

const code: Reader<Secret<string>> = {
  read: (text) => (/^\d{3,4}$/.test(text) ? new Secret(text) : undefined),
  why: 'must be three or four digits',
  mayBeEmpty: true,
}

const month: Reader<number> = {
  read: (text) => (/^(?:0?[1-9]|1[0-2])$/.test(text) ? Number(text) : undefined),
  why: 'must be 1 to 12',
}

const year: Reader<CapturedYear> = {
  read: (text) => {
    if (!/^(?:20)?\d{2}$/.test(text)) return undefined
    return text.length === 2
      ? { year: 2000 + Number(text), yearDigits: 2 }
      : { year: Number(text), yearDigits: 4 }
  },
  why: 'must be a year of this century, of two digits or four',
}

const name: Reader<string> = {
  read: (text) =>
    cutHolder(text) === text && holderForm.test(text) && !holdsManyDigits(text) ? text : undefined,
  why: `must be a text of ${longestHolder} characters at most, with fewer than twelve digits and no control characters`,
  mayBeEmpty: true,
  isText: true,
}

const sequence: Reader<string> = {
  read: (text) => (/^\d{1,3}$/.test(text) ? text : undefined),
  why: 'must be three digits at most',
  mayBeEmpty: true,
}

const startMonth: Reader<number> = { ...month, mayBeEmpty: true }

/** A card may be older than this century. */
const startYear: Reader<string> = {
  read: (text) => (/^(?:\d{2}|\d{4})$/.test(text) ? text : undefined),
  why: 'must be a year of two digits or four',
  mayBeEmpty: true,
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

/** A text as it is and a number as it was written; `undefined` where there is none, `null` for anything else. */
const textOf = (value: unknown): string | undefined | null => {
  if (value === undefined || typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  return JSON.isRawJSON(value) ? value.rawJSON : null
}

const timeForm =
  /^(\d{4}-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(\.\d{1,9})?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** RFC 3339, section 5.6, with any offset. A leap second is at the end of a month in UTC, and counts as the one after it. */
const readTime = (text: string): EpochMs | undefined => {
  const [, day = '', minute = '', second = '', fraction = '', offset = ''] = timeForm.exec(text) ?? []
  if (parseDay(day) === undefined) return undefined
  const start = Date.parse(`${day}T${minute}:00${offset.toUpperCase()}`)
  const at = start + Number(second) * secondMs + Number(fraction.slice(1, 4).padEnd(3, '0'))
  return Number.isNaN(at) || (second === '60' && !endsMonth(start)) ? undefined : epochMs(at)
}

const endsMonth = (minute: number): boolean => {
  const after = new Date(minute + minuteMs)
  return after.getUTCDate() === 1 && after.getUTCHours() === 0 && after.getUTCMinutes() === 0
}
