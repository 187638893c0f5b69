import { faultOfAppearance, readAppearance } from '../protocol/appearance.ts'
import type { Appearance, ElementOptions, ElementsOptions } from '../protocol/public.ts'
import { readMatch, readWhole } from '../protocol/read.ts'
import { readLocale, readWords } from '../protocol/to-frame.ts'

/** The options once they are known to be good. */
export interface Settings {
  /** Of the page that is framed. */
  readonly frameUrl: URL
  readonly locale: string | undefined
  readonly appearance: Appearance
  readonly deadlineMs: number
}

/** Throws a `TypeError` that names what is wrong: a mistake of the page is to be seen where it is made. */
export const needsOptions = (options: ElementsOptions): Settings => {
  const vault = parseUrl(options.vaultUrl)
  needs(vault && isSafe(vault), 'vaultUrl must be an https address without query or fragment')
  needs(readMatch(sessionForm)(options.sessionId) !== undefined, 'sessionId is not that of a session')
  const { locale, deadlineMs = 10_000 } = options
  needs(locale === undefined || readLocale(locale) !== undefined, 'locale is not a language tag')
  // Built anew, as all that goes to the frame is: the observed objects of some frameworks cannot be posted.
  const appearance = readAppearance(options.appearance ?? {})
  needs(
    appearance,
    `${faultOfAppearance(options.appearance ?? {})} is not known or has a value that is not allowed`,
  )
  needs(readWhole(1, 120_000)(deadlineMs) !== undefined, 'deadlineMs must be 1 to 120,000')
  const base = vault.href.replace(/\/*$/, '/')
  const frameUrl = new URL(`elements/v1/frame/${options.sessionId}`, base)
  return { frameUrl, locale, appearance, deadlineMs }
}

export const needsElementOptions = (options: ElementOptions): Required<ElementOptions> => {
  const labels = readWords(options.labels ?? {})
  const placeholders = readWords(options.placeholders ?? {})
  needs(labels, 'labels has a field that is not known or text that is too long')
  needs(placeholders, 'placeholders has a field that is not known or text too long')
  return { labels, placeholders }
}

export function needs(holds: unknown, otherwise: string): asserts holds {
  if (!holds) throw new TypeError(`Cardkeep elements: ${otherwise}`)
}

const sessionForm = /^[\w-]{8,64}$/

/** Some of the browsers that are served have no `URL.canParse` yet. */
const parseUrl = (text: unknown): URL | undefined => {
  try {
    return typeof text === 'string' ? new URL(text) : undefined
  } catch {
    return undefined
  }
}

/** A card that crosses a network in clear has been told to it. */
const isSafe = ({ protocol, hostname, username, search, hash }: URL): boolean =>
  (protocol === 'https:' || (protocol === 'http:' && ownMachine.test(hostname))) &&
  username + search + hash === ''

const ownMachine = /^(?:localhost|[\w-]+\.localhost|127(?:\.\d+){3}|\[::1\])$/
