/** A part of a text: from its first position up to, and without, its last. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** In order, those that touch or overlap as one. */
export const mergeSpans = (spans: readonly Span[]): readonly Span[] => {
  const merged: Span[] = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && span.from <= last.to)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
    else merged.push(span)
  }
  return merged
}

/** The text with each span replaced by what `cover` makes of it. The spans are in order and do not overlap. */
export const coverSpans = (text: string, spans: readonly Span[], cover: (part: string) => string): string => {
  if (spans.length === 0) return text
  const parts: string[] = []
  let at = 0
  for (const { from, to } of spans) {
    parts.push(text.slice(at, from), cover(text.slice(from, to)))
    at = to
  }
  parts.push(text.slice(at))
  return parts.join('')
}

/** Asterisks of the same length. */
export const star = (part: string): string => '*'.repeat(part.length)
