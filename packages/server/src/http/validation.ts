import type { Refusal } from '@cardkeep/core/errors'
import type { FastifySchemaValidationError } from 'fastify'
import { spellBack } from '../log/spell-back.ts'

/** The first thing that a schema has against a body or a query, as a refusal that names the field. */
export const refusalOfValidation = (
  [first]: readonly FastifySchemaValidationError[],
  context: string | undefined,
): Refusal => {
  const path = first?.instancePath.split('/').filter(Boolean) ?? []
  const { missingProperty, additionalProperty, propertyName } = first?.params ?? {}
  if (typeof missingProperty === 'string') return { type: 'MissingField', field: missingProperty }
  const named = additionalProperty ?? propertyName ?? path.at(-1)
  if (typeof named === 'string') return { type: 'InvalidField', field: readable(named) }
  return context === 'body'
    ? { type: 'BodyNotReadable' }
    : { type: 'InvalidField', field: context ?? 'request' }
}

/** A caller chooses the names of unknown fields; they come back short and without card numbers, spaced ones included. */
const readable = (name: string): string =>
  spellBack(name)
    .replaceAll(/[^\w.-]/g, '?')
    .slice(0, 64)
