import type { EpochMs } from '@cardkeep/core/kernel/time'

/** RFC 9110 section 10.2.3: whole seconds, or a date. How long from now; `undefined` where neither can be read. */
export const readRetryAfter = (
  value: string | readonly string[] | undefined,
  at: EpochMs,
): number | undefined => {
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = httpDate.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - at)
}

/** Only the preferred form, which servers must send: the platform would read much more as a date. */
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
