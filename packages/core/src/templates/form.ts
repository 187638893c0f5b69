import { cutText, joinParts, needsNoPlaceholder, type Part, type WriteValue } from './parts.ts'
import type { CardValue, PlaceholderSyntax } from './syntax.ts'

/** The fields of a form in their order, decoded; a name may come several times. */
export interface FormSource {
  readonly type: 'form'
  readonly fields: readonly (readonly [name: string, value: string])[]
}

export interface FormNode {
  readonly type: 'form'
  readonly fields: readonly (readonly [name: string, value: readonly Part[]])[]
}

export const parseFormNode = (
  { fields }: FormSource,
  syntax: PlaceholderSyntax,
  uses: Set<CardValue>,
): FormNode => ({
  type: 'form',
  fields: fields.map(([name, value]) => [needsNoPlaceholder(name, syntax), cutText(value, syntax, uses)]),
})

/** As `application/x-www-form-urlencoded` (WHATWG URL, 5.2). Each value is escaped whole, so none begins another field. */
export const renderFormNode = ({ fields }: FormNode, write: WriteValue): string =>
  fields
    .map(([name, value]) => `${escapeFormText(name)}=${escapeFormText(joinParts(value, write))}`)
    .join('&')

const escapeFormText = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

/** Half of a surrogate pair has no UTF-8. */
export const canStandInForm = (value: string): boolean => !/\p{Surrogate}/u.test(value)
