import type { FieldName } from '../protocol/public.ts'
import { make } from './dom.ts'
import { drawWarning } from './glyphs.ts'

/** One input with its label, what stands at its end, and its error. */
export interface Field {
  readonly name: FieldName
  readonly root: HTMLElement
  readonly input: HTMLInputElement
  showError(message: string | undefined): void
  /** Puts a drawing or a word at the end of the field. */
  mark(mark: Node): void
  /** Told to a screen reader with the field. */
  hint(text: string): void
}

export interface FieldParts {
  readonly name: FieldName
  readonly label: string
  readonly placeholder: string
  /** Ids of other elements that describe the field. */
  readonly describedBy?: readonly string[]
}

export const createField = ({ name, label, placeholder, describedBy = [] }: FieldParts): Field => {
  const [errorId, hintId] = [`${name}-error`, `${name}-hint`]
  const input = make('input', {
    ...attributes[name],
    ...common,
    id: name,
    placeholder,
    'aria-describedby': [...describedBy, hintId, errorId].join(' '),
  })
  const marked = make('span', { class: 'mark', 'aria-hidden': 'true' })
  const box = make('div', { class: 'box' }, input, marked)
  const error = make('p', { class: 'error', id: errorId, 'aria-live': 'polite' })
  const hint = make('span', { class: 'hidden', id: hintId })
  const root = make('div', { class: `field ${name}` }, make('label', { for: name }, label), box, error, hint)
  box.addEventListener('pointerdown', (event) => {
    if (event.target === input) return
    event.preventDefault()
    input.focus()
  })
  return {
    name,
    root,
    input,
    showError: (message) => {
      root.classList.toggle('wrong', message !== undefined)
      input.setAttribute('aria-invalid', String(message !== undefined))
      // Said once: writing the same words again would have them read again.
      if (error.textContent === (message ?? '')) return
      error.replaceChildren(...(message === undefined ? [] : [drawWarning(), make('span', {}, message)]))
    },
    mark: (mark) => marked.replaceChildren(mark),
    hint: (text) => {
      hint.textContent = text
    },
  }
}

const common = {
  type: 'text',
  inputmode: 'numeric',
  autocorrect: 'off',
  autocapitalize: 'off',
  spellcheck: 'false',
  'aria-invalid': 'false',
  'aria-required': 'true',
} as const

/**
 * The code is shown as it is typed: it has no check digit, so that whoever types it is the only one to notice a slip. As
 * a password it would be offered to password managers, which would store it.
 */
const attributes: Readonly<Record<FieldName, Readonly<Record<string, string>>>> = {
  number: { name: 'cardnumber', autocomplete: 'cc-number', enterkeyhint: 'next' },
  expiry: { name: 'cc-exp', autocomplete: 'cc-exp', enterkeyhint: 'next' },
  code: { name: 'cvc', autocomplete: 'cc-csc', enterkeyhint: 'done' },
}
