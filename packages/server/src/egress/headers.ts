import type { Destination } from '@cardkeep/core/destinations/destination'
import { isHeaderName, isHeaderValue, isOfConnection } from '@cardkeep/core/destinations/headers'
import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'

/**
 * The headers that a caller may send along, as given but for `accept-encoding`, which always says `identity`: the
 * answer is searched for card data, and a provider that honours it spares us decoding. At most 16 KiB in all. Those that the
 * destination adds are the operator's: a caller who could set one could send cards to another account of the provider.
 */
export const admitHeaders = (
  wished: Readonly<Record<string, string>>,
  added: Destination['headers'],
): Result<Readonly<Record<string, string>>, HeaderRefusal> => {
  const seen = new Set(added.map(({ name }) => name))
  const admitted: [string, string][] = []
  let bytes = 0
  for (const [name, value] of Object.entries(wished)) {
    const lower = name.toLowerCase()
    bytes += name.length + value.length + lineOverhead
    const isFine = isHeaderName(name) && isHeaderValue(value) && !isOfConnection(lower) && !seen.has(lower)
    if (!isFine || bytes > maxBytes) return refuse({ type: 'HeaderNotAllowed', header: name.slice(0, 64) })
    seen.add(lower)
    if (lower !== 'accept-encoding') admitted.push([name, value])
  }
  admitted.push(['accept-encoding', 'identity'])
  return ok(Object.fromEntries(admitted))
}

type HeaderRefusal = Extract<Refusal, { type: 'HeaderNotAllowed' }>

/** An answer's headers without those that speak of the connection or of the body as it came (RFC 9110 section 7.6.1). */
export const forwardableHeaders = (
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): [string, string | readonly string[]][] => {
  const named = [headers['connection'] ?? []].flat().flatMap((value) => value.split(','))
  const dropped = new Set([...notForwarded, ...named.map((name) => name.trim().toLowerCase())])
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || dropped.has(name) ? [] : [[name, value]],
  )
}

const maxBytes = 16 * 1024
/** `: ` and the end of the line. */
const lineOverhead = 4

const notForwarded = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'content-encoding',
]
