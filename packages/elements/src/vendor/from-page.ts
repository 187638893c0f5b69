import { type Read, readFlag, readMatch, readOneOf, readText } from '../protocol/read.ts'
import { readStyle, type Style } from './style.ts'
import { type FieldType, type Part, partsOf } from './words.ts'

/** What the SDK asks of a field. */
export type FromPage =
  | { readonly type: 'update'; readonly options: Options }
  | { readonly type: 'clear' | 'focus' | 'blur' }

/** What is not there stays as it was. */
export interface Options {
  readonly style?: Style
  readonly disabled?: boolean
  /** The card is known: number and expiry are only shown. */
  readonly cvcOnly?: boolean
  readonly autocomplete?: 'on' | 'off'
  readonly autofocus?: boolean
  readonly placeholder?: string
  readonly ariaLabel?: string
  /** The SDK's names of the brands that are taken. */
  readonly brands?: readonly string[]
  /** The SDK's name of the brand whose code is typed; empty where the number tells none. */
  readonly cardType?: string
  readonly values?: Texts
}

export type Texts = Readonly<Partial<Record<Part, string>>>

export const readFromPage =
  (field: FieldType): Read<FromPage> =>
  (message) => {
    const { type, data } = fieldsOf(message)
    if (type === 'clear' || type === 'focus' || type === 'blur') return { type }
    return type === 'update' ? { type, options: readOptions(field, fieldsOf(data)) } : undefined
  }

/** Merchants' pages hand the SDK options of their own, and it hands over all of them: what is strange is left out. */
const readOptions = (field: FieldType, data: Fields): Options => {
  const read = <Name extends keyof Options>(name: Name, value: Options[Name] | undefined) =>
    value === undefined ? {} : { [name]: value }
  return {
    ...read('style', readStyle(data['style'])),
    ...read('disabled', readFlag(data['disabled'])),
    ...read('cvcOnly', readFlag(data['cvcOnly'])),
    ...read('autocomplete', readSwitch(data['autocomplete'])),
    ...read('autofocus', readFlag(data['autofocus'])),
    ...read('placeholder', readWords(data['placeholder'])),
    ...read('ariaLabel', readWords(data['ariaLabel'])),
    ...read('brands', readBrands(data['schemes'])),
    // That the brand is not known any more is told by a name without a value.
    ...('cardType' in data && { cardType: readBrand(data['cardType']) ?? '' }),
    ...read('values', readValues(field, data['value'])),
  }
}

type Fields = Readonly<Record<string, unknown>>

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {})

const readSwitch = readOneOf(['on', 'off'])
const readWords = readText(120)
const readBrand = readMatch(/^[a-z-]{1,30}$/)

const readBrands: Read<readonly string[]> = (value) =>
  Array.isArray(value) ? value.slice(0, 50).flatMap((brand: unknown) => readBrand(brand) ?? []) : undefined

/** A card's values come by the names of its inputs, a single one as it is. */
const readValues = (field: FieldType, value: unknown): Texts | undefined => {
  if (value === undefined || value === null) return undefined
  const values = field === 'card' ? fieldsOf(value) : { [field]: value }
  const entries = partsOf[field].flatMap((part) => {
    const text = readWords(values[part])
    return text === undefined ? [] : [[part, text] as const]
  })
  return Object.fromEntries(entries)
}
