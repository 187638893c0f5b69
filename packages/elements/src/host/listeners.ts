import type { ElementEvents } from '../protocol/public.ts'

export interface Listeners {
  on<Name extends keyof ElementEvents>(name: Name, handler: (told: ElementEvents[Name]) => void): () => void
  tell<Name extends keyof ElementEvents>(name: Name, told: ElementEvents[Name]): void
  forgetAll(): void
}

type Handlers = { readonly [Name in keyof ElementEvents]: Set<(told: ElementEvents[Name]) => void> }

export const createListeners = (): Listeners => {
  const handlers: Handlers = {
    ready: new Set(),
    change: new Set(),
    focus: new Set(),
    blur: new Set(),
    submit: new Set(),
    loaderror: new Set(),
  }
  return {
    on: (name, handler) => {
      if (!Object.hasOwn(handlers, name)) throw new TypeError(`there is no event "${name}"`)
      handlers[name].add(handler)
      return () => void handlers[name].delete(handler)
    },
    tell: (name, told) => {
      for (const handler of [...handlers[name]])
        try {
          handler(told)
        } catch (error) {
          // The page's own mistake must not keep its other handlers from hearing.
          reportError(error)
        }
    },
    forgetAll: () => {
      for (const set of Object.values(handlers)) set.clear()
    },
  }
}
