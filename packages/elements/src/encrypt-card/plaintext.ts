import { readMatch } from '../protocol/read.ts'
import { needs } from './needs.ts'
import type { CardToEncrypt } from './public.ts'

export interface Plaintext {
  /** JSON on one line. */
  readonly text: string
  readonly captureTime: string
}

/** What is encrypted: the tags that are given, in the order in which the vault's API names them. wire: verifone §encrypted cards, verified */
export const needsPlaintext = (argument: unknown, nowMs: number): Plaintext => {
  needs(
    typeof argument === 'object' && argument !== null,
    'the first argument must be an object with the card',
  )
  const card: CardToEncrypt = argument
  const given = tags.flatMap((tag) => {
    const value = readTag(tag, card[tag])
    return value === undefined ? [] : [[tag, value] as const]
  })
  needs(given.length > 0, `there is nothing to encrypt; a card has ${tags.join(', ')}`)
  const captureTime = readCaptureTime(card.captureTime) ?? secondsOf(nowMs)
  return { text: JSON.stringify(Object.fromEntries([...given, ['captureTime', captureTime]])), captureTime }
}

type Tag = Exclude<keyof CardToEncrypt, 'captureTime'>

interface Rule {
  readonly form: RegExp
  readonly otherwise: string
  readonly mayBeNumber?: true
  /** Taken out before the form is looked at. */
  readonly without?: RegExp
}

const month: Rule = { form: /^(?:0?[1-9]|1[0-2])$/, otherwise: 'a month, 1 to 12', mayBeNumber: true }
const year: Rule = { form: /^\d{2}(?:\d{2})?$/, otherwise: 'a year of two or four digits', mayBeNumber: true }

/**
 * Only what no card can be is refused here. Whether it is a good one the vault says: a page that knew better than its
 * vault would keep cards from it.
 */
const rules = {
  cardNumber: { form: /^\d{12,19}$/, otherwise: 'a string of 12 to 19 digits', without: /[\s-]/g },
  sequenceNumber: { form: /^\d{1,3}$/, otherwise: 'a string of one to three digits' },
  cardholderName: {
    form: /^\P{Cc}{1,255}$/u,
    otherwise: 'a string of at most 255 characters, none of them a control character',
  },
  startMonth: month,
  startYear: year,
  expiryMonth: month,
  expiryYear: year,
  cvv: { form: /^\d{3,4}$/, otherwise: 'a string of three or four digits' },
} satisfies Record<Tag, Rule>

const tags = Object.keys(rules) as readonly Tag[]

/** As it was given, without the white space around it; nothing for a field that was left empty. */
const readTag = (tag: Tag, value: unknown): string | number | undefined => {
  if (value === undefined || value === null) return undefined
  const { form, otherwise, mayBeNumber, without }: Rule = rules[tag]
  const isNumber = mayBeNumber && typeof value === 'number'
  needs(isNumber || typeof value === 'string', `${tag} must be ${otherwise}`)
  const text = String(value)
    .replace(without ?? /^$/, '')
    .trim()
  if (text === '') return undefined
  needs(form.test(text), `${tag} must be ${otherwise}`)
  return isNumber ? value : text
}

const readCaptureTime = (value: unknown): string | undefined => {
  if (value === undefined || value === null || value === '') return undefined
  const time = readTime(value)
  needs(time && !Number.isNaN(Date.parse(time)), 'captureTime must be a time such as 2019-08-24T14:15:22Z')
  return time
}

/** RFC 3339, section 5.6. */
const readTime = readMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/)

const secondsOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
