import type { Scheme } from '@cardkeep/core/cards/scheme'
import type { ElementState, FieldError, FieldName } from '../protocol/public.ts'
import type { Init } from '../protocol/to-frame.ts'
import { brandNames } from './brands.ts'
import { formatCode } from './code.ts'
import { digitsIn } from './digits.ts'
import { make } from './dom.ts'
import { formatExpiry, settleExpiry } from './expiry.ts'
import { createField, type Field } from './field.ts'
import { describeForm, type FormErrors, type FormTexts, judgeForm, schemeOfForm } from './form-state.ts'
import { drawCard, drawCodePlace } from './glyphs.ts'
import { knownCardId, markBrand, showKnownCard } from './known-card.ts'
import type { Texts } from './locales/texts.ts'
import { formatNumber, isNumberFull } from './number.ts'
import type { KnownCard } from './session-state.ts'
import { keepForm } from './typing.ts'

export interface FormParts {
  readonly init: Pick<Init, 'kind' | 'labels' | 'placeholders'>
  readonly texts: Texts
  /** The card whose code is asked for. */
  readonly card: KnownCard | undefined
  readonly now: () => number
  readonly changed: (state: ElementState) => void
  readonly entered: (field: FieldName) => void
  readonly left: (field: FieldName) => void
  readonly submitted: () => void
}

export interface Form {
  readonly root: HTMLElement
  /** What was typed, if all of it is right; otherwise shows what is not, and goes there. */
  take(): FormTexts | undefined
  focus(): void
  clear(): void
  /** Nothing can be typed while it is sent. */
  setBusy(isSent: boolean): void
  /** It was sent: of what was typed only a mask is left. */
  finish(): void
}

export const createForm = (parts: FormParts): Form => {
  const { init, texts, card, now } = parts
  const fields = fieldsOf(init.kind).map((name) =>
    createField({
      name,
      label: init.labels[name] ?? texts.labels[name],
      placeholder: init.placeholders[name] ?? placeholderOf(name, texts),
      describedBy: card ? [knownCardId] : [],
    }),
  )
  const root = make('form', { novalidate: '', autocomplete: 'on' })
  root.append(...(card ? [showKnownCard(card, texts)] : []), ...fields.map((field) => field.root))

  const isBusy = () => root.getAttribute('aria-busy') === 'true'
  const isDone = () => root.dataset['done'] !== undefined
  let shown: FormErrors = {}
  let marked: Scheme | undefined
  let told = ''

  const read = (): FormTexts => Object.fromEntries(fields.map(({ name, input }) => [name, input.value]))
  const scheme = () => schemeOfForm(read(), card?.issuerNumber)
  const wrongs = () => judgeForm(read(), scheme(), now())

  const show = (errors: FormErrors) => {
    shown = errors
    for (const field of fields) field.showError(textOf(texts, field.name, errors[field.name]))
  }
  const update = () => {
    // A mask is not what was typed, and says nothing of its brand.
    if (isDone()) return
    if (marked !== scheme()) {
      marked = scheme()
      for (const field of fields) markField(field, marked, texts)
    }
    const state = describeForm(read(), marked, wrongs(), shown)
    const spelled = JSON.stringify(state)
    // The page hears of a difference, not of every key.
    if (spelled === told) return
    told = spelled
    parts.changed(state)
  }

  for (const { name, input } of fields) {
    keepForm(
      input,
      (text, isDeleting) => formats[name](text, isDeleting, scheme),
      () => {
        const { [name]: _, ...others } = shown
        const error = wrongs()[name]
        // Whoever is still typing is left in peace, unless no further digit could help.
        const isHopeless = error === 'invalid' && name === 'number' && isNumberFull(input.value)
        show(isHopeless ? { ...others, [name]: error } : others)
        update()
      },
    )
    input.addEventListener('focus', () => parts.entered(name))
    input.addEventListener('blur', () => {
      if (name === 'expiry' && !input.readOnly) input.value = settleExpiry(input.value)
      const error = wrongs()[name]
      if (input.value !== '' && !input.readOnly && error) show({ ...shown, [name]: error })
      update()
      parts.left(name)
    })
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.isComposing) return
      event.preventDefault()
      parts.submitted()
    })
  }
  root.addEventListener('submit', (event) => event.preventDefault())
  const setReadOnly = (isReadOnly: boolean) => {
    for (const { input } of fields) input.readOnly = isReadOnly
  }

  marked = scheme()
  for (const field of fields) markField(field, marked, texts)
  told = JSON.stringify(describeForm(read(), marked, wrongs(), shown))

  return {
    root,
    take: () => {
      const wrong = wrongs()
      show(wrong)
      update()
      const first = fields.find(({ name }) => wrong[name] !== undefined)
      first?.input.focus()
      return first ? undefined : read()
    },
    focus: () => (fields.find(({ name }) => wrongs()[name] !== undefined) ?? fields[0])?.input.focus(),
    clear: () => {
      // What is on its way to the vault stays until it is known what became of it.
      if (isBusy()) return
      for (const { input } of fields) input.value = ''
      delete root.dataset['done']
      setReadOnly(false)
      show({})
      update()
    },
    setBusy: (isSent) => {
      root.setAttribute('aria-busy', String(isSent))
      setReadOnly(isSent)
    },
    finish: () => {
      for (const { name, input } of fields) input.value = maskOf(name, input.value)
      root.dataset['done'] = ''
      setReadOnly(true)
    },
  }
}

const fieldsOf = (kind: Init['kind']): readonly FieldName[] =>
  kind === 'card' ? ['number', 'expiry', 'code'] : ['code']

const formats: Readonly<
  Record<FieldName, (text: string, isDeleting: boolean, scheme: () => Scheme) => string>
> = {
  number: formatNumber,
  expiry: formatExpiry,
  code: (text, _, scheme) => formatCode(text, scheme()),
}

const placeholderOf = (name: FieldName, texts: Texts): string =>
  ({ number: '1234 1234 1234 1234', expiry: texts.expiryPlaceholder, code: 'CVC' })[name]

const textOf = (texts: Texts, name: FieldName, error: FieldError | undefined): string | undefined => {
  const errors: Readonly<Partial<Record<FieldError, string>>> = {
    number: texts.numberErrors,
    expiry: texts.expiryErrors,
    code: texts.codeErrors,
  }[name]
  return error && errors[error]
}

const markField = (field: Field, scheme: Scheme, texts: Texts): void => {
  if (field.name === 'number') field.mark(scheme === 'unknown' ? drawCard() : markBrand(brandNames[scheme]))
  if (field.name !== 'code') return
  const isFront = scheme === 'amex'
  field.mark(drawCodePlace(isFront ? 'front' : 'back'))
  field.hint(isFront ? texts.codeOnFront : texts.codeOnBack)
}

const maskOf = (name: FieldName, text: string): string =>
  name === 'number' ? `•••• ${digitsIn(text).slice(-4)}` : name === 'code' ? '•••' : text
