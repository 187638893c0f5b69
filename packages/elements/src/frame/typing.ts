import { deleteDigit, reformat } from './caret.ts'
import { digitsIn } from './digits.ts'

/** Keeps what is typed, pasted or filled into an input in its form, with the caret where it belongs. */
export const keepForm = (
  input: HTMLInputElement,
  format: (text: string, isDeleting: boolean) => string,
  changed: () => void,
): void => {
  /** How many digits there were; what they were is not remembered. */
  let countBefore = 0
  const settle = (kind: string) => {
    const isDeleting = kind.startsWith('delete')
    const found = { text: input.value, caret: input.selectionStart ?? input.value.length }
    const isOnlySpace = isDeleting && found.text !== '' && digitsIn(found.text).length === countBefore
    const edit = isOnlySpace ? deleteDigit(found, kind.endsWith('Forward') ? 'forward' : 'backward') : found
    const next = reformat(edit, (text) => format(text, isDeleting))
    if (next.text !== input.value) input.value = next.text
    if (document.activeElement === input) input.setSelectionRange(next.caret, next.caret)
    changed()
  }
  input.addEventListener('beforeinput', () => {
    countBefore = digitsIn(input.value).length
  })
  input.addEventListener('input', (event) => {
    // Characters that are still being composed belong to the keyboard.
    const { inputType = '', isComposing = false } = event as Partial<InputEvent>
    if (!isComposing) settle(inputType)
  })
  input.addEventListener('compositionend', () => settle(''))
}
