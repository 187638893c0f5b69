import type { Dialect } from '../dialect.ts'
import type { Part } from './part.ts'

/** Headers of answers, by their lower-case names. Throws for one that is not described here. */
export const headerRefs = (names: readonly string[], required = true): Part =>
  Object.fromEntries(
    names.map((name) => {
      const known = headers[name]
      // Precondition: a header that routes answer with is described here.
      if (!known) throw new Error(`no description of the header ${name}`)
      return [name, required ? { ...known, required } : known]
    }),
  )

const headers: Readonly<Record<string, Part>> = {
  'x-request-id': {
    description: 'Names this request in the log and in the audit log',
    schema: { type: 'string', format: 'uuid' },
  },
  'retry-after': { description: 'Seconds to wait', schema: { type: 'integer', minimum: 0 } },
  'www-authenticate': { description: 'How to show who calls', schema: { type: 'string' } },
  'cardkeep-network-tokens': {
    description: 'Who issued the network token that is told of; `simulator`: nobody that a scheme knows',
    schema: { type: 'string' },
  },
  'cardkeep-cvv': {
    description: 'Only where nothing was compared, because too many were wrong before',
    schema: { type: 'string', const: 'locked' },
  },
  'cardkeep-refusal': { description: 'Which refusal it is', schema: { type: 'string' } },
  'cardkeep-sent': {
    description: 'Whether anything of the request left for the provider; only after `no` a retry is safe',
    schema: { type: 'string', enum: ['yes', 'no', 'unknown'] },
  },
}

/** Those that a dialect has on each of its answers, always with the same value. */
export const fixedHeaders = ({ headers = {} }: Dialect): Part =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      {
        description: 'The same on every answer of this API',
        required: true,
        schema: { type: 'string', const: value },
      },
    ]),
  )
