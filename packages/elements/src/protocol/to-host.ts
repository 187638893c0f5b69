import type {
  CardBrand,
  ElementResult,
  ElementState,
  FailureReason,
  FieldError,
  FieldName,
  LoadErrorReason,
} from './public.ts'
import {
  type Read,
  readFields,
  readFlag,
  readMatch,
  readOneOf,
  readSome,
  readText,
  readWhole,
} from './read.ts'

/** What a frame tells the page over the port. None of it has a place for what was typed. */
export type ToHost =
  /** The frame has taken the port; it may still have to ask the vault. */
  | { readonly type: 'hello' }
  | { readonly type: 'ready' }
  | { readonly type: 'change'; readonly state: ElementState }
  | { readonly type: 'focus'; readonly field: FieldName }
  | { readonly type: 'blur'; readonly field: FieldName }
  | { readonly type: 'submit' }
  /** How tall its content is, in CSS pixels. */
  | { readonly type: 'resize'; readonly height: number }
  | { readonly type: 'failed'; readonly reason: LoadErrorReason; readonly message: string }
  | { readonly type: 'answer'; readonly call: number; readonly result: ElementResult }

type Fields = Readonly<Record<string, unknown>>

export const readToHost: Read<ToHost> = (value) => {
  const fields = readFields(value, [
    'type',
    'state',
    'field',
    'height',
    'reason',
    'message',
    'call',
    'result',
  ])
  const reader = readers.get(fields?.['type'])
  return fields && reader?.(fields)
}

const fieldNames = ['number', 'expiry', 'code'] as const satisfies readonly FieldName[]
const brands = [
  ...(['visa', 'mastercard', 'amex', 'discover', 'diners', 'jcb', 'unionpay', 'maestro', 'elo'] as const),
  ...(['hipercard', 'mir', 'rupay', 'troy', 'verve'] as const),
] as const satisfies readonly CardBrand[]

const readField = readOneOf<FieldName>(fieldNames)
const readBrand = readOneOf<CardBrand>(brands)
const readError = readOneOf<FieldError>(['empty', 'incomplete', 'invalid', 'expired'])
const readErrors = readSome({ number: readError, expiry: readError, code: readError })
const readHeight = readWhole(0, 4_000)
const readLoadReason = readOneOf<LoadErrorReason>(['blocked', 'timeout', 'session', 'protocol'])
const readFailure = readOneOf<FailureReason>([
  ...(['invalid', 'busy', 'not ready', 'session', 'refused', 'unreachable'] as const),
])
const readMessage = readText(400)
const readTokenId = readMatch(/^[\w-]{1,64}$/)
const readCall = readWhole(1, Number.MAX_SAFE_INTEGER)

const readState: Read<ElementState> = (value) => {
  const fields = readFields(value, ['empty', 'complete', 'valid', 'brand', 'errors'])
  if (!fields) return undefined
  const [empty, complete, valid] = ['empty', 'complete', 'valid'].map((name) => readFlag(fields[name]))
  const errors = readErrors(fields['errors'])
  if (empty === undefined || complete === undefined || valid === undefined || !errors) return undefined
  if (fields['brand'] === undefined) return { empty, complete, valid, errors }
  const brand = readBrand(fields['brand'])
  return brand && { empty, complete, valid, brand, errors }
}

const readResult: Read<ElementResult> = (value) => {
  const fields = readFields(value, ['status', 'tokenId', 'reason', 'message'])
  if (fields?.['status'] === 'success') {
    const tokenId = readTokenId(fields['tokenId'])
    return tokenId === undefined ? undefined : { status: 'success', tokenId }
  }
  if (fields?.['status'] !== 'failure') return undefined
  const reason = readFailure(fields['reason'])
  const message = readMessage(fields['message'])
  return reason && message !== undefined ? { status: 'failure', reason, message } : undefined
}

const withField =
  (type: 'focus' | 'blur') =>
  (fields: Fields): ToHost | undefined => {
    const field = readField(fields['field'])
    return field && { type, field }
  }

const readers = new Map<unknown, (fields: Fields) => ToHost | undefined>([
  ['hello', () => ({ type: 'hello' })],
  ['ready', () => ({ type: 'ready' })],
  ['submit', () => ({ type: 'submit' })],
  ['focus', withField('focus')],
  ['blur', withField('blur')],
  [
    'change',
    (fields) => {
      const state = readState(fields['state'])
      return state && { type: 'change', state }
    },
  ],
  [
    'resize',
    (fields) => {
      const height = readHeight(fields['height'])
      return height === undefined ? undefined : { type: 'resize', height }
    },
  ],
  [
    'failed',
    (fields) => {
      const reason = readLoadReason(fields['reason'])
      const message = readMessage(fields['message'])
      return reason && message !== undefined ? { type: 'failed', reason, message } : undefined
    },
  ],
  [
    'answer',
    (fields) => {
      const call = readCall(fields['call'])
      const result = readResult(fields['result'])
      return call === undefined || !result ? undefined : { type: 'answer', call, result }
    },
  ],
])
