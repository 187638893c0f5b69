import { isIP } from 'node:net'
import { findDestination, reservedHeaders } from '@cardkeep/core/destinations/match'
import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { AdmittedForward, ForwardWish } from '@cardkeep/core/ports'
import { isAllowedAddress } from './addresses.ts'
import { admitHeaders } from './headers.ts'

/** All that can be judged of a forward without a connection: its URL, its place on the allow-list, its headers. */
export const admitForward = (wish: ForwardWish): Result<AdmittedForward, Refusal> => {
  const { method, destinations } = wish
  const url = parseTarget(wish.url)
  if (!url) return refuse({ type: 'DestinationNotAllowed' })
  const destination = findDestination(destinations, { origin: url.origin, path: url.pathname, method })
  if (!destination) return refuse({ type: 'DestinationNotAllowed' })
  const address = literalAddress(url.hostname)
  if (address && !isAllowedAddress(address, destination.allowPrivate))
    return refuse({ type: 'DestinationNotAllowed' })
  const headers = admitHeaders(wish.headers, reservedHeaders(destinations, destination))
  return headers.ok ? ok({ url, method, headers: headers.value, destination }) : headers
}

/** The host as an address without brackets, if it is one. The platform has already read decimal, hex and octal forms. */
export const literalAddress = (hostname: string): string | undefined => {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return isIP(bare) === 0 ? undefined : bare
}

const maxUrlLength = 8 * 1024

/**
 * Plain HTTP is possible only where the allow-list has an `http:` origin, which only test tenants can have. User
 * information and fragments are refused and not dropped: a caller who wrote them expects them to arrive.
 */
const parseTarget = (text: string): URL | undefined => {
  const url = text.length > maxUrlLength ? null : URL.parse(text)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  if (url.username !== '' || url.password !== '' || url.href.includes('#')) return undefined
  return url
}
