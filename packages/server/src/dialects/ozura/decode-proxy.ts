import { type ForwardMethod, forwardMethods } from '@cardkeep/core/destinations/destination'
import type { Refusal } from '@cardkeep/core/errors'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import type { ForwardRequest } from '@cardkeep/core/operations/forwards/forward-request'
import { parseTemplate } from '@cardkeep/core/templates/template'
import type { Static } from 'typebox'
import { toJsonSource } from '../../http/json-source.ts'
import { readCodeSessionId, readTokenId } from '../../http/read-ids.ts'
import type { ContentKind, RouteInput } from '../../http/route.ts'
import { type ProxyWish, readFormWish, readXmlWish } from './decode-form-and-xml.ts'
import { placeholders } from './placeholders.ts'
import type { proxyBody, proxyQuery } from './wire.ts'

export interface ProxyCommand {
  readonly forward: ForwardRequest
  readonly isDryRun: boolean
}

/** wire: ozura §proxy: fields verified; which methods there are, and all that is refused, inferred. */
export const decodeProxy = (input: RouteInput): Result<ProxyCommand, Refusal> => {
  const wish = readers[input.content](input)
  if (!wish.ok) return wish
  const forward = readForward(wish.value)
  const { dry_run: dryRun } = input.query as Static<typeof proxyQuery>
  return forward.ok ? ok({ forward: forward.value, isDryRun: dryRun === 'true' }) : forward
}

/** wire: ozura §proxy: JSON has all of it in its body, verified; a form and XML beside what is to be sent, verified. */
const readJsonWish = ({ body, query }: RouteInput): Result<ProxyWish, Refusal> => {
  // An empty body without a content type has been held against no schema.
  if (body === undefined) return refuse({ type: 'BodyNotReadable' })
  const inQuery = Object.keys(query).find((name) => name !== 'dry_run')
  if (inQuery) return refuse({ type: 'InvalidField', field: inQuery })
  const request = body as Static<typeof proxyBody>
  // A number that keeps its spelling is an object, and so passes for one in the schema.
  const number = (['request_data', 'http_headers'] as const).find((field) => JSON.isRawJSON(request[field]))
  if (number) return refuse({ type: 'InvalidField', field: number })
  return ok({
    token: request.token,
    sessionId: request.cvc_session_id,
    url: request.proxy_url,
    method: request.http_method,
    headers: request.http_headers ?? {},
    contentType: 'application/json',
    template: toJsonSource(request.request_data),
    isEmpty: Object.keys(request.request_data).length === 0,
  })
}

const readers: Readonly<Record<ContentKind, (input: RouteInput) => Result<ProxyWish, Refusal>>> = {
  json: readJsonWish,
  form: readFormWish,
  xml: readXmlWish,
}

const readForward = (wish: ProxyWish): Result<ForwardRequest, Refusal> => {
  const { url, headers, contentType } = wish
  const tokenId = readTokenId(wish.token)
  if (!tokenId.ok) return tokenId
  const sessionId = wish.sessionId === undefined ? ok(undefined) : readCodeSessionId(wish.sessionId)
  if (!sessionId.ok) return sessionId
  const method = readMethod(wish.method)
  if (!method) return refuse({ type: 'InvalidField', field: 'http_method' })
  // Placeholders stand in the body only; anywhere else the provider would get the placeholder itself.
  const named = [...Object.entries(headers), ['Content-Type', contentType] as const].find((pair) =>
    pair.join('').includes(placeholders.open),
  )
  if (named) return refuse({ type: 'HeaderNotAllowed', header: named[0] })
  if (url.includes(placeholders.open)) return refuse({ type: 'DestinationNotAllowed' })
  const template = parseTemplate(wish.template, placeholders)
  if (!template.ok) return template
  // A GET has no body, so what it should carry would be lost without a word.
  if (method === 'GET' && !wish.isEmpty) return refuse({ type: 'InvalidField', field: 'request_data' })
  return ok({
    tokenId: tokenId.value,
    sessionId: sessionId.value,
    template: template.value,
    ...{ url, method, headers, contentType },
  })
}

const readMethod = (text = 'POST'): ForwardMethod | undefined =>
  forwardMethods.find((known) => known === text.toUpperCase())
