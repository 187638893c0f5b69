import type { Part } from './words.ts'

interface Manner {
  readonly label: string
  readonly placeholder: string
  readonly autocomplete: AutoFill
  readonly inputMode: 'numeric' | 'text'
}

const manners: Readonly<Record<Part, Manner>> = {
  cardNumber: {
    label: 'Card number',
    placeholder: '1234 1234 1234 1234',
    autocomplete: 'cc-number',
    inputMode: 'numeric',
  },
  cardExpirationDate: {
    label: 'Expiry date',
    placeholder: 'MM / YY',
    autocomplete: 'cc-exp',
    inputMode: 'numeric',
  },
  cardVerificationCode: {
    label: 'Security code',
    placeholder: 'CVC',
    autocomplete: 'cc-csc',
    inputMode: 'numeric',
  },
  text: { label: 'Text', placeholder: '', autocomplete: 'on', inputMode: 'text' },
}

/** Room for a name or a line of an address, and for any number however it is spaced. */
const longestText = 120

/** An input as it is before the SDK has said anything of it. */
export const createInput = (part: Part): HTMLInputElement => {
  const { label, placeholder, autocomplete, inputMode } = manners[part]
  const input = document.createElement('input')
  Object.assign(input, { type: 'text', className: part, maxLength: longestText })
  Object.assign(input, { placeholder, autocomplete, inputMode })
  // As an attribute: Firefox knows no property for it before version 119.
  input.setAttribute('aria-label', label)
  // Some browsers send what is typed to a service that looks for slips in it.
  Object.assign(input, { spellcheck: false, autocapitalize: 'off' })
  return input
}

export const setAutocomplete = (input: HTMLInputElement, part: Part, wanted: 'on' | 'off'): void => {
  input.autocomplete = wanted === 'off' ? 'off' : manners[part].autocomplete
}
