import type { Refusal } from '@cardkeep/core/errors'

/** Says of a refused forward whether anything of it left, and so whether a retry is safe. */
export const sentHeader = (refusal: Refusal | 'bug'): Readonly<Record<string, string>> => {
  if (refusal === 'bug') return { 'cardkeep-sent': 'unknown' }
  return { 'cardkeep-sent': 'sent' in refusal ? refusal.sent : 'no' }
}
