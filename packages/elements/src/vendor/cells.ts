import { type Content, faultOf, isKnown } from './change.ts'
import type { Texts } from './from-page.ts'
import { type ToPage, toldKeys } from './to-page.ts'
import type { Part } from './words.ts'

/** An input of a field, and what belongs into it. */
export interface Cell {
  readonly part: Part
  readonly input: HTMLInputElement
}

export const textsOf = (cells: readonly Cell[]): Texts =>
  Object.fromEntries(cells.map(({ part, input }) => [part, input.value]))

/** States that styles and readers of screens tell apart. */
export const showState = ({ part, input }: Cell, content: Content): void => {
  const isFixed = isKnown(part, content.options)
  const fault = isFixed ? undefined : faultOf(part, content)
  // Whoever is still typing is not told that something is missing.
  const isTyping = fault === 'NOT_COMPLETE' && document.activeElement === input
  const isInvalid = fault !== undefined && fault !== 'EMPTY' && !isTyping
  input.disabled = isFixed || content.options.disabled === true
  input.setAttribute('aria-invalid', String(isInvalid))
  input.classList.toggle('empty', fault === 'EMPTY')
  input.classList.toggle('invalid', isInvalid)
  input.classList.toggle('complete', fault === undefined)
}

interface Hearers {
  readonly show: () => void
  readonly tell: (told: ToPage) => void
}

export const listen = ({ input }: Cell, { show, tell }: Hearers): void => {
  for (const type of ['focus', 'blur'] as const)
    input.addEventListener(type, () => {
      show()
      tell({ type })
    })
  input.addEventListener('keydown', ({ key: pressed, altKey, ctrlKey, shiftKey, metaKey }) => {
    const key = toldKeys.find((one) => one === pressed)
    if (key) tell({ type: 'keydown', data: { key, altKey, ctrlKey, shiftKey, metaKey } })
  })
}

/** There is one for the whole field: of a card it is the number's. */
export const setPlaceholder = ([first]: readonly Cell[], text: string): void => {
  if (first) first.input.placeholder = text
}

/** The name of one input is its own; of three, that of all together. */
export const setLabel = (node: HTMLElement, [first, ...others]: readonly Cell[], text: string): void => {
  const isAlone = first !== undefined && others.length === 0
  if (!isAlone) node.setAttribute('role', 'group')
  const named = isAlone ? first.input : node
  named.setAttribute('aria-label', text)
}
