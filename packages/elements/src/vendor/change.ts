import { type Scheme, schemeOfDigits } from '@cardkeep/core/cards/scheme'
import { digitsIn } from '../frame/digits.ts'
import type { Options, Texts } from './from-page.ts'
import { type Fault, partRules } from './part-rules.ts'
import { type ErrorCode, type FieldType, type Part, partsOf, schemeOfBrand, spellBrand } from './words.ts'

/** What the SDK is told of a field whenever something in it has changed. */
export interface Change {
  readonly empty: boolean
  /** Nothing is left to type. */
  readonly complete: boolean
  readonly valid: boolean
  /** In English, for whoever builds the page. */
  readonly error?: string
  readonly errorCode?: ErrorCode
  /** wire: hellgate §field frames, inferred: in the words that the SDK has for brands elsewhere. */
  readonly cardBrand?: string
  /**
   * The merchant's page gets what was typed, because this version of the SDK encrypts there: it gets what is right, and
   * nothing of what is not.
   */
  readonly value: string | null | Readonly<Partial<Record<Part, string | null>>>
}

export interface Content {
  readonly field: FieldType
  /** As they are shown. */
  readonly texts: Texts
  readonly options: Options
  readonly nowMs: number
}

export const describeChange = (content: Content): Change => {
  const { field, texts, options } = content
  const asked = partsOf[field].filter((part) => !isKnown(part, options))
  const faults = asked.map((part) => faultOf(part, content))
  const errorCode = faults.find((fault) => fault !== undefined && fault !== 'EMPTY')
  const values = Object.fromEntries(
    asked.map((part, at) => [part, faults[at] ? null : partRules[part].value(texts[part] ?? '')]),
  )
  const brand = texts.cardNumber === undefined ? undefined : spellBrand(schemeOf(content))
  return {
    empty: asked.length > 0 && faults.every((fault) => fault === 'EMPTY'),
    complete: faults.every((fault) => fault !== 'EMPTY' && fault !== 'NOT_COMPLETE'),
    valid: faults.every((fault) => fault === undefined),
    ...(errorCode && { errorCode, error: errors[errorCode] }),
    ...(brand !== undefined && { cardBrand: brand }),
    value: field === 'card' ? values : (values[field] ?? null),
  }
}

export const faultOf = (part: Part, content: Content): Fault | undefined =>
  partRules[part].fault(content.texts[part] ?? '', {
    nowMs: content.nowMs,
    scheme: schemeOf(content),
    brands: content.options.brands ?? [],
  })

/** Of the number in this frame, or else as the SDK has told of the number in another. */
export const schemeOf = ({ texts, options }: Pick<Content, 'texts' | 'options'>): Scheme =>
  texts.cardNumber === undefined
    ? schemeOfBrand(options.cardType)
    : schemeOfDigits(digitsIn(texts.cardNumber))

/** Whether it only shows what the vault knows already. */
export const isKnown = (part: Part, { cvcOnly = false }: Options): boolean =>
  cvcOnly && (part === 'cardNumber' || part === 'cardExpirationDate')

const errors: Readonly<Record<ErrorCode, string>> = {
  NOT_COMPLETE: 'There is something left to type',
  SCHEME_NOT_SUPPORTED: 'Cards of this brand are not taken',
  LUHN_CHECK_FAILED: 'This is not the number of a card',
  INVALID_EXPIRY_DATE: 'The card has expired, or there is no such month',
}
