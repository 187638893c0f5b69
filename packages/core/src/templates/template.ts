import { done, ok, type Result, refuse } from '../kernel/result.ts'
import { Secret } from '../kernel/secret.ts'
import type { Instrument } from '../tokens/instrument.ts'
import { canStandInForm, type FormNode, type FormSource, parseFormNode, renderFormNode } from './form.ts'
import { valueOf } from './instrument-values.ts'
import { type JsonNode, type JsonSource, parseJsonNode, renderJsonNode } from './json.ts'
import { UnknownPlaceholder, type WriteValue } from './parts.ts'
import type { CardValue, PlaceholderSyntax } from './syntax.ts'
import { canStandInXml, parseXmlNode, renderXmlNode, type XmlNode, type XmlSource } from './xml.ts'

/*
 * A template is parsed once, whole, before anything is looked up: a placeholder that is not in the dialect's table, or
 * one that is not closed, refuses the request. What has been parsed and checked against its card can always be
 * rendered, so a provider never sees an alias or an empty string in the place of a card.
 */

export type TemplateSource = JsonSource | FormSource | XmlSource

export interface Template {
  readonly root: JsonNode | FormNode | XmlNode
  /** Which values it needs. */
  readonly uses: ReadonlySet<CardValue>
}

export interface TemplateRefusal {
  readonly type: 'UnknownPlaceholder'
  /** As it stands in the template, at most 64 characters of it. */
  readonly placeholder: string
}

export const parseTemplate = (
  source: TemplateSource,
  syntax: PlaceholderSyntax,
): Result<Template, TemplateRefusal> => {
  const uses = new Set<CardValue>()
  try {
    return ok({ root: parseRoot(source, syntax, uses), uses })
  } catch (error) {
    if (error instanceof UnknownPlaceholder)
      return refuse({ type: 'UnknownPlaceholder', placeholder: error.placeholder })
    throw error
  }
}

const parseRoot = (
  source: TemplateSource,
  syntax: PlaceholderSyntax,
  uses: Set<CardValue>,
): Template['root'] => {
  switch (source.type) {
    case 'form':
      return parseFormNode(source, syntax, uses)
    case 'xml':
      return parseXmlNode(source, syntax, uses)
    default:
      return parseJsonNode(source, syntax, uses)
  }
}

/**
 * Whether the card or account has this value, in a form that can stand where the template wants it. A code is not looked
 * at: it belongs to a card, and only who takes one knows whether it is held. To be asked before a code is taken.
 */
export const canGive = ({ root }: Template, instrument: Instrument, value: CardValue): boolean => {
  if (value === 'code') return instrument.type === 'card'
  const text = valueOf(instrument, { value, form: 'given' }, undefined)
  if (text === undefined) return false
  return root.type === 'form' ? canStandInForm(text) : root.type === 'xml' ? canStandInXml(text) : true
}

export interface MissingValue {
  readonly type: 'ValueNotInToken'
  readonly value: CardValue
}

/** Whether the card or account has all that the template needs, but for a code. */
export const checkValues = (template: Template, instrument: Instrument): Result<void, MissingValue> => {
  const value = [...template.uses].find((wanted) => !canGive(template, instrument, wanted))
  return value ? refuse({ type: 'ValueNotInToken', value }) : done
}

/** The body in its own format, every value escaped for where it stands. Precondition: `checkValues` had nothing against it. */
export const renderTemplate = ({ root }: Template, write: WriteValue): Secret<string> => {
  switch (root.type) {
    case 'form':
      return new Secret(renderFormNode(root, write))
    case 'xml':
      return new Secret(renderXmlNode(root, write))
    default:
      return new Secret(renderJsonNode(root, write))
  }
}
