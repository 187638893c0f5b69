import type { Card, SecurityCode } from '@cardkeep/core/cards/card'
import { parseCode } from '@cardkeep/core/cards/code'
import { parseExpiry } from '@cardkeep/core/cards/expiry'
import { parsePan } from '@cardkeep/core/cards/pan'
import { schemeOf } from '@cardkeep/core/cards/scheme'
import { isPublishedTestCard } from '@cardkeep/core/cards/test-cards'
import { defaultPolicies, testSessionPolicy } from '@cardkeep/core/codes/policy'
import { forwardMethods } from '@cardkeep/core/destinations/destination'
import type { Refusal } from '@cardkeep/core/errors'
import { parseId, type SessionId } from '@cardkeep/core/kernel/ids'
import { ok, type Result, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import { yearMs } from '@cardkeep/core/kernel/time'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { ForwardRequest } from '@cardkeep/core/operations/forward-request'
import type { TokenizeCard } from '@cardkeep/core/operations/tokenize-card'
import { parseTemplate } from '@cardkeep/core/templates/template'
import { parseToken } from '@cardkeep/core/tokens/spelling'
import type { Static } from 'typebox'
import { toJsonSource } from '../../http/json-source.ts'
import type { RouteInput } from '../../http/route.ts'
import { placeholders } from './placeholders.ts'
import type { deleteSessionBody, deleteSessionQuery, proxyBody, testTokenBody, tokenizeBody } from './wire.ts'

/* Turns bodies that have passed their schema into commands. Card numbers and codes become secrets in the first line. */

export const decodeTokenize = (
  { body }: RouteInput,
  { principal }: Caller,
): Result<TokenizeCard, Refusal> => {
  const { data } = body as Static<typeof tokenizeBody>
  // wire: ozura §tokenize, verified: `cvc` is another name of `cvv`. Two that differ are a mistake we do not settle.
  if (data.cvv !== undefined && data.cvc !== undefined && data.cvv !== data.cvc)
    return refuse({ type: 'InvalidField', field: 'cvc' })
  const fields = readCard(data, data.cvv ?? data.cvc, data.cvv === undefined ? 'cvc' : 'cvv')
  if (!fields.ok) return fields
  const policy = principal.tenant.codePolicy ?? defaultPolicies.ozura
  return ok({ ...fields.value, policy, test: false, lifetimeMs: undefined })
}

/** wire: ozura §test-tokens, verified; published numbers only and a token of one year, inferred */
export const decodeTestToken = ({ body }: RouteInput): Result<TokenizeCard, Refusal> => {
  const data = body as Static<typeof testTokenBody>
  const fields = readCard(data, data.cvc, 'cvc')
  if (!fields.ok) return fields
  if (!isPublishedTestCard(fields.value.card.pan)) return refuse({ type: 'InvalidCardNumber' })
  return ok({ ...fields.value, policy: testSessionPolicy, test: true, lifetimeMs: yearMs })
}

interface CardFields {
  readonly cardNumber: string
  readonly expirationMonth: string
  readonly expirationYear: string
  readonly firstName?: string
  readonly lastName?: string
}

const readCard = (
  fields: CardFields,
  codeText: string | undefined,
  codeField: 'cvv' | 'cvc',
): Result<{ readonly card: Card; readonly code: SecurityCode | undefined }, Refusal> => {
  const pan = parsePan(new Secret(fields.cardNumber))
  if (!pan.ok) return pan
  const expiry = parseExpiry(fields.expirationMonth, fields.expirationYear)
  if (!expiry.ok) return expiry
  const code = codeText === undefined ? ok(undefined) : parseCode(new Secret(codeText), schemeOf(pan.value))
  if (!code.ok) return refuse({ type: 'InvalidField', field: codeField })
  const { firstName, lastName } = fields
  const holder = firstName === undefined && lastName === undefined ? undefined : { firstName, lastName }
  return ok({ card: { pan: pan.value, expiry: expiry.value, holder }, code: code.value })
}

export const decodeProxy = ({ body }: RouteInput): Result<ForwardRequest, Refusal> => {
  const request = body as Static<typeof proxyBody>
  // A number that keeps its spelling is an object, and so passes for one in the schema.
  const number = (['request_data', 'http_headers'] as const).find((field) => JSON.isRawJSON(request[field]))
  if (number) return refuse({ type: 'InvalidField', field: number })
  const tokenId = parseToken(request.token)
  if (!tokenId) return refuse({ type: 'TokenNotFound' })
  const sessionId =
    request.cvc_session_id === undefined ? undefined : parseId<SessionId>(request.cvc_session_id)
  if (request.cvc_session_id !== undefined && !sessionId) return refuse({ type: 'CodeNotHeld' })
  const method = forwardMethods.find((known) => known === (request.http_method ?? 'POST').toUpperCase())
  if (!method) return refuse({ type: 'InvalidField', field: 'http_method' })
  const headers = request.http_headers ?? {}
  // Placeholders stand in the body only; anywhere else the provider would get the placeholder itself.
  const named = Object.entries(headers).find((pair) => pair.join('').includes(placeholders.open))
  if (named) return refuse({ type: 'HeaderNotAllowed', header: named[0] })
  if (request.proxy_url.includes(placeholders.open)) return refuse({ type: 'DestinationNotAllowed' })
  const template = parseTemplate(toJsonSource(request.request_data), placeholders)
  if (!template.ok) return template
  // A GET has no body, so what it should carry would be lost without a word.
  if (method === 'GET' && Object.keys(request.request_data).length > 0)
    return refuse({ type: 'InvalidField', field: 'request_data' })
  return ok({
    tokenId,
    sessionId,
    template: template.value,
    url: request.proxy_url,
    method,
    headers,
    contentType: 'application/json',
  })
}

/** wire: ozura §delete, inferred: from the path, the query, or the body, in this order. */
export const decodeDeleteSession = ({ params, query, body }: RouteInput): Result<SessionId, Refusal> => {
  const inBody = body as Static<typeof deleteSessionBody> | undefined
  const inQuery = query as Static<typeof deleteSessionQuery>
  const text = params['cvc_session_id'] ?? inQuery.cvc_session_id ?? inBody?.cvc_session_id
  if (text === undefined) return refuse({ type: 'MissingField', field: 'cvc_session_id' })
  const sessionId = parseId<SessionId>(text)
  return sessionId ? ok(sessionId) : refuse({ type: 'CodeNotHeld' })
}
