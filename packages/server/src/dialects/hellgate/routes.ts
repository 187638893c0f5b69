import { ok } from '@cardkeep/core/kernel/result'
import { consumeCode, isCodeHeld } from '@cardkeep/core/operations/codes/consume-code'
import { forwardRequest } from '@cardkeep/core/operations/forwards/forward-request'
import { answerSession } from '@cardkeep/core/operations/sessions/answer-session'
import { findSession } from '@cardkeep/core/operations/sessions/find-session'
import { openSession } from '@cardkeep/core/operations/sessions/open-session'
import { deleteToken } from '@cardkeep/core/operations/tokens/delete-token'
import { importCard } from '@cardkeep/core/operations/tokens/import-card'
import { listCards } from '@cardkeep/core/operations/tokens/list-cards'
import { showCard, showCardFace } from '@cardkeep/core/operations/tokens/show-card'
import type { Dialect } from '../../http/dialect.ts'
import { forwarding } from '../../http/forwarding.ts'
import { encodeNothing } from '../../http/replies.ts'
import { defineRoute, defineVisitorRoute, type IdempotencyRule } from '../../http/route.ts'
import { noBody } from '../../http/schemas.ts'
import { readCredential } from './auth.ts'
import {
  decodeImport,
  decodeRefreshSession,
  decodeSessionId,
  decodeTokenId,
  decodeTokenSession,
  samenessOfImport,
  samenessOfRefreshSession,
  samenessOfTokenSession,
} from './decode.ts'
import { decodeCompleteAction, toAnswer } from './decode-answer.ts'
import { decodeForward } from './decode-forward.ts'
import { decodeList } from './decode-list.ts'
import { encodeCardArt, encodeCodeHeld, encodeList, encodeOpenedSession, encodeToken } from './encode.ts'
import { encodeRelay } from './encode-relay.ts'
import { encodeSession } from './encode-session.ts'
import { encodeBug, encodeRefusal } from './errors.ts'
import * as wire from './wire.ts'

const once = (sameness: IdempotencyRule['sameness']): IdempotencyRule => ({
  header: 'x-idempotency-key',
  sameness,
})

// wire: hellgate §import
const cdeImport = defineRoute({
  method: 'POST',
  path: '/cde-import',
  summary: 'Exchange a card for a token; hold its code by the token',
  auth: { permission: 'tokenize' },
  idempotency: once(samenessOfImport),
  headers: wire.importHeaders,
  body: wire.importBody,
  replies: { 200: wire.tokenReply },
  decode: decodeImport,
  run: importCard,
  encode: (described, _command, { baseUrl }) => encodeToken(described, baseUrl),
})

// wire: hellgate §sessions
const tokenSession = defineRoute({
  method: 'POST',
  path: '/tokens/session',
  summary: 'Let a browser give one card for a token',
  auth: { permission: 'tokenize' },
  idempotency: once(samenessOfTokenSession),
  headers: wire.onceHeaders,
  body: wire.tokenSessionBody,
  replies: { 200: wire.sessionReply },
  refuses: ['TooManySessions'],
  decode: decodeTokenSession,
  run: openSession,
  encode: encodeOpenedSession,
})

// wire: hellgate §sessions
const refreshSession = defineRoute({
  method: 'POST',
  path: '/tokens/:id/refresh-session',
  summary: "Let a browser give a fresh code for a token's card",
  auth: { permission: 'tokenize' },
  idempotency: once(samenessOfRefreshSession),
  headers: wire.onceHeaders,
  replies: { 200: wire.sessionReply },
  refuses: ['TooManySessions'],
  decode: decodeRefreshSession,
  run: openSession,
  encode: encodeOpenedSession,
})

// wire: hellgate §list
const listTokens = defineRoute({
  method: 'GET',
  path: '/tokens',
  summary: 'List tokens, page by page',
  auth: { permission: 'any' },
  query: wire.listQuery,
  replies: { 200: wire.listReply },
  decode: decodeList,
  run: async (services, caller, { list, isEmpty }) =>
    isEmpty ? ok({ cards: [], total: 0 }) : listCards(services, caller, list),
  encode: (listed, { page }, { baseUrl }) => encodeList(listed, page, baseUrl),
})

// wire: hellgate §token
const showToken = defineRoute({
  method: 'GET',
  path: '/tokens/:id',
  summary: 'Tell what may be told of a token',
  auth: { permission: 'any' },
  replies: { 200: wire.tokenReply },
  refuses: ['TokenNotFound'],
  decode: decodeTokenId,
  run: showCard,
  encode: (described, _tokenId, { baseUrl }) => encodeToken(described, baseUrl),
})

// wire: hellgate §delete, inferred from the event
const endToken = defineRoute({
  method: 'DELETE',
  path: '/tokens/:id',
  summary: 'End a token: its card and its code are gone at once',
  auth: { permission: 'tokenize' },
  replies: { 204: noBody },
  decode: decodeTokenId,
  run: deleteToken,
  encode: encodeNothing,
})

// wire: hellgate §code held
const codeHeld = defineRoute({
  method: 'GET',
  path: '/tokens/:id/security-code',
  summary: 'Tell whether a code is held by a token',
  auth: { permission: 'forward' },
  replies: { 200: wire.codeHeldReply },
  decode: decodeTokenId,
  run: isCodeHeld,
  encode: encodeCodeHeld,
})

// wire: hellgate §consume, path and status inferred
const consume = defineRoute({
  method: 'POST',
  path: '/tokens/:id/consume',
  summary: 'Forget the code of a token: its authorisation is over',
  auth: { permission: 'forward' },
  replies: { 204: noBody },
  decode: decodeTokenId,
  run: consumeCode,
  encode: encodeNothing,
})

// wire: hellgate §session states; §sessions, inferred: pages of any origin may ask
const sessionState = defineVisitorRoute({
  method: 'GET',
  path: '/sessions/:session_id',
  summary: 'Tell a browser what is asked of it',
  auth: 'visitor',
  crossOrigin: true,
  replies: { 200: wire.sessionStateReply },
  refuses: ['SessionNotFound'],
  decode: decodeSessionId,
  run: findSession,
  encode: (found, _id, { baseUrl }) => encodeSession(found, baseUrl),
})

// wire: hellgate §complete-action
const completeAction = defineVisitorRoute({
  method: 'POST',
  path: '/sessions/:session_id/complete-action',
  summary: "Take a browser's answer",
  auth: 'visitor',
  crossOrigin: true,
  body: wire.completeActionBody,
  replies: { 200: wire.sessionStateReply },
  refuses: ['SessionNotFound', 'PayloadNotReadable'],
  decode: decodeCompleteAction,
  run: (services, visitor, action) =>
    answerSession(services, visitor, toAnswer(action, services.clock.now())),
  encode: (found, _action, { baseUrl }) => encodeSession(found, baseUrl),
})

// wire: hellgate §forward, the method inferred
const forward = defineRoute({
  ...forwarding,
  method: 'POST',
  path: '/forward',
  summary: "Send a request to a destination with the card's values in the place of placeholders",
  keepsText: true,
  headers: wire.forwardHeaders,
  body: wire.forwardBody,
  replies: { 200: wire.relayedReply },
  relays: true,
  decode: decodeForward,
  run: forwardRequest,
  encode: encodeRelay,
})

// wire: hellgate §card art; §authentication, inferred: the id is all that it asks for
const cardArt = defineVisitorRoute({
  method: 'GET',
  path: '/tokens/card-art/:id',
  summary: "Draw a token's card, masked",
  auth: 'visitor',
  replies: { 200: wire.cardArtReply },
  replyType: 'image/svg+xml',
  refuses: ['TokenNotFound'],
  decode: decodeTokenId,
  run: (services, _visitor, tokenId) => showCardFace(services, tokenId),
  encode: encodeCardArt,
})

export const hellgate: Dialect = {
  name: 'hellgate',
  routes: [
    cdeImport,
    tokenSession,
    listTokens,
    showToken,
    endToken,
    refreshSession,
    sessionState,
    completeAction,
    forward,
    codeHeld,
    consume,
    cardArt,
  ],
  // wire: hellgate §conventions, verified that it is answered; its value is inferred
  headers: { 'x-hellgate-version': '2.0' },
  security: { credential: { type: 'apiKey', in: 'header', name: 'X-API-Key' } },
  readCredential,
  encodeRefusal,
  encodeBug,
  refusalSchema: wire.refusalBody,
}
