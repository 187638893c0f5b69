import type { CreateElements, ElementKind } from '../protocol/public.ts'
import { readKind, readName } from '../protocol/to-frame.ts'
import { fail } from './calls.ts'
import { createElement, type OwnElement } from './element.ts'
import { needs, needsElementOptions, needsOptions } from './options.ts'

/** For one session: the fields that it asks for, and what is done with them. */
export const createElements: CreateElements = (options) => {
  const settings = needsOptions(options)
  let current: OwnElement | undefined

  const send = async (kind: ElementKind, details: { readonly cardholderName?: string }) => {
    if (current?.handle.kind !== kind) return fail('not ready', `No ${kind} element is mounted and ready.`)
    return current.send(details)
  }

  return {
    create: (kind, elementOptions = {}) => {
      needs(readKind(kind) !== undefined, 'an element is a "card" or a "code"')
      needs(!current, 'there is an element for this session; destroy it first')
      const element = createElement({
        settings,
        kind,
        options: needsElementOptions(elementOptions),
        destroyed: () => {
          current = undefined
        },
      })
      current = element
      return element.handle
    },
    tokenize: async (details) => {
      // Also where a page that is not typed hands over `null`.
      const cardholderName = details?.cardholderName
      if (cardholderName === undefined) return send('card', {})
      if (readName(cardholderName) === undefined) return fail('invalid', 'cardholderName is too long.')
      return send('card', { cardholderName })
    },
    refreshCode: () => send('code', {}),
  }
}
