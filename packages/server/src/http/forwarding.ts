import { maxRequestBytes } from '@cardkeep/core/destinations/destination'
import type { Refusal } from '@cardkeep/core/errors'
import type { CredentialAuth, RouteFrame } from './route.ts'

/** Says of a refused forward whether anything of it left, and so whether a retry is safe. */
export const sentHeader = (refusal: Refusal | 'bug'): Readonly<Record<string, string>> => {
  if (refusal === 'bug') return { 'cardkeep-sent': 'unknown' }
  return { 'cardkeep-sent': 'sent' in refusal ? refusal.sent : 'no' }
}

/** What the routes that send a caller's request on have in common, whichever dialect they are of. */
export const forwarding = {
  auth: { permission: 'forward' },
  // What may be sent, and a little more for the placeholders in it and for what stands around it.
  limits: { bodyBytes: maxRequestBytes + 64 * 1024 },
  accepts: ['json', 'form', 'xml'],
  refusalHeaders: sentHeader,
} as const satisfies Partial<RouteFrame> & { readonly auth: CredentialAuth }
