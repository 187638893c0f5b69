import type { CardValue, Placeholder, PlaceholderSyntax } from './syntax.ts'

/** A text cut at its placeholders. */
export type Part = string | Placeholder

/** Writes one value of the card or account; it is asked only for values that the template uses. */
export type WriteValue = (placeholder: Placeholder) => string

/** Cuts a text at its placeholders and notes which values they need. Throws `UnknownPlaceholder`. */
export const cutText = (
  text: string,
  { open, close, table }: PlaceholderSyntax,
  uses: Set<CardValue>,
): readonly Part[] => {
  const parts: Part[] = []
  let at = 0
  for (;;) {
    const from = text.indexOf(open, at)
    if (from < 0) break
    const to = text.indexOf(close, from + open.length)
    if (to < 0) throw new UnknownPlaceholder(text.slice(from))
    const name = bareName(text.slice(from + open.length, to))
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

/** White space around a name, and around the bar before a filter, says nothing. */
export const bareName = (text: string): string =>
  text
    .split('|')
    .map((word) => word.trim())
    .join(' | ')

/** For where a value would be looked for by nobody: in keys, names and comments. */
export const needsNoPlaceholder = (text: string, { open }: PlaceholderSyntax): string => {
  const at = text.indexOf(open)
  if (at >= 0) throw new UnknownPlaceholder(text)
  return text
}

export const joinParts = (parts: readonly Part[], write: WriteValue): string =>
  parts.map((part) => (typeof part === 'string' ? part : write(part))).join('')

/** Thrown only inside `parseTemplate`: a tree is walked far more simply without a result at every branch. */
export class UnknownPlaceholder extends Error {
  /** At most 64 characters of what stands there. */
  readonly placeholder: string

  constructor(placeholder: string) {
    super('unknown placeholder')
    this.placeholder = placeholder.slice(0, 64)
  }
}
