import { Writable } from 'node:stream'
import { parsePan } from '@cardkeep/core/cards/pan'
import { claimLifetimeMs } from '@cardkeep/core/idempotency/claim'
import { ok, refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import {
  type TokenizeCard,
  type TokenizedCard,
  tokenizeCard,
} from '@cardkeep/core/operations/tokens/tokenize-card'
import type { Store } from '@cardkeep/core/ports'
import { testCards } from '@cardkeep/testing/canary/cards'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { afterEach, describe, expect, test } from 'vitest'
import { createRequestMarker } from '../keys/idempotency-hasher.ts'
import { createReplySealer } from '../keys/reply-sealer.ts'
import { createLog } from '../log/log.ts'
import type { Services } from '../services.ts'
import type { Dialect } from './dialect.ts'
import { createInFlight } from './in-flight.ts'
import { createListener } from './listener.ts'
import { defineRoute, type RouteSpec } from './route.ts'

const vaults: TestVault[] = []
const apps: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
  await Promise.all(vaults.splice(0).map((vault) => vault.close()))
})

interface Sent {
  readonly number: string
  readonly code?: string
}

type Spec = RouteSpec<TokenizeCard, TokenizedCard>

const idempotency: NonNullable<Spec['idempotency']> = {
  header: 'idempotency-key',
  sameness: ({ body }) => new Secret((body as Sent).number),
}

/** A small API of its own that keeps cards as any dialect does. */
const keepCards: Spec = {
  method: 'POST',
  path: '/cards',
  summary: '',
  auth: { permission: 'tokenize', publicKey: false },
  idempotency,
  body: Type.Object({ number: Type.String(), code: Type.Optional(Type.String()) }),
  replies: {
    201: Type.Object({ token: Type.String(), last4: Type.String(), session: Type.Optional(Type.String()) }),
  },
  decode: ({ body }) => {
    const { number, code } = body as Sent
    const pan = parsePan(new Secret(number))
    if (!pan.ok) return pan
    return ok({
      card: {
        type: 'card',
        pan: pan.value,
        expiry: { month: 12, year: 2030, yearDigits: 4 },
        holder: undefined,
      },
      code: code === undefined ? undefined : new Secret(code),
      policy: { hold: true, ttlMs: 90_000, uses: 1, destinations: undefined },
      heldBy: 'session',
      takesExpired: false,
      test: false,
      lifetimeMs: undefined,
    })
  },
  run: tokenizeCard,
  encode: ({ token, sessionId }, { card }) => ({
    status: 201,
    body: {
      token: token.id,
      last4: token.mask.last4,
      ...(sessionId ? { session: sessionId } : {}),
      // The schema does not list it.
      card,
      kept: 'not to be sent',
    },
  }),
}

const dialectOf = (specs: readonly Spec[]): Dialect => ({
  name: 'ozura',
  routes: specs.map(defineRoute),
  security: { credential: { type: 'apiKey', in: 'header', name: 'X-Key' } },
  readCredential: () => undefined,
  encodeRefusal: (refusal) => ({
    status: refusal.type.startsWith('Idempotency') ? 409 : 400,
    body: { no: refusal.type, ...('field' in refusal ? { field: refusal.field } : {}) },
  }),
  refusalSchema: Type.Object({ no: Type.String(), field: Type.Optional(Type.String()) }),
  encodeBug: () => ({ status: 500, body: { no: 'bug' } }),
})

const open = async (
  specs: readonly Spec[] = [keepCards],
  wrap: (store: Store) => Store = (store) => store,
) => {
  const vault = await openTestVault()
  vaults.push(vault)
  const tenants = { shop: await addTenant(vault, 'shop'), stranger: await addTenant(vault, 'stranger') }
  const services = {
    ...vault,
    store: wrap(vault.store),
    marker: createRequestMarker(vault.keyring),
    replySealer: createReplySealer(vault.keyring),
  } as unknown as Services
  const app = createListener({
    config: { tls: { type: 'none' }, trustedProxies: [], publicUrl: undefined },
    dialects: [dialectOf(specs)],
    services,
    access: {
      authenticate: async ({ headers }) =>
        ok({
          tenant: tenants[headers['x-tenant'] === 'stranger' ? 'stranger' : 'shop'],
          credentialId: vault.ids.uuid() as never,
          permissions: ['tokenize'],
        }),
      stillHolds: async () => true,
    },
    inFlight: createInFlight(),
    readiness: {
      auditFailed: () => {},
      check: async () => undefined,
      isSealed: () => false,
      setSealed: () => {},
      setStopping: () => {},
    },
    log: createLog('info', new Writable({ write: (_chunk, _encoding, next) => next() })),
  })
  apps.push(app)
  const post = async (body: Sent, headers: Readonly<Record<string, string>> = {}, url = '/cards') => {
    const reply = await app.inject({ method: 'POST', url, headers, payload: body })
    return {
      status: reply.statusCode,
      text: reply.body,
      body: reply.json<Record<string, string>>(),
      replayed: reply.headers['idempotent-replayed'],
    }
  }
  const countTokens = async () => {
    const entries = await vault.store.auditEntries(0, 1_000)
    return entries.filter(({ text }) => text.includes('token.created')).length
  }
  return { vault, app, post, countTokens }
}

const card: Sent = { number: testCards.visa, code: '123' }
const key = { 'idempotency-key': 'order-1' }

test('without a key every request runs', async () => {
  const { post, countTokens } = await open()
  const replies = [await post(card), await post(card)]
  expect(replies.map(({ status, replayed }) => [status, replayed])).toEqual([
    [201, undefined],
    [201, undefined],
  ])
  expect(await countTokens()).toBe(2)
})

test('with a key it runs once, and the reply comes again byte for byte and says that it does', async () => {
  const { post, countTokens } = await open()
  const first = await post(card, key)
  expect(first).toMatchObject({ status: 201, replayed: undefined })
  expect(await post(card, key)).toEqual({ ...first, replayed: 'true' })
  expect(await countTokens()).toBe(1)
})

test('another code is the same request, and none of it is held', async () => {
  const { vault, post } = await open()
  const first = await post(card, key)
  expect(vault.backend.count()).toBe(1)
  expect(await post({ ...card, code: '999' }, key)).toEqual({ ...first, replayed: 'true' })
  expect(await post({ number: card.number }, key)).toEqual({ ...first, replayed: 'true' })
  expect(vault.backend.count()).toBe(1)
})

test('another card is another request', async () => {
  const { post, countTokens } = await open()
  await post(card, key)
  expect(await post({ number: testCards.mastercard }, key)).toMatchObject({
    status: 409,
    body: { no: 'IdempotencyKeyReused' },
  })
  expect(await countTokens()).toBe(1)
})

test('a key belongs to its tenant and its route', async () => {
  const { post, countTokens } = await open([keepCards, { ...keepCards, path: '/more-cards' }])
  const replies = [
    await post(card, key),
    await post(card, { ...key, 'x-tenant': 'stranger' }),
    await post(card, key, '/more-cards'),
    await post({ number: testCards.mastercard }, { ...key, 'x-tenant': 'stranger' }),
  ]
  expect(replies.map(({ status }) => status)).toEqual([201, 201, 201, 409])
  expect(new Set(replies.slice(0, 3).map(({ body }) => body['token'])).size).toBe(3)
  expect(await countTokens()).toBe(3)
})

test('of fifty at once one is answered anew', async () => {
  const { post, countTokens } = await open()
  const replies = await Promise.all(Array.from({ length: 50 }, () => post(card, key)))
  const fresh = replies.filter(({ status, replayed }) => status === 201 && replayed === undefined)
  expect(fresh).toHaveLength(1)
  for (const reply of replies)
    if (reply.status === 201) expect(reply.text).toBe(fresh[0]?.text)
    else expect(reply).toMatchObject({ status: 409, body: { no: 'IdempotencyKeyInUse' } })
  expect(await countTokens()).toBe(1)
})

test('a request that was refused may be corrected under the same key', async () => {
  const { post } = await open()
  const wrong = `${testCards.visa.slice(0, -1)}2`
  expect(await post({ number: wrong }, key)).toMatchObject({ status: 400, body: { no: 'InvalidCardNumber' } })
  expect(await post(card, key)).toMatchObject({ status: 201, replayed: undefined })
})

describe('a key is one to 255 visible characters:', () => {
  test.each([
    ['no character', ''],
    ['a space', 'order 1'],
    ['two headers', 'order-1, order-2'],
    ['a letter of another alphabet', 'órder-1'],
    ['256 characters', 'x'.repeat(256)],
  ])('%s is refused, and nothing is kept', async (_, text) => {
    const { post, countTokens } = await open()
    expect(await post(card, { 'idempotency-key': text })).toMatchObject({
      status: 400,
      body: { no: 'InvalidField', field: 'Idempotency-Key' },
    })
    expect(await countTokens()).toBe(0)
  })

  test('255 are taken', async () => {
    const { post } = await open()
    expect(await post(card, { 'idempotency-key': '~'.repeat(255) })).toMatchObject({ status: 201 })
  })
})

test('a request that is so slow that another takes its claim makes no token and holds no code', async () => {
  const dropped: string[] = []
  let isFirst = true
  const bench: Awaited<ReturnType<typeof open>> = await open([keepCards], (store) =>
    interceptCommits(store, async (changes, commit) => {
      if (isFirst && changes.some(({ type }) => type === 'put-token')) {
        isFirst = false
        bench.vault.clock.advance(claimLifetimeMs)
        expect(await bench.post(card, key)).toMatchObject({ status: 201, replayed: undefined })
      }
      const result = await commit()
      if (!result.ok) dropped.push(result.error.change)
      return result
    }),
  )
  const { post, countTokens, vault } = bench
  expect(await post(card, key)).toMatchObject({ status: 400, body: { no: 'Unavailable' } })
  expect(dropped.at(-1)).toBe('settle-idempotency')
  expect(await countTokens()).toBe(1)
  expect(vault.backend.count()).toBe(1)
  expect(await post(card, key)).toMatchObject({ status: 201, replayed: 'true' })
})

test('what is stored says nothing of the reply, the card, the code or the key', async () => {
  const stored: string[] = []
  const { post } = await open([keepCards], (store) =>
    interceptCommits(store, (changes, commit) => {
      for (const change of changes) if (change.type.endsWith('-idempotency')) stored.push(spellWhole(change))
      return commit()
    }),
  )
  const { body } = await post({ number: testCards.visa, code: '8274' }, { 'idempotency-key': testCards.visa })
  const { token = '', session = '' } = body
  expect([stored.length, token, session]).toEqual([2, expect.stringMatching(/./), expect.stringMatching(/./)])
  for (const text of [token, session, testCards.visa, '8274', 'last4', 'not to be sent'])
    expect(stored.filter((one) => one.includes(text))).toEqual([])
})

test('a reply that was changed in the store is a bug to the caller, and the request runs no second time', async () => {
  let isChanged = false
  const { post, countTokens } = await open([keepCards], (store) => ({
    ...store,
    idempotencyClaim: async (name) => {
      const found = await store.idempotencyClaim(name)
      return isChanged && found?.reply ? { ...found, reply: { ...found.reply, status: 200 } } : found
    },
  }))
  await post(card, key)
  isChanged = true
  expect(await post(card, key)).toMatchObject({ status: 500, body: { no: 'bug' } })
  isChanged = false
  expect(await post(card, key)).toMatchObject({ status: 201, replayed: 'true' })
  expect(await countTokens()).toBe(1)
})

describe('a route', () => {
  test.each(['forward', 'detokenize', 'any'] as const)(
    'with the permission %s has no idempotency key',
    async (permission) => {
      await expect(open([{ ...keepCards, auth: { permission, publicKey: false } }])).rejects.toThrow(
        'its reply must not be stored',
      )
    },
  )

  test('names its header as Node hands it over', async () => {
    const wrong = { ...idempotency, header: 'Idempotency-Key' }
    await expect(open([{ ...keepCards, idempotency: wrong }])).rejects.toThrow('with capitals')
  })
})

test('an outage says so, and the request may come again at once', async () => {
  let isDown = true
  const { post, countTokens } = await open([keepCards], (store) =>
    interceptCommits(store, (changes, commit) =>
      isDown && changes.some(({ type }) => type === 'put-token')
        ? Promise.resolve(refuse({ type: 'Conflict', change: 'put-token' }))
        : commit(),
    ),
  )
  expect(await post(card, key)).toMatchObject({ body: { no: 'Unavailable' } })
  isDown = false
  expect(await post(card, key)).toMatchObject({ status: 201, replayed: undefined })
  expect(await countTokens()).toBe(1)
})

/** Each byte as a character, so that what a change holds can be searched. */
const spellWhole = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner instanceof Uint8Array ? Buffer.from(inner).toString('latin1') : inner,
  )
