import type { JsonSource } from '@cardkeep/core/templates/json'

/** What `readStrictJson` read with its numbers kept, as the core's templates want it. */
export const toJsonSource = (value: unknown): JsonSource => {
  if (typeof value === 'string') return { type: 'text', text: value }
  if (Array.isArray(value)) return { type: 'array', items: value.map(toJsonSource) }
  if (typeof value === 'object' && value !== null && !JSON.isRawJSON(value))
    return {
      type: 'object',
      entries: Object.entries(value).map(([key, child]) => [key, toJsonSource(child)]),
    }
  return { type: 'literal', text: JSON.stringify(value) }
}
