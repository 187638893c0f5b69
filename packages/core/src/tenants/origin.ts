import type { TenantId } from '../kernel/ids.ts'
import type { EpochMs } from '../kernel/time.ts'

/** A web origin whose pages may embed the vault's fields for a tenant (`frame-ancestors`). */
export interface AllowedOrigin {
  readonly tenantId: TenantId
  /** As a browser spells it: `https://shop.example`, with a port only where it is not the scheme's own. */
  readonly origin: string
  readonly createdAt: EpochMs
}

/*
 * It is written into a policy that browsers read. The letters of a name there are fewer than those of a URL, where `*` and `;`
 * may stand too: one would allow every page below a name, the other would end the directive.
 */
const port = String.raw`(?::[1-9]\d{0,4})?`
const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?'
const secureForm = new RegExp(String.raw`^https://${label}(?:\.${label})*${port}$`)
const loopbackForm = new RegExp(String.raw`^http://(?:localhost|127\.0\.0\.1)${port}$`)

export const isSecureOrigin = (origin: string): boolean => secureForm.test(origin)

/** Of a page that somebody tries on the machine it runs on, where there is no TLS. */
export const isLoopbackOrigin = (origin: string): boolean => loopbackForm.test(origin)
