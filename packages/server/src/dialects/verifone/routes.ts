import { ok, refuse } from '@cardkeep/core/kernel/result'
import type { Caller } from '@cardkeep/core/operations/caller'
import { createCaptureKey, listCaptureKeys } from '@cardkeep/core/operations/captures/change-capture-keys'
import { activateToken } from '@cardkeep/core/operations/tokens/activate-token'
import { deleteToken } from '@cardkeep/core/operations/tokens/delete-token'
import { putCard } from '@cardkeep/core/operations/tokens/put-card'
import { showOverview } from '@cardkeep/core/operations/tokens/show-overview'
import { suspendToken } from '@cardkeep/core/operations/tokens/suspend-token'
import { updateToken } from '@cardkeep/core/operations/tokens/update-token'
import type { Clock } from '@cardkeep/core/ports'
import type { Dialect } from '../../http/dialect.ts'
import { encodeNothing } from '../../http/replies.ts'
import { defineRoute, type Route } from '../../http/route.ts'
import { noBody } from '../../http/schemas.ts'
import type { Services } from '../../services.ts'
import { readCredential } from './auth.ts'
import { blameBody, decodePatch, decodePut, decodeTokenId } from './decode.ts'
import { encodeCaptureKey, encodeCaptureKeys, encodeGet, encodePatch, encodePut } from './encode.ts'
import { createErrors } from './errors.ts'
import * as wire from './wire.ts'

const card = '/api/v2/card'
const cardById = `${card}/:id`
const captureKeys = '/api/v2/capture-keys'

/** On every route: all that is wrong is listed. wire: verifone §errors, inferred */
const listing = { listsFaults: true } as const

/** Who issues network tokens to a tenant, where the reply tells of one. */
const issuerOf = ({ networkTokens }: Services, { principal }: Caller, tells: boolean): string | undefined =>
  tells ? networkTokens(principal.tenant.environment)?.name : undefined

const createRoutes = (clock: Pick<Clock, 'now'>): readonly Route[] => [
  // wire: verifone §put
  defineRoute({
    ...listing,
    method: 'PUT',
    path: card,
    summary: 'Exchange an encrypted card for a token, or update the token that its scope knows it by',
    auth: { permission: 'tokenize' },
    headers: wire.writeHeaders,
    body: wire.putBody,
    replies: { 200: wire.cardReply },
    replyHeaders: ['cardkeep-network-tokens'],
    refuses: ['CaptureRefused', 'CaptureKeyNotFound', 'ScopeNotFound'],
    decode: decodePut(clock),
    run: async (services, caller, command) => {
      const put = await putCard(services, caller, command)
      if (!put.ok) return put
      const tells = put.value.type === 'token' && put.value.overview.networkToken !== undefined
      return ok({ told: put.value, issuer: issuerOf(services, caller, tells) })
    },
    encode: encodePut,
  }),
  // wire: verifone §get
  defineRoute({
    ...listing,
    method: 'GET',
    path: cardById,
    summary: 'Tell what may be told of a token',
    auth: { permission: 'any' },
    params: wire.tokenParams,
    replies: { 200: wire.tokenReply },
    replyHeaders: ['cardkeep-network-tokens'],
    refuses: ['TokenNotFound'],
    decode: decodeTokenId,
    run: async (services, caller, tokenId) => {
      const shown = await showOverview(services, caller, tokenId)
      if (!shown.ok) return shown
      const tells = shown.value.networkToken !== undefined
      return ok({ told: shown.value, issuer: issuerOf(services, caller, tells) })
    },
    encode: encodeGet,
  }),
  // wire: verifone §patch
  defineRoute({
    ...listing,
    method: 'PATCH',
    path: cardById,
    summary: "Change a token's card, expiry, names or end; hold a fresh code by it",
    auth: { permission: 'tokenize' },
    params: wire.tokenParams,
    headers: wire.writeHeaders,
    body: wire.patchBody,
    replies: { 200: wire.patchReply },
    replyHeaders: ['cardkeep-network-tokens'],
    refuses: ['CaptureRefused', 'CaptureKeyNotFound', 'NetworkTokenRefused'],
    decode: decodePatch(clock),
    run: async (services, caller, command) => {
      const updated = await updateToken(services, caller, command)
      if (!updated.ok) return refuse(blameBody(command)(updated.error))
      const tells = updated.value.networkToken !== undefined
      return ok({ told: updated.value, issuer: issuerOf(services, caller, tells) })
    },
    encode: encodePatch,
  }),
  // wire: verifone §suspend, activate, delete
  defineRoute({
    ...listing,
    method: 'DELETE',
    path: cardById,
    summary: 'End a token: its card and its code are gone at once',
    auth: { permission: 'tokenize' },
    params: wire.tokenParams,
    replies: { 204: noBody },
    decode: decodeTokenId,
    run: deleteToken,
    encode: encodeNothing,
  }),
  defineRoute({
    ...listing,
    method: 'PATCH',
    path: `${cardById}/suspend`,
    summary: 'Refuse every use of a token until it is activated',
    auth: { permission: 'tokenize' },
    params: wire.tokenParams,
    replies: { 204: noBody },
    decode: decodeTokenId,
    run: suspendToken,
    encode: encodeNothing,
  }),
  defineRoute({
    ...listing,
    method: 'PATCH',
    path: `${cardById}/activate`,
    summary: 'Let a suspended token be used again',
    auth: { permission: 'tokenize' },
    params: wire.tokenParams,
    replies: { 204: noBody },
    decode: decodeTokenId,
    run: activateToken,
    encode: encodeNothing,
  }),
  // wire: verifone §capture keys, that there are such calls verified; paths, methods and statuses inferred
  defineRoute({
    ...listing,
    method: 'POST',
    path: captureKeys,
    summary: 'Make a key for which browsers and apps encrypt cards',
    auth: { permission: 'tokenize' },
    replies: { 200: wire.captureKeyReply },
    refuses: ['TooManyCaptureKeys'],
    decode: () => ok(undefined),
    run: createCaptureKey,
    encode: encodeCaptureKey,
  }),
  defineRoute({
    ...listing,
    method: 'GET',
    path: captureKeys,
    summary: 'List the keys for which browsers and apps may encrypt cards',
    auth: { permission: 'any' },
    replies: { 200: wire.captureKeysReply },
    decode: () => ok(undefined),
    run: async (services, { principal }) => ok(await listCaptureKeys(services, principal.tenant)),
    encode: encodeCaptureKeys,
  }),
]

/** wire: verifone §paths, verified: the servers of the description end so; without it is Cardkeep's own. */
const prefix = '/oidc'

/** Its errors say when they were made. */
export const createVerifone = (clock: Pick<Clock, 'now'>): Dialect => {
  const routes = createRoutes(clock)
  return {
    name: 'verifone',
    routes: [...routes, ...routes.map((route) => ({ ...route, path: `${prefix}${route.path}` }))],
    security: { credential: { type: 'http', scheme: 'basic', description: 'user_id:api_key' } },
    readCredential,
    ...createErrors(clock),
    prefixes: [prefix, '/api/v2'],
    refusalSchema: wire.refusalBody,
  }
}
