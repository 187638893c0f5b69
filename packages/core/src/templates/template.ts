import { ok, type Result, refuse } from '../kernel/result.ts'
import { Secret } from '../kernel/secret.ts'
import type { CardValue, Placeholder, PlaceholderSyntax } from './syntax.ts'

/*
 * A template is parsed once, whole, before anything is looked up: a placeholder that is not in the dialect's table, or
 * one that is not closed, refuses the request. What has been parsed can always be rendered, so a provider never sees
 * an alias or an empty string in the place of a card.
 */

/** JSON with its numbers as they were written, so that `10.00` stays `10.00`. */
export type JsonSource =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'array'; readonly items: readonly JsonSource[] }
  | { readonly type: 'object'; readonly entries: readonly (readonly [string, JsonSource])[] }

type Part = string | Placeholder

type Node =
  | { readonly type: 'parts'; readonly parts: readonly Part[] }
  | { readonly type: 'literal'; readonly text: string }
  | { readonly type: 'array'; readonly items: readonly Node[] }
  | { readonly type: 'object'; readonly entries: readonly (readonly [string, Node])[] }

export interface Template {
  readonly root: Node
  /** Which values it needs. */
  readonly uses: ReadonlySet<CardValue>
}

export interface TemplateRefusal {
  readonly type: 'UnknownPlaceholder'
  /** As it stands in the template, at most 64 characters of it. */
  readonly placeholder: string
}

export const parseTemplate = (
  source: JsonSource,
  syntax: PlaceholderSyntax,
): Result<Template, TemplateRefusal> => {
  const uses = new Set<CardValue>()
  try {
    return ok({ root: parseNode(source, syntax, uses), uses })
  } catch (error) {
    if (error instanceof UnknownPlaceholder)
      return refuse({ type: 'UnknownPlaceholder', placeholder: error.placeholder })
    throw error
  }
}

/** Writes one value of the card; it is asked only for values in `uses`. */
export type WriteValue = (placeholder: Placeholder) => string

/** The body as JSON. Values are escaped for where they stand. */
export const renderJson = (template: Template, write: WriteValue): Secret<string> =>
  new Secret(renderNode(template.root, write))

const renderNode = (node: Node, write: WriteValue): string => {
  switch (node.type) {
    case 'literal':
      return node.text
    case 'array':
      return `[${node.items.map((item) => renderNode(item, write)).join(',')}]`
    case 'object':
      return `{${node.entries.map(([key, value]) => `${JSON.stringify(key)}:${renderNode(value, write)}`).join(',')}}`
    case 'parts': {
      const [only] = node.parts
      if (node.parts.length === 1 && typeof only === 'object' && only.form === 'int') return write(only)
      return JSON.stringify(
        node.parts.map((part) => (typeof part === 'string' ? part : write(part))).join(''),
      )
    }
  }
}

/** Thrown only inside `parseTemplate`: a tree is walked far more simply without a result at every branch. */
class UnknownPlaceholder extends Error {
  readonly placeholder: string

  constructor(placeholder: string) {
    super('unknown placeholder')
    this.placeholder = placeholder.slice(0, 64)
  }
}

const parseNode = (source: JsonSource, syntax: PlaceholderSyntax, uses: Set<CardValue>): Node => {
  switch (source.type) {
    case 'literal':
      return source
    case 'array':
      return { type: 'array', items: source.items.map((item) => parseNode(item, syntax, uses)) }
    case 'object':
      return {
        type: 'object',
        entries: source.entries.map(([key, value]) => {
          // Card data in a key would be looked for by nobody.
          if (key.includes(syntax.open)) throw new UnknownPlaceholder(key)
          return [key, parseNode(value, syntax, uses)]
        }),
      }
    case 'text':
      return { type: 'parts', parts: parseText(source.text, syntax, uses) }
  }
}

const parseText = (text: string, { open, close, table }: PlaceholderSyntax, uses: Set<CardValue>): Part[] => {
  const parts: Part[] = []
  let at = 0
  for (;;) {
    const from = text.indexOf(open, at)
    if (from < 0) break
    const to = text.indexOf(close, from + open.length)
    if (to < 0) throw new UnknownPlaceholder(text.slice(from))
    const name = text.slice(from + open.length, to).trim()
    const placeholder = Object.hasOwn(table, name) ? table[name] : undefined
    if (!placeholder) throw new UnknownPlaceholder(text.slice(from, to + close.length))
    if (from > at) parts.push(text.slice(at, from))
    parts.push(placeholder)
    uses.add(placeholder.value)
    at = to + close.length
  }
  if (at < text.length || parts.length === 0) parts.push(text.slice(at))
  return parts
}
