import { keepForm } from '../frame/typing.ts'
import { type Cell, listen, setLabel, setPlaceholder, showState, textsOf } from './cells.ts'
import { type Content, describeChange, isKnown, schemeOf } from './change.ts'
import type { FromPage, Options } from './from-page.ts'
import { createInput, setAutocomplete } from './input.ts'
import { partRules } from './part-rules.ts'
import { createSheet, ownStyle } from './sheet.ts'
import { mergeStyles } from './style.ts'
import type { ToPage } from './to-page.ts'
import { type FieldType, type Part, partsOf } from './words.ts'

/** What is on the screen: one input, or the three of a card. */
export interface Field {
  readonly node: HTMLElement
  readonly hear: (message: FromPage) => void
}

export interface FieldParts {
  readonly field: FieldType
  readonly tell: (told: ToPage) => void
  readonly now: () => number
}

export const createField = ({ field, tell, now }: FieldParts): Field => {
  const cells: readonly Cell[] = partsOf[field].map((part) => ({ part, input: createInput(part) }))
  const node = document.createElement('div')
  node.className = 'row'
  node.append(...cells.map(({ input }) => input))
  let options: Options = {}

  const content = (): Content => ({ field, texts: textsOf(cells), options, nowMs: now() })
  const enabled = () => cells.map(({ input }) => input).filter((input) => !input.disabled)
  const show = (): void => {
    const shown = content()
    for (const cell of cells) showState(cell, shown)
  }
  const changed = (): void => {
    show()
    tell({ type: 'change', data: describeChange(content()) })
  }

  const update = (wanted: Options): void => {
    options = { ...options, ...wanted, style: mergeStyles(options.style ?? {}, wanted.style ?? {}) }
    if (wanted.style) document.adoptedStyleSheets = [createSheet(ownStyle), createSheet(options.style ?? {})]
    for (const cell of cells) {
      if (wanted.autocomplete) setAutocomplete(cell.input, cell.part, wanted.autocomplete)
      const text = wanted.values?.[cell.part]
      if (text !== undefined) cell.input.value = fill(cell.part, text, content())
    }
    if (wanted.placeholder !== undefined) setPlaceholder(cells, wanted.placeholder)
    if (wanted.ariaLabel !== undefined) setLabel(node, cells, wanted.ariaLabel)
    show()
    if (wanted.autofocus) enabled()[0]?.focus()
    if (mattersTo(wanted)) changed()
  }

  for (const cell of cells) {
    const { part, input } = cell
    listen(cell, { show, tell })
    // A text stays as it is typed: there are no digits by which to find its caret again.
    if (part === 'text') input.addEventListener('input', changed)
    else
      keepForm(
        input,
        (text, isDeleting) => partRules[part].format(text, { scheme: schemeOf(content()), isDeleting }),
        changed,
      )
  }
  document.adoptedStyleSheets = [createSheet(ownStyle)]
  show()

  const orders: Readonly<Record<Exclude<FromPage['type'], 'update'>, () => void>> = {
    focus: () => enabled()[0]?.focus(),
    blur: () => enabled().forEach((input) => input.blur()),
    // What the vault knows stays to be seen.
    clear: () => {
      for (const input of enabled()) input.value = ''
      changed()
    },
  }
  return {
    node,
    hear: (message) => (message.type === 'update' ? update(message.options) : orders[message.type]()),
  }
}

/** A number that is known comes with stars in it, and is shown as it comes. */
const fill = (part: Part, text: string, content: Content): string =>
  isKnown(part, content.options)
    ? text
    : partRules[part].format(text, { scheme: schemeOf(content), isDeleting: false })

/** Whether what is typed may be judged otherwise from now on. */
const mattersTo = ({ values, cvcOnly, cardType, brands }: Options): boolean =>
  [values, cvcOnly, cardType, brands].some((option) => option !== undefined)
