import type { AllowedOrigin } from '@cardkeep/core/tenants/origin'

/** Whose pages may embed a frame. */
export type Ancestors = readonly Pick<AllowedOrigin, 'origin'>[]

/**
 * The headers of a page into which a card is typed. It loads scripts of its own origin, which name their digest, and
 * speaks to that origin alone; it cannot be embedded but where the tenant allows it. Styles are set by its script
 * through the object model, which needs no permission; no markup can be made of a text.
 */
export const frameHeaders = (ancestors: Ancestors): Readonly<Record<string, string>> => ({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "style-src 'none'",
    "img-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    `frame-ancestors ${ancestors.map(({ origin }) => origin).join(' ') || "'none'"}`,
  ].join('; '),
  'cache-control': 'no-store',
  // A page that isolates itself may embed it all the same.
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy': denied.map((feature) => `${feature}=()`).join(', '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
})

/** What a page of card fields has no use for, and a script that got into it might. */
const denied = [
  ...['accelerometer', 'camera', 'clipboard-read', 'clipboard-write', 'display-capture'],
  ...['fullscreen', 'geolocation', 'gyroscope', 'hid', 'magnetometer', 'microphone', 'midi', 'payment'],
  ...['picture-in-picture', 'publickey-credentials-get', 'screen-wake-lock', 'serial', 'usb'],
]
