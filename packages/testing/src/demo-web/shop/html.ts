/** Markup that may be sent as it is: written in the source, or escaped on its way in. */
export interface Markup {
  readonly [text]: string
}

const text: unique symbol = Symbol('markup')

/** What may be put into markup. What is absent leaves nothing behind. */
export type Insert = string | number | Markup | readonly Insert[] | undefined

/** The only way to make markup: whatever is put in and is not markup itself is escaped, for text and quoted attributes. */
export const html = (parts: TemplateStringsArray, ...inserts: readonly Insert[]): Markup => ({
  [text]: parts.map((part, at) => part + spell(inserts[at])).join(''),
})

export const printMarkup = (markup: Markup): string => markup[text]

const spell = (insert: Insert): string => {
  if (insert === undefined) return ''
  if (typeof insert === 'string' || typeof insert === 'number') return escape(String(insert))
  return isMarkup(insert) ? insert[text] : insert.map(spell).join('')
}

const isMarkup = (insert: Markup | readonly Insert[]): insert is Markup => text in insert

const escape = (raw: string): string => raw.replace(/[&<>"']/g, (sign) => entities.get(sign) ?? sign)

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])
