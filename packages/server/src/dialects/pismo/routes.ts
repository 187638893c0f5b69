import type { Refusal } from '@cardkeep/core/errors'
import { ok } from '@cardkeep/core/kernel/result'
import { changeRotation, stopRotation } from '@cardkeep/core/operations/issuing/change-rotation'
import { createIssuedCard } from '@cardkeep/core/operations/issuing/create-issued-card'
import { resetCvvTries } from '@cardkeep/core/operations/issuing/reset-cvv-tries'
import { rotateCvv } from '@cardkeep/core/operations/issuing/rotate-cvv'
import { showIssuedCard } from '@cardkeep/core/operations/issuing/show-issued-card'
import { showPciInfo } from '@cardkeep/core/operations/issuing/show-pci-info'
import { updateIssuedCard } from '@cardkeep/core/operations/issuing/update-issued-card'
import { verifyCvv } from '@cardkeep/core/operations/issuing/verify-cvv'
import type { Clock } from '@cardkeep/core/ports'
import type { Dialect } from '../../http/dialect.ts'
import { encodeNothing } from '../../http/replies.ts'
import { defineRoute, defineVisitorRoute, type Route } from '../../http/route.ts'
import { noBody } from '../../http/schemas.ts'
import { readBearer } from './auth.ts'
import {
  decodeCardId,
  decodeChangeRotation,
  decodeCreate,
  decodeReset,
  decodeResetTries,
  decodeUpdate,
  decodeVerify,
  samenessOfCreate,
} from './decode.ts'
import { decodeToken } from './decode-token.ts'
import {
  encodeCard,
  encodeCreated,
  encodeJwks,
  encodePciInfo,
  encodeRotation,
  encodeSuccess,
  encodeToken,
  encodeVerdict,
} from './encode.ts'
import { encodeBug, encodeRefusal, tokenPath } from './errors.ts'
import * as wire from './wire.ts'

/* Paths. wire: pismo §paths, verified but for those that are marked inferred there. */
const pciCards = '/pcicards/v2/pcicards'
const cvv = `${pciCards}/cvv/:cardId`
const cards = '/wallet/v2/cards'
const cardById = `${cards}/:cardId`

/** wire: pismo §change rotation, inferred: the page that would say it is cut off before its path. */
const changeRotationPath = `${cvv}/change-rotation`

/** wire: pismo §reset tries: the first verified, the second Cardkeep's own. */
const resetTriesPaths = [
  '/cards-tokenization/v1/cards/:cardId/config/reset-cvv2-try-counter',
  `${cardById}/config/reset-cvv2-try-counter`,
]

/** wire: pismo §card, verified for the first, inferred for the second. */
const showPaths = [cardById, '/wallet/v1/cards/:cardId']

/** Of every route but that of tokens: a token must name an account, whatever its credential may. */
const ofIssuers: readonly Refusal['type'][] = ['NotPermitted', 'IssuerNotReady']
const ofCards: readonly Refusal['type'][] = [...ofIssuers, 'IssuedCardNotFound']

/** On every route: all that is wrong is said. wire: pismo §errors, inferred */
const listing = { listsFaults: true } as const

const createRoutes = (clock: Pick<Clock, 'now'>): readonly Route[] => [
  // wire: pismo §tokens
  defineVisitorRoute({
    ...listing,
    method: 'POST',
    path: tokenPath,
    summary: "Exchange a client's credentials for an access token",
    auth: 'visitor',
    accepts: ['json', 'form'],
    body: wire.tokenBody,
    replies: { 200: wire.tokenReply },
    refuses: ['NotAuthenticated', 'LockedOut', 'IssuerNotReady'],
    decode: decodeToken,
    run: ({ passport }, visitor, wish) => passport.exchange(visitor, wish),
    encode: encodeToken,
  }),
  defineVisitorRoute({
    method: 'GET',
    path: '/passport/v2/jwks',
    summary: 'List the public keys that verify access tokens',
    auth: 'visitor',
    replies: { 200: wire.jwksReply },
    decode: () => ok(undefined),
    run: async ({ passport }) => ok(await passport.publicKeys()),
    encode: encodeJwks,
  }),
  // wire: pismo §create, verified; how long a key is kept is inferred
  defineRoute({
    ...listing,
    method: 'POST',
    path: cards,
    summary: 'Make a virtual card',
    auth: { permission: 'issue' },
    idempotency: { header: 'x-idempotency-key', sameness: samenessOfCreate },
    headers: wire.createHeaders,
    body: wire.createBody,
    replies: { 201: wire.cardReply },
    refuses: ofIssuers,
    decode: decodeCreate,
    run: createIssuedCard,
    encode: encodeCreated(clock),
  }),
  // wire: pismo §card
  ...showPaths.map((path) =>
    defineRoute({
      ...listing,
      method: 'GET',
      path,
      summary: 'Tell what may be told of a card',
      auth: { permission: 'any' },
      params: wire.cardParams,
      replies: { 200: wire.cardReply },
      refuses: ofCards,
      decode: decodeCardId,
      run: showIssuedCard,
      encode: encodeCard(clock),
    }),
  ),
  // wire: pismo §update
  defineRoute({
    ...listing,
    method: 'PATCH',
    path: cardById,
    summary: 'Change what is told of a card, block it, or end it',
    auth: { permission: 'issue' },
    params: wire.cardParams,
    body: wire.updateBody,
    replies: { 200: wire.cardReply },
    refuses: ofCards,
    decode: decodeUpdate,
    run: updateIssuedCard,
    encode: encodeCard(clock),
  }),
  // wire: pismo §pci info
  defineRoute({
    ...listing,
    method: 'GET',
    path: `${pciCards}/info/:cardId`,
    summary: "Tell a card's number, CVV and service code",
    auth: { permission: 'show' },
    params: wire.cardParams,
    replies: { 200: wire.pciInfoReply },
    refuses: ofCards,
    decode: decodeCardId,
    run: async (services, caller, cardId) => {
      const info = await showPciInfo(services, caller, cardId)
      return info.ok ? ok({ info: info.value, correlationId: caller.requestId }) : info
    },
    encode: encodePciInfo,
  }),
  // wire: pismo §reset
  defineRoute({
    ...listing,
    method: 'POST',
    path: `${cvv}/reset`,
    summary: "Rotate a card's CVV now",
    auth: { permission: 'issue' },
    params: wire.cardParams,
    body: wire.resetBody,
    replies: { 200: wire.successReply },
    refuses: ofCards,
    decode: decodeReset,
    run: rotateCvv,
    encode: encodeSuccess,
  }),
  // wire: pismo §change rotation
  defineRoute({
    ...listing,
    method: 'PATCH',
    path: changeRotationPath,
    summary: "Say how often a card's CVV rotates",
    auth: { permission: 'issue' },
    params: wire.cardParams,
    body: wire.changeRotationBody,
    replies: { 200: wire.changeRotationReply },
    refuses: ofCards,
    decode: decodeChangeRotation,
    run: changeRotation,
    encode: encodeRotation,
  }),
  // wire: pismo §delete rotation
  defineRoute({
    ...listing,
    method: 'DELETE',
    path: `${cvv}/delete-rotation`,
    summary: "Let a card's CVV rotate only when it is forced",
    auth: { permission: 'issue' },
    params: wire.cardParams,
    replies: { 204: noBody },
    refuses: [...ofCards, 'RotationNotFound'],
    decode: decodeCardId,
    run: stopRotation,
    encode: encodeNothing,
  }),
  // Cardkeep's own
  defineRoute({
    ...listing,
    method: 'POST',
    path: `${cvv}/verify`,
    summary: 'Tell whether a CVV is right',
    auth: { permission: 'verify' },
    params: wire.cardParams,
    body: wire.verifyBody,
    replies: { 200: wire.verifyReply },
    replyHeaders: ['cardkeep-cvv'],
    refuses: ofCards,
    decode: decodeVerify,
    run: verifyCvv,
    encode: encodeVerdict,
  }),
  // wire: pismo §reset tries
  ...resetTriesPaths.map((path) =>
    defineRoute({
      ...listing,
      method: 'PATCH',
      path,
      summary: "Set the counters of wrong tries of a card's CVV to zero",
      auth: { permission: 'issue' },
      params: wire.cardParams,
      headers: wire.resetTriesHeaders,
      body: wire.resetTriesBody,
      replies: { 200: wire.successReply },
      refuses: ofCards,
      decode: decodeResetTries,
      run: resetCvvTries,
      encode: encodeSuccess,
    }),
  ),
]

/** What a card's status is depends on the time at which it is told. */
export const createPismo = (clock: Pick<Clock, 'now'>): Dialect => ({
  name: 'pismo',
  routes: createRoutes(clock),
  security: {
    credential: {
      type: 'http',
      scheme: 'bearer',
      description:
        'A JSON Web Token from `POST /passport/v2/oauth/token`, or of an issuer that the tenant trusts',
    },
  },
  // Only access tokens are shown here.
  readCredential: () => undefined,
  readBearer,
  encodeRefusal,
  encodeBug,
  prefixes: ['/pcicards', '/wallet', '/passport', '/cards-tokenization'],
  refusalSchema: wire.refusalBody,
})
