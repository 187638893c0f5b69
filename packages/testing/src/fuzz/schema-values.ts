import fc from 'fast-check'
import type { Json } from './openapi.ts'

/** Values that fields of a name are often given, the first of them most often. */
export type Wishes = Readonly<Record<string, readonly unknown[]>>

interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Json[]
  readonly oneOf?: readonly Json[]
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Json
  readonly patternProperties?: Readonly<Record<string, Json>>
  readonly items?: Json
  readonly minLength?: number
  readonly maxLength?: number
}

/** Of which characters texts are made. */
export type Unit = 'binary' | 'grapheme-ascii'

/** Draws values that a schema allows, as far as it says so by types and lengths; patterns are often missed. */
const valuesOf = (schema: Json, wishes: Wishes, unit: Unit = 'binary'): fc.Arbitrary<unknown> => {
  const { type, anyOf, oneOf = anyOf, minLength = 0, maxLength = 40, ...rest } = schema as Schema
  if ('const' in rest) return fc.constant(rest.const)
  if (rest.enum) return fc.constantFrom(...rest.enum)
  if (oneOf) return fc.oneof(...oneOf.map((one) => valuesOf(one, wishes, unit)))
  switch (type) {
    case 'object':
      return objectsOf(rest, wishes)
    case 'array':
      return fc.array(valuesOf(rest.items ?? {}, wishes), { maxLength: 5 })
    case 'string':
      return fc.string({ unit, minLength, maxLength: Math.min(maxLength, 40) })
    case 'integer':
      return fc.integer()
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

/** A field of this name: what is wished for, or what its schema allows. */
export const fieldValues = (
  name: string,
  schema: Json,
  wishes: Wishes,
  unit?: Unit,
): fc.Arbitrary<unknown> => {
  const [first, ...others] = wishes[name] ?? []
  const drawn = { weight: 1, arbitrary: valuesOf(schema, wishes, unit) }
  if (first === undefined) return drawn.arbitrary
  return fc.oneof(
    { weight: 15, arbitrary: fc.constant(first) },
    { weight: 3, arbitrary: fc.constantFrom(first, ...others) },
    drawn,
  )
}

const objectsOf = (
  { properties = {}, required = [], additionalProperties, patternProperties = {} }: Schema,
  wishes: Wishes,
): fc.Arbitrary<unknown> => {
  const fields = Object.entries(properties).map(([name, schema]) => [name, fieldValues(name, schema, wishes)])
  const listed = fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: required.filter((name) => name in properties),
  })
  const [open] = [...Object.values(patternProperties), additionalProperties].filter(
    (one) => one !== undefined,
  )
  if (open === undefined || open === false) return listed
  const more = fc.dictionary(fc.string({ maxLength: 10 }), valuesOf(open === true ? {} : open, wishes), {
    maxKeys: 3,
  })
  return fc.tuple(listed, more).map(([known, other]) => ({ ...other, ...known }))
}
