/*
 * What a merchant's page sees of the elements: their declarations are this file, as it stands. It imports nothing and
 * holds types only. No type in it has a place for a card number or a security code.
 */

/** `card`: number, expiry and code of a new card. `code`: only the code of a card that the vault knows. */
export type ElementKind = 'card' | 'code'

export type FieldName = 'number' | 'expiry' | 'code'

export type CardBrand =
  | 'visa'
  | 'mastercard'
  | 'amex'
  | 'discover'
  | 'diners'
  | 'jcb'
  | 'unionpay'
  | 'maestro'
  | 'elo'
  | 'hipercard'
  | 'mir'
  | 'rupay'
  | 'troy'
  | 'verve'

/**
 * What is wrong with a field: nothing in it, not all of it yet, a number that is no card's or a month that there is
 * not, or a card that is past its time.
 */
export type FieldError = 'empty' | 'incomplete' | 'invalid' | 'expired'

/** Colours are `#rgb`, `#rrggbb` with or without alpha, `rgb(…)` or `hsl(…)`; sizes are numbers of `px` or `rem`. */
export interface AppearanceVariables {
  readonly colorText?: string
  readonly colorLabel?: string
  readonly colorPlaceholder?: string
  readonly colorBackground?: string
  readonly colorBorder?: string
  /** The focused field. */
  readonly colorAccent?: string
  readonly colorError?: string
  /** Names out of the list in the documentation, with commas between them. The frame loads no fonts. */
  readonly fontFamily?: string
  readonly fontSize?: string
  readonly labelSize?: string
  /** 100 to 900, in hundreds. */
  readonly labelWeight?: string
  readonly borderRadius?: string
  readonly borderWidth?: string
  /** Between fields. */
  readonly spacing?: string
  /** Inside a field, above and below its text, and half as much again at its sides. */
  readonly padding?: string
}

export interface Appearance {
  /** As the page's own `color-scheme` says where it is not given; `auto` follows the visitor's system. */
  readonly theme?: 'light' | 'dark' | 'auto'
  readonly variables?: AppearanceVariables
}

export interface ElementsOptions {
  /** Where the vault is reached: `https://vault.example`. Plain `http` only on the visitor's own machine. */
  readonly vaultUrl: string
  /** As the vault answered when your server opened the session. */
  readonly sessionId: string
  /** A language tag, such as `pt-BR`. The language of the page where it is not given. */
  readonly locale?: string
  readonly appearance?: Appearance
  /** How long an element may take to be ready; 10,000 where it is not given. */
  readonly deadlineMs?: number
}

export interface ElementOptions {
  readonly labels?: Readonly<Partial<Record<FieldName, string>>>
  readonly placeholders?: Readonly<Partial<Record<FieldName, string>>>
}

export interface ElementState {
  /** Nothing is typed into any field. */
  readonly empty: boolean
  /** Every field is filled and right: the element can be sent. */
  readonly complete: boolean
  /** No field shows an error. */
  readonly valid: boolean
  /** As far as the first digits tell. */
  readonly brand?: CardBrand
  /** The errors that are shown. */
  readonly errors: Readonly<Partial<Record<FieldName, FieldError>>>
}

/**
 * `blocked`: the browser did not let the frame in, or the frame did not let this page in. `timeout`: the vault did not
 * answer in time. `session`: it is over, was answered, or asks for something else. `protocol`: the two sides do not
 * understand each other.
 */
export type LoadErrorReason = 'blocked' | 'timeout' | 'session' | 'protocol'

export interface LoadError {
  readonly reason: LoadErrorReason
  /** In English, for whoever builds the page. */
  readonly message: string
}

/** What is told with each event. */
export interface ElementEvents {
  readonly ready: undefined
  readonly change: ElementState
  readonly focus: { readonly field: FieldName }
  readonly blur: { readonly field: FieldName }
  /** Enter was pressed in a field. */
  readonly submit: undefined
  readonly loaderror: LoadError
}

/**
 * `invalid`: a field is empty or wrong; the element shows which, and has the focus. `busy`: an earlier call is under
 * way. `not ready`: no element of the right kind is mounted and ready. `session`: it is over, or was answered before.
 * `refused`: the vault does not take this card or code. `unreachable`: the vault could not be reached, or gave no
 * answer in time; call again, and what had arrived is not taken twice.
 */
export type FailureReason = 'invalid' | 'busy' | 'not ready' | 'session' | 'refused' | 'unreachable'

export type ElementResult =
  | { readonly status: 'success'; readonly tokenId: string }
  | {
      readonly status: 'failure'
      readonly reason: FailureReason
      /** In the language of the element, and fit for the visitor. */
      readonly message: string
    }

export interface CardkeepElement {
  readonly kind: ElementKind
  /** Into an element, or the first that a selector finds. Throws where it is mounted, or nothing is found. */
  mount(at: string | Element): void
  /** Takes the frame and all that was typed away; it can be mounted again. */
  unmount(): void
  /** Unmounts it for good, and lets another one be created. */
  destroy(): void
  focus(): void
  clear(): void
  /** Answers how to stop listening. */
  on<Name extends keyof ElementEvents>(name: Name, handler: (told: ElementEvents[Name]) => void): () => void
}

export interface CardkeepElements {
  /** One element at a time: a session asks for one thing. */
  create(kind: ElementKind, options?: ElementOptions): CardkeepElement
  /** Seals what was typed into the `card` element and sends it to the vault. Never rejects. */
  tokenize(details?: { readonly cardholderName?: string }): Promise<ElementResult>
  /** The same for the `code` element. */
  refreshCode(): Promise<ElementResult>
}

/** Throws a `TypeError` that names the option which is not right. */
export type CreateElements = (options: ElementsOptions) => CardkeepElements
