import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'

/**
 * The headers that a caller may send along, as given but for `accept-encoding`, which always says `identity`: the
 * answer is searched for card data, and a provider that honours it spares us decoding. At most 16 KiB in all.
 */
export const admitHeaders = (
  wished: Readonly<Record<string, string>>,
): Result<Readonly<Record<string, string>>, HeaderRefusal> => {
  const seen = new Set<string>()
  const admitted: [string, string][] = []
  let bytes = 0
  for (const [name, value] of Object.entries(wished)) {
    const lower = name.toLowerCase()
    bytes += name.length + value.length + lineOverhead
    const isFine = token.test(name) && printable.test(value) && !isForbidden(lower) && !seen.has(lower)
    if (!isFine || bytes > maxBytes) return refuse({ type: 'HeaderNotAllowed', header: name.slice(0, 64) })
    seen.add(lower)
    if (lower !== 'accept-encoding') admitted.push([name, value])
  }
  admitted.push(['accept-encoding', 'identity'])
  return ok(Object.fromEntries(admitted))
}

type HeaderRefusal = Extract<Refusal, { type: 'HeaderNotAllowed' }>

/** Adds the body's type unless the caller named one. */
export const withContentType = (
  headers: Readonly<Record<string, string>>,
  contentType: string,
): Readonly<Record<string, string>> =>
  Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
    ? headers
    : { ...headers, 'content-type': contentType }

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

/** RFC 9110 section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Printable ASCII and Latin-1: no control character can end the line or the head. */
const printable = /^[\x20-\x7e\xa0-\xff]*$/

const maxBytes = 16 * 1024
/** `: ` and the end of the line. */
const lineOverhead = 4

/** These belong to the connection; a caller who sets one could split the request or name another host. */
const ofTheConnection = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'expect',
  'trailer',
])

const isForbidden = (lower: string): boolean => ofTheConnection.has(lower) || lower.startsWith('proxy-')

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
