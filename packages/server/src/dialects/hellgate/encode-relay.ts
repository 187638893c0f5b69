import { isHeaderValue } from '@cardkeep/core/destinations/headers'
import type { Answer } from '@cardkeep/core/ports'
import type { Reply } from '../../http/route.ts'

/**
 * What the destination answered, as its own: status, headers, content type and body. What it says of itself as a server is
 * left out, because it would be said of the vault. wire: hellgate §answer, verified that it is relayed; what is left out is
 * inferred.
 */
export const encodeRelay = ({ status, headers, body }: Answer): Reply => ({
  // A status that HTTP does not know could not be sent on.
  status: status >= 200 && status <= 599 ? status : 502,
  headers: { ...relayedHeaders(headers), 'cardkeep-sent': 'yes' },
  body: body.text === '' ? undefined : body.text,
  contentType: inUtf8(String(headers['content-type'] ?? defaultTypes[body.type])),
})

const defaultTypes: Readonly<Record<Answer['body']['type'], string>> = {
  json: 'application/json',
  text: 'text/plain',
}

/** The body was decoded to be searched for card data, and goes out in UTF-8 whatever it came in. */
const inUtf8 = (contentType: string): string => {
  const parts = contentType.split(';').map((part) => part.trim())
  const kept = parts.filter((part) => part !== '' && !/^charset\s*=/i.test(part))
  const spelled = [...kept, 'charset=utf-8'].join('; ')
  return isHeaderValue(spelled) && kept.length > 0 ? spelled : 'text/plain; charset=utf-8'
}

const relayedHeaders = (headers: Answer['headers']): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')] as const)
      .filter(([name, value]) => !isOfServer(name) && isHeaderValue(value)),
  )

/** What a server says of itself, of its origin, or to browsers. */
const ofServer: ReadonlySet<string> = new Set([
  'alt-svc',
  'cache-control',
  'clear-site-data',
  'content-security-policy',
  'content-security-policy-report-only',
  'content-type',
  'date',
  'expires',
  'nel',
  'origin-agent-cluster',
  'permissions-policy',
  'pragma',
  'referrer-policy',
  'refresh',
  'report-to',
  'reporting-endpoints',
  'server',
  'service-worker-allowed',
  'set-cookie',
  'set-cookie2',
  'speculation-rules',
  'strict-transport-security',
  'timing-allow-origin',
  'vary',
  'via',
  'x-content-type-options',
  'x-frame-options',
  'x-hellgate-version',
  'x-request-id',
])

const prefixesOfServer = ['access-control-', 'cardkeep-', 'cross-origin-']

const isOfServer = (name: string): boolean =>
  ofServer.has(name) || prefixesOfServer.some((prefix) => name.startsWith(prefix))
