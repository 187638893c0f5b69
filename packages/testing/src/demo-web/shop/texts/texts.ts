import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { ja } from './ja.ts'
import { pt } from './pt.ts'

/** Everything that the shop says, in one language. */
export interface Texts {
  readonly language: string
  readonly notice: string
  readonly skip: string
  readonly navigation: {
    readonly label: string
    readonly account: string
    readonly languages: string
    readonly appearance: string
    readonly light: string
    readonly dark: string
  }
  readonly product: {
    readonly kind: string
    readonly name: string
    readonly lead: string
    readonly story: string
    readonly picture: string
    readonly buy: string
    readonly buyAgain: string
    readonly delivery: string
    readonly facts: readonly (readonly [name: string, value: string])[]
  }
  readonly checkout: {
    readonly title: string
    readonly summary: string
    readonly deliveryFree: string
    readonly total: string
    readonly name: string
    readonly card: string
    readonly pay: (amount: string) => string
    readonly paying: string
    readonly incomplete: string
    readonly kept: string
    readonly private: string
    readonly useOther: string
  }
  readonly again: { readonly title: string; readonly lead: string; readonly incomplete: string }
  readonly testCards: {
    readonly title: string
    readonly lead: string
    readonly approved: string
    readonly declined: string
    readonly withoutFunds: string
    readonly fourDigits: string
    readonly rest: string
    readonly copied: string
  }
  readonly order: {
    readonly title: string
    readonly lead: string
    readonly number: string
    readonly paidWith: string
    readonly next: string
  }
  readonly account: {
    readonly title: string
    readonly card: string
    readonly expires: string
    readonly again: string
    readonly remove: string
    readonly orders: string
    readonly empty: string
    readonly emptyLead: string
  }
  readonly problem: {
    readonly declined: string
    readonly doNotHonor: string
    readonly withoutFunds: string
    readonly tryAgain: string
    readonly notSent: string
    readonly unclear: string
    readonly session: string
    readonly field: string
    readonly reload: string
    readonly notFound: string
    readonly broken: string
    readonly home: string
  }
}

export const languages = { en, de, es, fr, pt, ja } as const satisfies Readonly<Record<string, Texts>>

export type Language = keyof typeof languages

export const isLanguage = (text: string | undefined): text is Language =>
  text !== undefined && Object.hasOwn(languages, text)
