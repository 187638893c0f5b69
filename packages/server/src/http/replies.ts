import type { Reply } from './route.ts'

export const encodeNothing = (): Reply => ({ status: 204, body: undefined })

/** A field that is left out where nothing is known of it. */
export const given = (name: string, value: string | undefined): object =>
  value === undefined ? {} : { [name]: value }
