import type { IncomingMessage, ServerResponse } from 'node:http'

export const readCookies = ({ headers }: IncomingMessage): ReadonlyMap<string, string> =>
  new Map(
    (headers.cookie ?? '').split(/;\s*/).map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )

const formLimitBytes = 4_096

/** The fields of a form; refuses one that is too large to be the shop's. */
export const readForm = async (request: IncomingMessage): Promise<URLSearchParams> => {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > formLimitBytes) throw new Error('a form that is too large')
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

/** Another site's form carries no cookie of ours, and is not looked at in any case. */
export const isOwnForm = ({ headers }: IncomingMessage, shopUrl: string): boolean =>
  headers.origin === shopUrl

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string | Buffer
}

export const send = (response: ServerResponse, { status, headers, body }: Answer): void => {
  response.writeHead(status, {
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value as string | string[]])),
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  })
  response.end(body)
}

/**
 * Exactly what a page needs that uses the vault's fields: their script and their frame. Pictures of cards come from the
 * vault too; everything else is the shop's own.
 */
export const contentPolicy = (vaultUrl: string): string =>
  [
    "default-src 'none'",
    `script-src 'self' ${vaultUrl}`,
    `frame-src ${vaultUrl}`,
    `img-src 'self' ${vaultUrl}`,
    "style-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
