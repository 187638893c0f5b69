import type { FieldFault, Refusal } from '@cardkeep/core/errors'
import type { TSchema } from 'typebox'
import { Errors } from 'typebox/value'
import type { Route } from './route.ts'

/** More tell nobody more. wire: verifone §errors, inferred */
const faultsAtMost = 20

interface Sent {
  readonly params: unknown
  readonly body: unknown
}

/**
 * All that a route's schemas have against a request, the first of it included: one thing for each field that they name,
 * so that whoever sends much gets no longer list. What they do not name is passed over.
 */
export const listFaults = (
  { params, body }: Pick<Route, 'params' | 'body'>,
  sent: Sent,
  first: Refusal,
): Refusal => {
  const found = [
    ...(params ? faultsIn(params, sent.params, ['params']) : []),
    ...(body ? faultsIn(body, sent.body, []) : []),
  ]
  // What the framework's validator refused is told, whatever a second look says.
  const known = faultOf(first)
  const others = found.filter((fault) => !known || spell(fault) !== spell(known))
  const faults = known ? [found.find((fault) => spell(fault) === spell(known)) ?? known, ...others] : found
  const [only, ...more] = faults.slice(0, faultsAtMost)
  if (!only) return first
  if (more.length > 0) return { type: 'InvalidFields', faults: [only, ...more] }
  return first.type === 'MissingField' && only.why === missing ? first : only
}

const missing = 'is missing'

const faultOf = (refusal: Refusal): FieldFault | undefined => {
  if (refusal.type === 'InvalidField') return refusal
  return refusal.type === 'MissingField' ? { ...refusal, type: 'InvalidField', why: missing } : undefined
}

const spell = ({ field, within = [] }: FieldFault): string => [...within, field].join('.')

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
}

const faultsIn = (schema: TSchema, value: unknown, within: readonly string[]): readonly FieldFault[] => {
  const { properties = {}, required = [] } = schema as ObjectSchema
  if (!isObject(value)) return []
  return Object.entries(properties).flatMap(([field, property]): readonly FieldFault[] => {
    const fault = (why: string): FieldFault => ({
      type: 'InvalidField',
      field,
      ...(within.length > 0 && { within }),
      why,
    })
    if (!Object.hasOwn(value, field)) return required.includes(field) ? [fault(missing)] : []
    const inside = value[field]
    if ('properties' in property && isObject(inside)) return faultsIn(property, inside, [...within, field])
    const wrong = findWrong(property, inside)
    return wrong ? [fault(explain(property, wrong))] : []
  })
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Lengths are counted here, in code points as the framework's validator does: the library's own count takes long. */
const findWrong = (schema: TSchema, value: unknown): Wrong | undefined => {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, ...others } = schema as LengthSchema
  const [wrong] = Errors(others, value)
  if (wrong?.keyword === 'type' || typeof value !== 'string') return wrong
  const length = countCharacters(value)
  if (length < minLength) return { keyword: 'minLength', params: { limit: minLength } }
  if (length > maxLength) return { keyword: 'maxLength', params: { limit: maxLength } }
  return wrong
}

interface LengthSchema {
  readonly minLength?: number
  readonly maxLength?: number
}

const countCharacters = (text: string): number => {
  let count = 0
  for (const _ of text) count++
  return count
}

interface Wrong {
  readonly keyword: string
  readonly params: object
}

/** In words, and never with what was sent. */
const explain = (schema: TSchema, { keyword, params }: Wrong): string => {
  const { type, limit, allowedValues } = params as WrongParams
  switch (keyword) {
    case 'type':
      return `must be ${types[String(type)] ?? 'of another type'}`
    case 'enum':
      return `must be one of ${(allowedValues ?? []).join(', ')}`
    case 'minLength':
      return `must have ${limit} character${limit === 1 ? '' : 's'} at least`
    case 'maxLength':
      return `must have ${limit} characters at most`
    case 'minimum':
      return `must be ${limit} at least`
    case 'maximum':
      return `must be ${limit} at most`
    case 'format':
    case 'pattern':
      return describe(schema)
    default:
      return 'is not valid'
  }
}

interface WrongParams {
  readonly type?: unknown
  readonly limit?: number
  readonly allowedValues?: readonly string[]
}

const types: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  object: 'an object',
}

const describe = (schema: TSchema): string => {
  const { format, description } = schema as { readonly format?: string; readonly description?: string }
  if (description !== undefined)
    return `must be ${description.slice(0, 1).toLowerCase()}${description.slice(1)}`
  return format === 'date' ? 'must be a day that there is, such as 2030-12-31' : 'is not valid'
}
