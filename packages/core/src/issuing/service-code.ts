import type { Brand } from '../kernel/brand.ts'
import { openSecret, Secret } from '../kernel/secret.ts'

/** Three digits that stand in a CVV's computation. They are as good as the CVV for whoever has the keys, and kept as secretly. */
export type ServiceCode = Secret<Brand<string, 'ServiceCode'>>

const form = /^\d{3}$/

/** They would yield the static CVV2 and the iCVV of the card. wire: pismo §reset, inferred */
const reserved: ReadonlySet<string> = new Set(['000', '999'])

/** What real magnetic stripes carry: a CVV made of one of them would be that of the stripe. wire: pismo §reset, inferred */
const onTracks: ReadonlySet<string> = new Set(['101', '120', '121', '201', '220', '221', '601'])

/** What was checked before it was sealed. */
export const asServiceCode = (text: string): ServiceCode => new Secret(text as Brand<string, 'ServiceCode'>)

/** One that a caller names; `undefined` for what is none, or reserved. */
export const parseServiceCode = (text: string): ServiceCode | undefined =>
  form.test(text) && !reserved.has(text) ? asServiceCode(text) : undefined

/** All that may be drawn, in order. */
export const drawableServiceCodes: readonly ServiceCode[] = Array.from({ length: 1_000 }, (_, value) =>
  String(value).padStart(3, '0'),
)
  .filter((text) => !reserved.has(text) && !onTracks.has(text))
  .map((text) => asServiceCode(text))

export const isSameServiceCode = (a: ServiceCode, b: ServiceCode): boolean =>
  openSecret(a, 'check') === openSecret(b, 'check')
