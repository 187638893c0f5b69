import type { ProviderHeader } from '@cardkeep/core/destinations/destination'
import { isHeaderName, isHeaderValue, isOfConnection } from '@cardkeep/core/destinations/headers'
import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'

/**
 * The headers that a caller may send along, as given but for `accept-encoding`, which always says `identity`: the
 * answer is searched for card data, and a provider that honours it spares us decoding. At most 16 KiB in all. The reserved
 * names are the operator's: a caller who could set one could send cards to another account of the provider.
 */
export const admitHeaders = (
  wished: Readonly<Record<string, string>>,
  reserved: readonly ProviderHeader['name'][],
): Result<Readonly<Record<string, string>>, HeaderRefusal> => {
  const variables = new Set(reserved.map(asVariable))
  const seen = new Set<string>()
  const admitted: [string, string][] = []
  let bytes = 0
  for (const [name, value] of Object.entries(wished)) {
    const lower = name.toLowerCase()
    bytes += name.length + value.length + lineOverhead
    const variable = asVariable(lower)
    const isFine = isHeaderName(name) && isHeaderValue(value) && !seen.has(lower)
    const isOwn = !isOfConnection(variable) && !variables.has(variable)
    if (!isFine || !isOwn || bytes > maxBytes)
      return refuse({ type: 'HeaderNotAllowed', header: name.slice(0, 64) })
    seen.add(lower)
    if (lower !== 'accept-encoding') admitted.push([name, value])
  }
  admitted.push(['accept-encoding', 'identity'])
  return ok(Object.fromEntries(admitted))
}

/**
 * What a name becomes for a program that gets its headers as variables, where anything but a letter or a digit is the same
 * (RFC 3875 section 4.1.18): to it `X_Api_Key` is `X-Api-Key`.
 */
const asVariable = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')

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
