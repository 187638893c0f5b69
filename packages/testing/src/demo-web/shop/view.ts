import type { Customer } from './customers.ts'
import type { Markup } from './html.ts'
import type { Amount } from './payments.ts'
import type { Language, Texts } from './texts/texts.ts'

/** What every page knows. */
export interface View {
  readonly texts: Texts
  readonly language: Language
  readonly theme: Theme
  /** Of the page itself, so that a choice of language comes back to it. */
  readonly path: string
  readonly customer: Customer
  readonly price: Amount
  readonly elements: Elements
}

/** Follows the system unless the customer chose. */
export type Theme = 'auto' | 'light' | 'dark'

/** Where the page finds the vault's fields, and what their script must be. */
export interface Elements {
  readonly vaultUrl: string
  readonly scriptUrl: string
  /** `sha384-…` */
  readonly integrity: string
}

export interface Page {
  readonly title: string
  readonly main: Markup
  /** Whether the vault's script is needed. */
  readonly pays?: boolean
}

export const spellAmount = ({ value, currency }: Amount, language: Language): string =>
  new Intl.NumberFormat(language, { style: 'currency', currency }).format(value / 100)
