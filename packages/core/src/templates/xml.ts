import {
  cutText,
  joinParts,
  needsNoPlaceholder,
  type Part,
  UnknownPlaceholder,
  type WriteValue,
} from './parts.ts'
import type { CardValue, PlaceholderSyntax } from './syntax.ts'

/**
 * A well-formed document, cut by what stands where. `tag` is markup as it is to be written; `aside` is a declaration, a
 * comment or a processing instruction as it is to be written; the others are decoded: the text of elements, the value of
 * an attribute between its quotation marks, and what a CDATA section holds.
 */
export interface XmlPiece {
  readonly type: 'tag' | 'aside' | 'text' | 'attribute' | 'cdata'
  readonly text: string
}

export interface XmlSource {
  readonly type: 'xml'
  readonly pieces: readonly XmlPiece[]
}

type XmlPart =
  | { readonly type: 'markup'; readonly text: string }
  | { readonly type: XmlContext; readonly parts: readonly Part[] }

type XmlContext = 'text' | 'attribute' | 'cdata'

export interface XmlNode {
  readonly type: 'xml'
  readonly content: readonly XmlPart[]
}

export const parseXmlNode = (
  { pieces }: XmlSource,
  syntax: PlaceholderSyntax,
  uses: Set<CardValue>,
): XmlNode => {
  needsWholePlaceholders(pieces, syntax)
  return {
    type: 'xml',
    content: pieces.map(({ type, text }) =>
      type === 'tag' || type === 'aside'
        ? { type: 'markup', text: needsNoPlaceholder(text, syntax) }
        : { type, parts: cutText(text, syntax, uses) },
    ),
  }
}

/** The text of one element may come in several pieces; whoever reads it puts them together, and would find a placeholder. */
const needsWholePlaceholders = (pieces: readonly XmlPiece[], { open }: PlaceholderSyntax): void => {
  let end = ''
  for (const { type, text } of pieces) {
    if (type === 'tag') end = ''
    if (type !== 'text' && type !== 'cdata') continue
    const seam = end + text.slice(0, open.length - 1)
    if (seam.includes(open)) throw new UnknownPlaceholder(seam)
    end = (end + text).slice(1 - open.length)
  }
}

export const renderXmlNode = ({ content }: XmlNode, write: WriteValue): string =>
  content
    .map((part) => (part.type === 'markup' ? part.text : escapes[part.type](joinParts(part.parts, write))))
    .join('')

/**
 * A text is escaped whole: what ends a CDATA section may begin in the template and end in a value. White space that a
 * reader of XML would change is written as a reference (XML 1.0, 2.11 and 3.3.3).
 */
const escapes: Readonly<Record<XmlContext, (text: string) => string>> = {
  text: (text) => text.replace(/[&<>\r]/g, refer),
  attribute: (text) => text.replace(/[&<>"'\t\n\r]/g, refer),
  cdata: (text) =>
    `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>').replaceAll('\r', ']]>&#13;<![CDATA[')}]]>`,
}

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

const refer = (character: string): string => named[character] ?? `&#${character.charCodeAt(0)};`

/** Char of XML 1.0, 2.2: what is not in it cannot be written, not even as a reference. */
export const canStandInXml = (value: string): boolean =>
  /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(value)
