import { type FromPage, readFromPage } from './from-page.ts'
import type { ToPage } from './to-page.ts'
import type { FieldType } from './words.ts'

export interface Channel {
  /** Whose page this frame is in. */
  readonly origin: string
  readonly field: FieldType
}

/** Hears the page that embeds this frame and nobody else, and answers how to tell it something. */
export const openChannel = (
  { origin: pageOrigin, field }: Channel,
  hear: (message: FromPage) => void,
): ((told: ToPage) => void) => {
  const page = window.parent
  const read = readFromPage(field)
  window.addEventListener('message', ({ source, origin, data }: MessageEvent<unknown>) => {
    if (source !== page || origin !== pageOrigin) return
    const message = read(data)
    if (message) hear(message)
  })
  return (told) => page.postMessage({ ...told, element: field }, pageOrigin)
}
