import { readAppearance } from './appearance.ts'
import type { Appearance, ElementKind, ElementOptions } from './public.ts'
import { type Read, readFields, readMatch, readOneOf, readSome, readText, readWhole } from './read.ts'

/** The one message that is posted to the window of a frame. A port comes with it, over which everything else goes. */
export interface Init {
  readonly type: 'cardkeep:init'
  readonly version: typeof protocolVersion
  readonly kind: ElementKind
  readonly locale: string
  readonly appearance: Appearance
  readonly labels: NonNullable<ElementOptions['labels']>
  readonly placeholders: NonNullable<ElementOptions['placeholders']>
}

/** What the page asks of a frame over the port. */
export type ToFrame =
  | { readonly type: 'focus' }
  | { readonly type: 'clear' }
  /** `call` comes back with the answer. */
  | { readonly type: 'send'; readonly call: number; readonly cardholderName?: string }

/** Both sides must speak the same; a page whose script is older or newer than the vault is told so. */
export const protocolVersion = 1

export const readKind = readOneOf(['card', 'code'])
export const readLocale = readMatch(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}$/)
export const readWords = readSome({ number: readText(80), expiry: readText(80), code: readText(80) })

export const readInit: Read<Init> = (value) => {
  const fields = readFields(value, [
    ...['type', 'version', 'kind', 'locale'],
    ...['appearance', 'labels', 'placeholders'],
  ])
  if (fields?.['type'] !== 'cardkeep:init' || fields['version'] !== protocolVersion) return undefined
  const kind = readKind(fields['kind'])
  const locale = readLocale(fields['locale'])
  const appearance = readAppearance(fields['appearance'])
  const labels = readWords(fields['labels'])
  const placeholders = readWords(fields['placeholders'])
  if (!kind || locale === undefined || !appearance || !labels || !placeholders) return undefined
  return { type: 'cardkeep:init', version: protocolVersion, kind, locale, appearance, labels, placeholders }
}

/** Whether it is meant for a frame at all, of whatever version; other scripts of the page post to windows as well. */
export const isInit = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'cardkeep:init'

export const readToFrame: Read<ToFrame> = (value) => {
  const fields = readFields(value, ['type', 'call', 'cardholderName'])
  const reader = readers.get(fields?.['type'])
  return fields && reader?.(fields)
}

const readers = new Map<unknown, (fields: Readonly<Record<string, unknown>>) => ToFrame | undefined>([
  ['focus', () => ({ type: 'focus' })],
  ['clear', () => ({ type: 'clear' })],
  [
    'send',
    (fields) => {
      const call = readWhole(1, Number.MAX_SAFE_INTEGER)(fields['call'])
      if (call === undefined) return undefined
      if (fields['cardholderName'] === undefined) return { type: 'send', call }
      const cardholderName = readName(fields['cardholderName'])
      return cardholderName === undefined ? undefined : { type: 'send', call, cardholderName }
    },
  ],
])

/** As many characters as a name on a card may have in any network, and then some. */
export const readName = readText(120)
