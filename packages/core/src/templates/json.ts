import { cutText, joinParts, needsNoPlaceholder, type Part, type WriteValue } from './parts.ts'
import type { CardValue, PlaceholderSyntax } from './syntax.ts'

/** JSON with its numbers as they were written, so that `10.00` stays `10.00`. */
export type JsonSource =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'array'; readonly items: readonly JsonSource[] }
  | { readonly type: 'object'; readonly entries: readonly (readonly [string, JsonSource])[] }

export type JsonNode =
  | { readonly type: 'parts'; readonly parts: readonly Part[] }
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'array'; readonly items: readonly JsonNode[] }
  | { readonly type: 'object'; readonly entries: readonly (readonly [string, JsonNode])[] }

export const parseJsonNode = (
  source: JsonSource,
  syntax: PlaceholderSyntax,
  uses: Set<CardValue>,
): JsonNode => {
  switch (source.type) {
    case 'literal':
      return source
    case 'array':
      return { type: 'array', items: source.items.map((item) => parseJsonNode(item, syntax, uses)) }
    case 'object':
      return {
        type: 'object',
        entries: source.entries.map(([key, value]) => [
          needsNoPlaceholder(key, syntax),
          parseJsonNode(value, syntax, uses),
        ]),
      }
    case 'text':
      return { type: 'parts', parts: cutText(source.text, syntax, uses) }
  }
}

export const renderJsonNode = (node: JsonNode, write: WriteValue): string => {
  switch (node.type) {
    case 'literal':
      return node.text
    case 'array':
      return `[${node.items.map((item) => renderJsonNode(item, write)).join(',')}]`
    case 'object':
      return `{${node.entries.map(([key, value]) => `${JSON.stringify(key)}:${renderJsonNode(value, write)}`).join(',')}}`
    case 'parts': {
      const [only] = node.parts
      if (node.parts.length === 1 && typeof only === 'object' && only.form === 'int') return write(only)
      return JSON.stringify(joinParts(node.parts, write))
    }
  }
}
