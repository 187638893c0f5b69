import type { Refusal } from '@cardkeep/core/errors'
import { ok } from '@cardkeep/core/kernel/result'
import { dropCode } from '@cardkeep/core/operations/drop-code'
import { forwardRequest } from '@cardkeep/core/operations/forward-request'
import { tokenizeCard } from '@cardkeep/core/operations/tokenize-card'
import type { Dialect } from '../../http/dialect.ts'
import { defineRoute, type Route } from '../../http/route.ts'
import { readCredential } from './auth.ts'
import { decodeDeleteSession, decodeProxy, decodeTestToken, decodeTokenize } from './decode.ts'
import { encodeAnswer, encodeKey, encodeSessionDeleted, encodeTestToken, encodeTokenized } from './encode.ts'
import { encodeBug, encodeRefusal } from './errors.ts'
import * as wire from './wire.ts'

/** The template may be as large as what may be sent, and stands in a little more. */
const proxyBodyBytes = 1024 * 1024 + 64 * 1024

const tokenize = defineRoute({
  method: 'POST',
  path: '/tokenize',
  summary: 'Exchange a card for a token; hold its code in a CVC session',
  auth: { permission: 'tokenize', publicKey: true },
  body: wire.tokenizeBody,
  replies: { 201: wire.tokenizeReply },
  decode: decodeTokenize,
  run: tokenizeCard,
  encode: encodeTokenized,
})

const testTokens = defineRoute({
  method: 'POST',
  path: '/test-tokens',
  summary: 'Exchange a published test card for a token whose CVC session can be reused for a year',
  auth: { permission: 'tokenize', publicKey: true, testOnly: true },
  body: wire.testTokenBody,
  replies: { 201: wire.testTokenReply },
  decode: decodeTestToken,
  run: tokenizeCard,
  encode: encodeTestToken,
})

/** Says on every reply whether anything of the request left, and so whether a retry is safe. */
const sentHeader = (refusal: Refusal | 'bug'): Record<string, string> => {
  if (refusal === 'bug') return { 'cardkeep-sent': 'unknown' }
  return { 'cardkeep-sent': 'sent' in refusal ? refusal.sent : 'no' }
}

const proxy = defineRoute({
  method: 'POST',
  path: '/proxy/transaction',
  summary: "Send a request to a provider with the card's values in the place of placeholders",
  auth: { permission: 'forward', publicKey: false },
  limits: { bodyBytes: proxyBodyBytes },
  keepsNumbers: true,
  body: wire.proxyBody,
  replies: { 200: wire.proxyReply },
  refusalHeaders: sentHeader,
  decode: decodeProxy,
  run: forwardRequest,
  encode: encodeAnswer,
})

const deleteSession = (path: string): Route =>
  defineRoute({
    method: 'DELETE',
    path,
    summary: 'Forget a held code at once',
    auth: { permission: 'tokenize', publicKey: false },
    query: wire.deleteSessionQuery,
    body: wire.deleteSessionBody,
    replies: { 200: wire.deleteSessionReply },
    decode: decodeDeleteSession,
    run: dropCode,
    encode: encodeSessionDeleted,
  })

const applicationKey = defineRoute({
  method: 'GET',
  path: '/api/applications/key',
  summary: 'Tell what an API key may do',
  auth: { permission: 'any', publicKey: false },
  replies: { 200: wire.keyReply },
  decode: () => ok(undefined),
  run: async (_services, { principal }) => ok(principal),
  encode: encodeKey,
})

export const ozura: Dialect = {
  name: 'ozura',
  routes: [
    tokenize,
    testTokens,
    proxy,
    deleteSession('/proxy/delete-cvc-session'),
    deleteSession('/proxy/delete-cvc-session/:cvc_session_id'),
    applicationKey,
  ],
  readCredential,
  encodeRefusal,
  encodeBug,
  refusalSchema: wire.refusalBody,
}
