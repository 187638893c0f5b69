import type { Refusal } from '@cardkeep/core/errors'
import type { FastifySchemaValidationError } from 'fastify'
import { spellBack } from '../log/spell-back.ts'

/** For the framework's validator: what comes is judged as it is and never changed, and of several forms the one that it says it has. */
export const validationOptions = {
  coerceTypes: false,
  removeAdditional: false,
  useDefaults: false,
  allErrors: false,
  discriminator: true,
  // A text that may be null is said so as JSON Schema does.
  allowUnionTypes: true,
} as const

/** The first thing that a schema has against a body or a query, as a refusal that names the field. */
export const refusalOfValidation = (
  [first]: readonly FastifySchemaValidationError[],
  context: string | undefined,
): Refusal => {
  const path = [
    ...(context === 'params' ? [context] : []),
    ...(first?.instancePath.split('/').filter(Boolean).map(readable) ?? []),
  ]
  const { missingProperty, additionalProperty, propertyName, tag } = first?.params ?? {}
  if (typeof missingProperty === 'string')
    return { type: 'MissingField', field: missingProperty, ...within(path) }
  // `tag` is the field that says which of several forms it is.
  const inside = additionalProperty ?? propertyName ?? tag
  if (typeof inside === 'string') return { type: 'InvalidField', field: readable(inside), ...within(path) }
  const field = path.at(-1)
  if (field !== undefined) return { type: 'InvalidField', field, ...within(path.slice(0, -1)) }
  return context === 'body'
    ? { type: 'BodyNotReadable' }
    : { type: 'InvalidField', field: context ?? 'request' }
}

const within = (path: readonly string[]): { readonly within?: readonly string[] } =>
  path.length > 0 ? { within: path } : {}

/** A caller chooses the names of unknown fields; they come back short and without card numbers, spaced ones included. */
const readable = (name: string): string =>
  spellBack(name)
    .replaceAll(/[^\w.-]/g, '?')
    .slice(0, 64)
