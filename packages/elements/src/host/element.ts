import type {
  Appearance,
  CardkeepElement,
  ElementKind,
  ElementOptions,
  ElementResult,
  ElementState,
} from '../protocol/public.ts'
import { protocolVersion, readLocale } from '../protocol/to-frame.ts'
import { createCalls, fail } from './calls.ts'
import { type Link, openLink } from './link.ts'
import { createListeners } from './listeners.ts'
import { needs, type Settings } from './options.ts'
import { titleOf } from './titles.ts'

export interface OwnElement {
  /** What the page is given. */
  readonly handle: CardkeepElement
  send(details: { readonly cardholderName?: string }): Promise<ElementResult>
}

export interface ElementParts {
  readonly settings: Settings
  readonly kind: ElementKind
  readonly options: Required<ElementOptions>
  readonly destroyed: () => void
}

export const createElement = ({ settings, kind, options, destroyed }: ElementParts): OwnElement => {
  const listeners = createListeners()
  const calls = createCalls()
  let link: Link | undefined
  let isMounted = false
  let isReady = false
  let isDestroyed = false

  const letGo = () => {
    link = undefined
    isReady = false
    calls.abandon()
  }
  const unmount = () => {
    isMounted = false
    link?.close()
    letGo()
  }
  const mount = (at: string | Element) => {
    needs(!isDestroyed, 'this element was destroyed; create another one')
    needs(!isMounted, 'this element is mounted; unmount it first')
    const container = typeof at === 'string' ? document.querySelector(at) : at
    needs(container instanceof Element, 'there is nothing to mount into at the place that was given')
    isMounted = true
    const locale = settings.locale ?? localeOfPage()
    link = openLink({
      container,
      frameUrl: settings.frameUrl,
      title: titleOf(kind, locale),
      deadlineMs: settings.deadlineMs,
      init: {
        type: 'cardkeep:init',
        version: protocolVersion,
        kind,
        locale,
        appearance: { ...settings.appearance, theme: settings.appearance.theme ?? themeOf(container) },
        ...options,
      },
      heard: (message) => {
        if (message.type === 'answer') return calls.answer(message.call, message.result)
        if (message.type === 'change') return listeners.tell('change', message.state)
        if (message.type === 'focus' || message.type === 'blur')
          return listeners.tell(message.type, { field: message.field })
        if (message.type === 'ready') isReady = true
        listeners.tell(message.type, undefined)
      },
      begunAgain: () => {
        isReady = false
        calls.abandon()
        listeners.tell('change', untouched)
      },
      failed: (error) => {
        isMounted = false
        letGo()
        listeners.tell('loaderror', error)
      },
    })
  }

  return {
    handle: {
      kind,
      mount,
      unmount,
      destroy: () => {
        if (isDestroyed) return
        unmount()
        isDestroyed = true
        listeners.forgetAll()
        destroyed()
      },
      focus: () => link?.send({ type: 'focus' }),
      clear: () => link?.send({ type: 'clear' }),
      on: listeners.on,
    },
    send: async (details) =>
      link && isReady
        ? calls.make((call) => link?.send({ type: 'send', call, ...details }))
        : fail('not ready', `No ${kind} element is mounted and ready.`),
  }
}

/** What a page is told of fields that are empty again. */
const untouched: ElementState = { empty: true, complete: false, valid: true, errors: {} }

const localeOfPage = (): string =>
  readLocale(document.documentElement.lang) ?? readLocale(navigator.language) ?? 'en'

/** What the page has said of its own colours: a frame in other ones would not be readable on it. */
const themeOf = (container: Element): NonNullable<Appearance['theme']> => {
  const scheme = getComputedStyle(container).colorScheme
  if (!scheme.includes('dark')) return 'light'
  return scheme.includes('light') ? 'auto' : 'dark'
}
