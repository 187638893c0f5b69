import type { BinSetId, DestinationId, TokenId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { createCredential } from '@cardkeep/core/operations/administration/change-credentials'
import { allowDestination } from '@cardkeep/core/operations/administration/change-destinations'
import { suspendToken } from '@cardkeep/core/operations/tokens/suspend-token'
import type { SendOutcome } from '@cardkeep/core/ports'
import type { Permission, Tenant } from '@cardkeep/core/tenants/tenant'
import { spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { openDoor } from '@cardkeep/testing/doubles/door'
import { approved, createEgressDouble } from '@cardkeep/testing/doubles/egress'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { sealPayload } from '@cardkeep/testing/keys/seal-payload'
import type { FastifyInstance } from 'fastify'
import { Check } from 'typebox/value'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { mintCredential } from '../credentials.ts'
import { hellgate } from './routes.ts'
import { refusalBody } from './wire.ts'

/*
 * The whole API over a real store, real keys, codes and sessions; only the way out to providers is a double. Every reply is
 * held against what the route says that it answers.
 */

type Json = Record<string, unknown>

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  readonly body: Json
}

interface Wish {
  readonly body?: unknown
  /** As it goes over the wire. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  /** None where it is empty. */
  readonly key?: string
}

const base = 'https://vault.example'

interface Bench {
  readonly vault: TestVault
  readonly app: FastifyInstance
}

let shared: Bench
let vault: TestVault
let app: FastifyInstance
let egress: ReturnType<typeof createEgressDouble>
let answerWith: SendOutcome
let tenant: Tenant
let key: string
let address: string
let tests = 0
const log: string[] = []

const openBench = async (): Promise<Bench> => {
  const opened = await openTestVault()
  const listener = openDoor(opened, {
    dialect: hellgate,
    publicUrl: base,
    lines: log,
    egress: {
      admit: (wish) => egress.admit(wish),
      probe: (forward) => egress.probe(forward),
      send: (forward, parcel) => egress.send(forward, parcel),
    },
  })
  return { vault: opened, app: listener }
}

const closeBench = async (bench: Bench): Promise<void> => {
  await bench.app.close()
  await bench.vault.close()
}

/** Each test has a tenant and an address of its own. */
const use = async (bench: Bench): Promise<void> => {
  vault = bench.vault
  app = bench.app
  tenant = await addTenant(vault, `shop ${++tests}`, { environment: 'test' })
  key = await addKey(tenant)
  address = `198.51.${tests >> 8}.${tests & 255}`
}

/** For tests that move the clock, or change what all tenants share. */
const useOwnVault = async (): Promise<void> => {
  const bench = await openBench()
  onTestFinished(() => closeBench(bench))
  await use(bench)
}

beforeAll(async () => {
  shared = await openBench()
})
afterAll(() => closeBench(shared))

beforeEach(async () => {
  answerWith = approved
  egress = createEgressDouble(() => answerWith)
  await use(shared)
})

const addKey = async (of: Tenant, permissions: readonly Permission[] = ['tokenize', 'forward']) => {
  const minted = mintCredential('hellgate', of.environment, vault.ids)
  await createCredential(vault, testOperator, of, {
    id: minted.id,
    dialect: 'hellgate',
    permissions,
    hash: vault.credentials.hash(minted.secret, minted.id),
    publicKey: undefined,
    expiresAt: undefined,
  })
  return minted.show((secret) => openSecret(secret, 'hand out'))['api_key'] ?? ''
}

const call = async (method: 'GET' | 'POST' | 'DELETE' | 'OPTIONS', url: string, wish: Wish = {}) => {
  const { body, text = body === undefined ? undefined : JSON.stringify(body), headers = {} } = wish
  const apiKey = wish.key ?? key
  const response = await app.inject({
    method,
    url,
    remoteAddress: address,
    headers: {
      ...(apiKey && { 'x-api-key': apiKey }),
      ...(text !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(text !== undefined && { payload: text }),
  })
  const reply: Reply = {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    body: readJson(response.body),
  }
  expect(response.statusCode).not.toBe(500)
  if (method !== 'OPTIONS') expectDocumented(method, url, reply)
  return reply
}

const readJson = (text: string): Json => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return {}
  }
}

const expectDocumented = (method: string, url: string, { status, headers, body, text }: Reply): void => {
  const path = url.replace(/\?.*$/, '')
  const route = hellgate.routes.find(
    (one) => one.method === method && new RegExp(`^${one.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
  )
  expect(headers['x-hellgate-version']).toBe('2.0')
  if (headers['cardkeep-refusal'] !== undefined) {
    expect({ body, isRefusal: Check(refusalBody, body) }).toEqual({ body, isRefusal: true })
    expect(body['code']).toBe(status)
  } else if (status === 204) expect(text).toBe('')
  else if (!route?.relays && !route?.replyType) {
    const schema = route?.replies[status]
    expect({ body, isReply: schema && Check(schema, body) }).toEqual({ body, isReply: true })
  }
}

const visa = { account_number: testCards.visa, expiry_month: 4, expiry_year: 2033 }

const importCard = async (more: object = {}, wish: Wish = {}): Promise<Json> => {
  const reply = await call('POST', '/cde-import', { body: { ...visa, ...more }, ...wish })
  expect([reply.status, reply.body]).toEqual([200, expect.anything()])
  return reply.body
}

const importId = async (more: object = {}): Promise<string> => String((await importCard(more))['id'])

const refusalOf = ({ status, body }: Reply) => [status, body['classifier'], body['validation_errors']]
const wrong = (path: string) => [422, 'VALIDATION_ERROR', [{ path, message: expect.any(String) as string }]]
const notFound = [404, 'NOT_FOUND', undefined]

describe('POST /cde-import', () => {
  test('answers the token with what may be told of its card', async () => {
    const token = await importCard({ cardholder_name: 'Jane Holder', security_code: '123' })
    expect(token).toEqual({
      id: expect.any(String) as string,
      cardholder_name: 'Jane Holder',
      card_art_url: `${base}/tokens/card-art/${String(token['id'])}`,
      created_at: '2026-01-01T00:00:00.000Z',
      expiry_month: 4,
      expiry_year: 2033,
      issuer_identification_number: '41111111',
      account_number_last_four: '1111',
      account_number_length: 16,
      masked_account_number: '411111******1111',
      status: 'active',
      network_token_status: 'not_available',
      scheme: 'VISA',
      identity_and_verification: 'none',
    })
  })

  test("tells what the operator's table knows of the card, and nothing where it knows nothing", async () => {
    await useOwnVault()
    const set = vault.ids.uuid() as BinSetId
    const bin = {
      prefix: '411111',
      brand: 'VISA',
      funding: 'debit' as const,
      segment: 'consumer' as const,
      product: undefined,
      issuer: 'Test Bank',
      country: 'DE',
      currency: 'EUR',
    }
    await vault.store.commit([{ type: 'put-bins', set, bins: [bin] }])
    await vault.store.commit([{ type: 'use-bins', set, at: vault.clock.now() }])
    expect(await importCard()).toMatchObject({
      bank_name: 'Test Bank',
      segment: 'consumer',
      type: 'debit',
      currency_code: 'EUR',
      country_code: 'DE',
    })
    expect(await importCard({ account_number: testCards.amex })).not.toHaveProperty('bank_name')
  })

  test.each([
    [testCards.mastercard, 'Mastercard', '555555******4444', '55555555'],
    [testCards.amex, 'American Express', '378282*****0005', '378282'],
    [testCards.diners, 'Diners Club', '305693****5904', '305693'],
    [testCards.unionpay, 'UnionPay', '620000******0005', '62000000'],
    [testCards.maestro, 'Unknown', '675964******8453', '675964'],
  ])('names the scheme of %s', async (account_number, scheme, masked, issuer) => {
    expect(await importCard({ account_number })).toMatchObject({
      scheme,
      masked_account_number: masked,
      issuer_identification_number: issuer,
    })
  })

  test('takes a card that has expired, and makes a new token for a number that it knows', async () => {
    const one = await importCard({ expiry_year: 2020 })
    const other = await importCard({ expiry_year: 2020 })
    expect(one['status']).toBe('active')
    expect(other['id']).not.toBe(one['id'])
  })

  test.each([
    [{ account_number: undefined }, '$.account_number'],
    [{ account_number: 4 }, '$.account_number'],
    [{ account_number: '4111111111111112' }, '$.account_number'],
    [{ expiry_month: 13 }, '$.expiry_month'],
    [{ expiry_month: '4' }, '$.expiry_month'],
    [{ expiry_year: 33 }, '$.expiry_year'],
    [{ expiry_year: 2500 }, '$.expiry_year'],
    [{ security_code: '12' }, '$.security_code'],
    [{ security_code: '1234' }, '$.security_code'],
    [{ cardholder_name: '' }, '$.cardholder_name'],
    [{ cardholder_name: '４１１１１１１１１１１１１１１１' }, '$.cardholder_name'],
    [{ cardholder_name: '④①①①①①①①①①①①①①①①' }, '$.cardholder_name'],
    [{ surname: 'Holder' }, '$.surname'],
  ])('says where %j is wrong', async (more, path) => {
    const reply = await call('POST', '/cde-import', { body: { ...visa, ...more } })
    expect(refusalOf(reply)).toEqual(wrong(path))
    expect(reply.text).not.toContain(testCards.visa)
  })

  test.each(['', '{', '[]', 'null', '{"account_number":"4","account_number":"5"}'])(
    'does not take the body %s',
    async (text) => {
      expect(refusalOf(await call('POST', '/cde-import', { text }))).toEqual(wrong('$'))
    },
  )

  test('says the same again to the same key, and refuses another request under it', async () => {
    const headers = { 'x-idempotency-key': 'once' }
    const first = await call('POST', '/cde-import', { body: { ...visa, security_code: '123' }, headers })
    const again = await call('POST', '/cde-import', { body: { ...visa, security_code: '947' }, headers })
    expect([again.status, again.text]).toEqual([200, first.text])
    expect(again.headers['idempotent-replayed']).toBe('true')
    const other = await call('POST', '/cde-import', { body: { ...visa, expiry_month: 5 }, headers })
    expect(refusalOf(other)).toEqual([409, 'CONFLICT', undefined])
    const spoilt = await call('POST', '/cde-import', { body: visa, headers: { 'x-idempotency-key': 'a b' } })
    expect(refusalOf(spoilt)).toEqual(wrong("$['X-Idempotency-Key']"))
  })

  test('holds the code as its header says', async () => {
    const headers = { 'cardkeep-code-policy': 'hold=off' }
    const token = await importCard({ security_code: '123' }, { headers })
    const held = await call('GET', `/tokens/${String(token['id'])}/security-code`)
    expect(held.body).toEqual({ security_code_available: false })
  })
})

describe('who calls', () => {
  test.each([
    ['no key', { key: '' }],
    ['a key of another form', { key: 'sk_sndbx_0123' }],
  ])('with %s is not told anything', async (_, wish) => {
    for (const [method, url] of [
      ['POST', '/cde-import'],
      ['GET', '/tokens'],
      ['POST', '/forward'],
    ] as const)
      expect((await call(method, url, wish)).body).toEqual({
        code: 401,
        classifier: 'UNAUTHORIZED',
        message: 'No valid means of authentication was provided',
      })
  })

  test('does only what the key permits', async () => {
    const id = await importId()
    const forwards = await addKey(tenant, ['forward'])
    const tokenizes = await addKey(tenant, ['tokenize'])
    const tries = async (method: 'GET' | 'POST' | 'DELETE', url: string) => [
      (await call(method, url, { key: forwards, ...(method === 'POST' && { body: {} }) })).status,
      (await call(method, url, { key: tokenizes, ...(method === 'POST' && { body: {} }) })).status,
    ]
    expect(await tries('POST', '/cde-import')).toEqual([403, 422])
    expect(await tries('POST', '/tokens/session')).toEqual([403, 200])
    expect(await tries('POST', `/tokens/${id}/refresh-session`)).toEqual([403, 200])
    expect(await tries('POST', '/forward')).toEqual([422, 403])
    expect(await tries('GET', `/tokens/${id}/security-code`)).toEqual([200, 403])
    expect(await tries('POST', `/tokens/${id}/consume`)).toEqual([204, 403])
    expect(await tries('GET', '/tokens')).toEqual([200, 200])
    expect(await tries('GET', `/tokens/${id}`)).toEqual([200, 200])
    expect(await tries('DELETE', `/tokens/${id}`)).toEqual([403, 204])
  })
})

describe('a token', () => {
  test('is found by each of its spellings, and tells the same each time', async () => {
    const token = await importCard({ cardholder_name: 'Jane Holder' })
    const id = token['id'] as TokenId
    for (const spelling of [id, id.toUpperCase(), spellPrefixed(id)])
      expect((await call('GET', `/tokens/${spelling}`)).body).toEqual(token)
  })

  test('that is suspended is shown as invalid', async () => {
    const id = await importId()
    await suspendToken(vault, testOperator, id as TokenId)
    expect((await call('GET', `/tokens/${id}`)).body['status']).toBe('invalid')
  })

  test('of another tenant, or that is none, is not found, whatever is asked of it', async () => {
    const id = await importId()
    const stranger = await addKey(await addTenant(vault, `other ${tests}`, { environment: 'test' }))
    for (const [who, spelling] of [
      [stranger, id],
      [key, '00000000-0000-4000-8000-0000000fffff'],
      [key, 'session'],
      [key, 'x'.repeat(3_000)],
    ] as const)
      for (const [method, path] of [
        ['GET', ''],
        ['DELETE', ''],
        ['POST', '/refresh-session'],
        ['GET', '/security-code'],
        ['POST', '/consume'],
      ] as const)
        expect(refusalOf(await call(method, `/tokens/${spelling}${path}`, { key: who }))).toEqual(notFound)
  })

  test('that is deleted is gone, and deleting it again finds nothing', async () => {
    const id = await importId({ security_code: '123' })
    expect((await call('DELETE', `/tokens/${id}`)).status).toBe(204)
    expect(refusalOf(await call('GET', `/tokens/${id}`))).toEqual(notFound)
    expect(refusalOf(await call('DELETE', `/tokens/${id}`))).toEqual(notFound)
    expect(refusalOf(await call('GET', `/tokens/card-art/${id}`))).toEqual(notFound)
    expect((await call('GET', '/tokens')).body['data']).toEqual([])
  })

  test('holds the code that it came with until it is consumed', async () => {
    const id = await importId({ security_code: '123' })
    const isHeld = async () => (await call('GET', `/tokens/${id}/security-code`)).body
    expect(await isHeld()).toEqual({ security_code_available: true })
    const consumed = await call('POST', `/tokens/${id}/consume`)
    expect([consumed.status, consumed.text]).toEqual([204, ''])
    expect(await isHeld()).toEqual({ security_code_available: false })
    expect((await call('POST', `/tokens/${id}/consume`)).status).toBe(204)
  })

  test('is drawn, for whoever knows its id, as a picture that runs nothing', async () => {
    const id = await importId({ account_number: testCards.mastercard })
    const art = await call('GET', `/tokens/card-art/${id}`, { key: '' })
    expect(art.status).toBe(200)
    expect(art.headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    })
    expect(art.text).toContain('<title id="title">Mastercard card ending in 4444</title>')
    expect(art.text).not.toContain('555555')
    expect(refusalOf(await call('GET', '/tokens/card-art/none', { key: '' }))).toEqual(notFound)
  })
})

describe('GET /tokens', () => {
  const idsOf = ({ body }: Reply) => (body['data'] as readonly Json[]).map(({ id }) => id)
  const list = (query: string) => call('GET', `/tokens?${query}`)

  test('answers page by page, in the order that is asked for', async () => {
    await useOwnVault()
    const ids: string[] = []
    for (let day = 0; day < 5; day++) {
      ids.push(await importId())
      vault.clock.advance(86_400_000)
    }
    const newest = ids.toReversed()
    const whole = await list('')
    expect(idsOf(whole)).toEqual(newest)
    expect(whole.body['pagination']).toEqual({
      current_page: 1,
      page_size: 50,
      total_items: 5,
      total_pages: 1,
    })
    const second = await list('limit=2&page=2')
    expect(idsOf(second)).toEqual(newest.slice(2, 4))
    expect(second.body['pagination']).toEqual({
      current_page: 2,
      page_size: 2,
      total_items: 5,
      total_pages: 3,
    })
    expect(idsOf(await list('limit=2&page=9'))).toEqual([])
    for (const sort of ['created_at+asc', 'created_at%2Basc', 'created_at%20asc'])
      expect(idsOf(await list(`sort=${sort}`))).toEqual(ids)
    expect(idsOf(await list('from=2026-01-02&to=2026-01-04&sort=created_at+asc'))).toEqual(ids.slice(1, 4))
    expect(idsOf(await list('to=2026-01-01T00:00:00Z'))).toEqual(ids.slice(0, 1))
    expect(idsOf(await list('from=2026-01-05T01:00:00+01:00'))).toEqual(ids.slice(4))
  })

  test('has no token with a network token', async () => {
    await importId()
    const none = await list('network_token_status=active,pending')
    expect(none.body).toEqual({
      data: [],
      pagination: { current_page: 1, page_size: 50, total_items: 0, total_pages: 0 },
    })
    expect(idsOf(await list('network_token_status=active,not_available'))).toHaveLength(1)
  })

  test('has only tokens of the tenant', async () => {
    await importId()
    const stranger = await addKey(await addTenant(vault, `other ${tests}`, { environment: 'test' }))
    expect((await call('GET', '/tokens', { key: stranger })).body['data']).toEqual([])
  })

  test.each([
    ['limit=0', '$.limit'],
    ['limit=501', '$.limit'],
    ['limit=5&limit=6', '$.limit'],
    ['page=0', '$.page'],
    ['sort=created_at', '$.sort'],
    ['from=2026-02-30', '$.from'],
    ['to=x', '$.to'],
    ['network_token_status=gone', '$.network_token_status'],
    ['cursor=1', '$.cursor'],
  ])('refuses %s', async (query, path) => {
    expect(refusalOf(await list(query))).toEqual(wrong(path))
  })
})

/** A browser: it has no key, and shows from where its page is. */
const browser = (more: Wish = {}): Wish => ({
  key: '',
  ...more,
  headers: { origin: 'https://shop.example', ...more.headers },
})

const openTokenSession = async (body?: object): Promise<string> => {
  const reply = await call('POST', '/tokens/session', body && { body })
  expect(reply.status).toBe(200)
  return String(reply.body['session_id'])
}

const openRefresh = async (token: string): Promise<string> =>
  String((await call('POST', `/tokens/${token}/refresh-session`)).body['session_id'])

const stateOf = async (session: string) => call('GET', `/sessions/${session}`, browser())

/** Seals for the key that the session tells, as a browser does, and sends it. */
const answer = async (session: string, payload: unknown, alg = 'RSA-OAEP'): Promise<Reply> => {
  const { body } = await stateOf(session)
  const { jwk } = body['data'] as { readonly jwk: { readonly n: string; readonly e: string } }
  const sealed = await sealPayload({ id: '', modulus: jwk.n, exponent: jwk.e }, JSON.stringify(payload), {
    alg,
  })
  return complete(session, String(body['next_action']), sealed)
}

const complete = (session: string, action: string, enc_payload: string, more: object = {}) =>
  call(
    'POST',
    `/sessions/${session}/complete-action`,
    browser({ body: { action, result: { enc_payload, ...more } } }),
  )

describe('a session for a card', () => {
  const typed = { ...visa, security_code: '123', additional_data: { cardholder_name: 'Jane Holder' } }

  test.each(['RSA-OAEP', 'RSA-OAEP-256'])(
    'is answered by a card that a browser seals with %s',
    async (alg) => {
      const session = await openTokenSession()
      const asked = await stateOf(session)
      expect(asked.body).toMatchObject({
        next_action: 'tokenize_card',
        data: { provider: 'guardian', base_url: `${base}/cde`, jwk: { kty: 'RSA', e: 'AQAB' } },
      })
      expect(asked.headers['access-control-allow-origin']).toBe('*')
      const answered = await answer(session, typed, alg)
      expect(answered.body).toMatchObject({ next_action: null, status: 'success' })
      expect(answered.headers['access-control-allow-origin']).toBe('*')
      const { token_id: id } = answered.body['data'] as { readonly token_id: string }
      expect((await call('GET', `/tokens/${id}`)).body).toMatchObject({
        cardholder_name: 'Jane Holder',
        masked_account_number: '411111******1111',
      })
      expect((await call('GET', `/tokens/${id}/security-code`)).body).toEqual({
        security_code_available: true,
      })
      expect((await stateOf(session)).body).toEqual(answered.body)
    },
  )

  test('says the same again when it is answered twice', async () => {
    const session = await openTokenSession()
    const first = await answer(session, typed)
    const again = await complete(session, 'tokenize_card', 'x.y.z')
    expect([again.status, again.body]).toEqual([200, first.body])
    expect((await call('GET', '/tokens')).body['pagination']).toMatchObject({ total_items: 1 })
  })

  test('may give its token an end, which a browser may bring nearer', async () => {
    const expiryOf = async (session: string, more: object) => {
      const { body } = await answer(session, { ...typed, ...more })
      const { token_id: id } = body['data'] as { readonly token_id: string }
      return (await call('GET', `/tokens/${id}`)).body['expires_at']
    }
    expect(await expiryOf(await openTokenSession(), {})).toBeUndefined()
    const hour = { expiration_time: 3_600 }
    expect(await expiryOf(await openTokenSession(hour), {})).toBe('2026-01-01T01:00:00.000Z')
    const soon = { expiration_date: '2026-01-01T00:30:00Z' }
    expect(await expiryOf(await openTokenSession(hour), soon)).toBe('2026-01-01T00:30:00.000Z')
    expect(await expiryOf(await openTokenSession(hour), { ephemeral: true })).toBe('2026-01-01T01:00:00.000Z')
    expect(await expiryOf(await openTokenSession(), { ephemeral: true })).toBe('2026-01-02T00:00:00.000Z')
  })

  test('takes the name beside the payload, as older SDKs send it', async () => {
    const session = await openTokenSession()
    const { body } = await stateOf(session)
    const { jwk } = body['data'] as { readonly jwk: { readonly n: string; readonly e: string } }
    const sealed = await sealPayload({ id: '', modulus: jwk.n, exponent: jwk.e }, JSON.stringify({ ...visa }))
    const more = { additional_data: { cardholder_name: 'Beside', billing_address: { line1: 'a' } } }
    const { body: ended } = await complete(session, 'tokenize_card', sealed, more)
    const { token_id: id } = ended['data'] as { readonly token_id: string }
    expect((await call('GET', `/tokens/${id}`)).body['cardholder_name']).toBe('Beside')
  })

  test.each([
    [{ account_number: '4111111111111112' }, '$.account_number'],
    [{ expiry_month: '04' }, '$.expiry_month'],
    [{ expiry_year: 2020 }, '$.expiry_year'],
    [{ security_code: '1234' }, '$.security_code'],
    [{ additional_data: { cardholder_name: 5 } }, '$.additional_data.cardholder_name'],
  ])('stays open when %j is wrong, and ends when five were', async (more, path) => {
    const session = await openTokenSession()
    for (let failure = 0; failure < 4; failure++)
      expect(refusalOf(await answer(session, { ...typed, ...more }))).toEqual(wrong(path))
    expect((await answer(session, { ...typed, ...more })).body).toMatchObject({
      next_action: null,
      status: 'failure',
      data: { reason_code: 'TOO_MANY_FAILURES' },
    })
    expect((await call('GET', '/tokens')).body['data']).toEqual([])
  })

  test('takes a body or none, and refuses what it does not know', async () => {
    for (const wish of [
      { body: {} },
      { text: '' },
      { body: { bypass_identification: true, expiration_time: 2_592_000 } },
      {},
    ])
      expect((await call('POST', '/tokens/session', wish)).status).toBe(200)
    for (const [body, path] of [
      [{ expiration_time: 0 }, '$.expiration_time'],
      [{ expiration_time: 2_592_001 }, '$.expiration_time'],
      [{ expiration_time: '60' }, '$.expiration_time'],
      [{ bypass_identification: 'yes' }, '$.bypass_identification'],
      [{ lifetime: 1 }, '$.lifetime'],
      [[], '$'],
    ] as const)
      expect(refusalOf(await call('POST', '/tokens/session', { body }))).toEqual(wrong(path))
  })
})

describe('a session for a code', () => {
  test('shows the card, takes the code, and the next forward has it', async () => {
    const id = await importId({ account_number: testCards.visa2 })
    const session = await openRefresh(id)
    expect((await stateOf(session)).body).toMatchObject({
      next_action: 'refresh_security_code',
      data: {
        account_number_last_four: '4242',
        account_number_length: 16,
        issuer_identification_number: '42424242',
        expiry_month: 4,
        expiry_year: 2033,
        scheme: 'visa',
      },
    })
    expect((await answer(session, { security_code: '947' })).body).toEqual({
      next_action: null,
      status: 'success',
      data: { token_id: id },
    })
    await allowProvider()
    await forward(id, '{"cvc":"{{ security_code }}"}')
    expect(sentBodies()).toEqual(['{"cvc":"947"}'])
  })

  test('refuses a code of the wrong length, and the answer to another question', async () => {
    const session = await openRefresh(await importId())
    expect(refusalOf(await answer(session, { security_code: '1234' }))).toEqual(wrong('$.security_code'))
    expect(refusalOf(await complete(session, 'tokenize_card', 'a.b.c'))).toEqual(wrong('$.action'))
    expect(refusalOf(await complete(session, 'refresh_security_code', 'a.b.c.d.e'))).toEqual(
      wrong('$.result.enc_payload'),
    )
  })

  test('is opened anew for each request, and once under one key', async () => {
    const id = await importId()
    const headers = { 'x-idempotency-key': 'refresh' }
    const sessions = [
      await openRefresh(id),
      await openRefresh(id),
      ...(await Promise.all(
        [0, 1].map(
          async () => (await call('POST', `/tokens/${id}/refresh-session`, { headers })).body['session_id'],
        ),
      )),
    ]
    expect(new Set(sessions.filter((one) => one !== undefined)).size).toBe(3)
    const other = await call('POST', `/tokens/${await importId()}/refresh-session`, { headers })
    expect(refusalOf(other)).toEqual([409, 'CONFLICT', undefined])
  })

  test('is not opened for a token that may not be used', async () => {
    const id = await importId()
    await suspendToken(vault, testOperator, id as TokenId)
    expect(refusalOf(await call('POST', `/tokens/${id}/refresh-session`))).toEqual(notFound)
  })
})

describe('a session that is not there', () => {
  const session = '00000000-0000-4000-8000-00000000dead'

  test.each([session, 'none', `${session}0`])(
    'is not found, in the words of what was asked: %s',
    async (id) => {
      expect((await stateOf(id)).body).toEqual({
        code: 404,
        classifier: 'NOT_FOUND',
        message: 'The session was not found',
      })
      const answered = await complete(id, 'tokenize_card', 'x')
      expect(answered.body).toEqual({
        code: 404,
        classifier: 'NOT_FOUND',
        message: 'The session_context was not found',
      })
      expect(answered.headers['access-control-allow-origin']).toBe('*')
    },
  )

  test('is one whose fifteen minutes are over', async () => {
    await useOwnVault()
    const opened = await openTokenSession()
    vault.clock.advance(15 * 60_000)
    expect((await stateOf(opened)).status).toBe(404)
  })
})

describe('a page of any origin', () => {
  test('may ask and answer, and send nothing but JSON', async () => {
    for (const [path, method] of [
      ['/sessions/x', 'GET'],
      ['/sessions/x/complete-action', 'POST'],
    ] as const) {
      const { status, headers, text } = await call('OPTIONS', path, browser())
      expect([status, text]).toEqual([204, ''])
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': method,
        'access-control-allow-headers': expect.stringContaining('content-type') as string,
      })
      expect(headers).not.toHaveProperty('access-control-allow-credentials')
    }
  })

  test('may do nothing else', async () => {
    const reply = await call('GET', '/tokens', { headers: { origin: 'https://shop.example' } })
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
    expect((await call('OPTIONS', '/tokens', browser())).status).toBe(404)
  })

  test.each([
    [{}, '$.action'],
    [{ action: 'tokenize_card' }, '$.result'],
    [{ action: '3ds_check', result: { enc_payload: 'x' } }, '$.action'],
    [{ action: 'tokenize_card', result: {} }, '$.result.enc_payload'],
    [{ action: 'tokenize_card', result: { enc_payload: 5 } }, '$.result.enc_payload'],
    [{ action: 'tokenize_card', result: { enc_payload: 'x'.repeat(16_385) } }, '$.result.enc_payload'],
    [{ action: 'tokenize_card', result: { enc_payload: 'x', card: 1 } }, '$.result.card'],
    [{ action: 'tokenize_card', result: { enc_payload: 'x' }, more: 1 }, '$.more'],
  ])('is told where %j is wrong', async (body, path) => {
    const session = await openTokenSession()
    const reply = await call('POST', `/sessions/${session}/complete-action`, browser({ body }))
    expect(refusalOf(reply)).toEqual(wrong(path))
  })
})

const provider = 'https://psp.example'
const charges = `${provider}/v1/charges`

const allowProvider = () =>
  allowDestination(vault, testOperator, tenant, {
    id: vault.ids.uuid() as DestinationId,
    origin: provider,
    pathPrefix: '/v1',
    methods: ['POST'],
    ca: undefined,
    client: undefined,
    headers: [],
    allowPrivate: false,
  })

const forward = (token: string, text: string, headers: Readonly<Record<string, string>> = {}) =>
  call('POST', '/forward', {
    text,
    headers: { 'x-hellgate-token': token, 'x-destination-url': charges, ...headers },
  })

const sentBodies = () => egress.sent.map(({ parcel }) => parcel.body && openSecret(parcel.body, 'render'))

describe('POST /forward', () => {
  const template = '{"card":{"number":"{{ account_number }}","month":{{ expiration_month | unwrap }}}}'

  test('sends the card in the place of the placeholders, and answers what came back', async () => {
    await allowProvider()
    const id = await importId()
    const reply = await forward(id, template, {
      'x-auth-name': 'Authorization',
      'x-auth-value': 'Bearer psp',
      'x-idempotency-key': 'for the provider',
    })
    expect([reply.status, reply.text]).toEqual([200, '{"approved":true}'])
    expect(reply.headers).toMatchObject({
      'cardkeep-sent': 'yes',
      'content-type': 'application/json; charset=utf-8',
    })
    expect(sentBodies()).toEqual([`{"card":{"number":"${testCards.visa}","month":4}}`])
    expect(egress.sent[0]?.forward).toMatchObject({
      method: 'POST',
      headers: { Authorization: 'Bearer psp', 'x-idempotency-key': 'for the provider' },
    })
    const names = Object.keys(egress.sent[0]?.forward.headers ?? {}).map((name) => name.toLowerCase())
    expect(names.filter((name) => /api-key|hellgate|destination|host|length/.test(name))).toEqual([])
  })

  test('answers with the status, headers and type of the destination, but not with its own for browsers', async () => {
    await allowProvider()
    const id = await importId()
    const answerOf = {
      status: 402,
      headers: { 'content-type': 'text/xml', 'x-psp': '7', 'set-cookie': 'a=b' },
    }
    const body = { type: 'text', text: '<declined/>' } as const
    answerWith = { type: 'answered', answer: { ...answerOf, body } }
    const reply = await forward(id, template)
    expect([reply.status, reply.text]).toEqual([402, '<declined/>'])
    expect(reply.headers).toMatchObject({ 'content-type': 'text/xml; charset=utf-8', 'x-psp': '7' })
    expect(reply.headers).not.toHaveProperty('set-cookie')
    expect(reply.headers).not.toHaveProperty('cardkeep-refusal')
    answerWith = {
      type: 'answered',
      answer: { status: 204, headers: {}, body: { type: 'text', text: '' } },
    }
    expect(await forward(id, template)).toMatchObject({ status: 204, text: '' })
  })

  test('gives the code once', async () => {
    await allowProvider()
    const id = await importId({ security_code: '947' })
    const withCode = '{"cvc":"{{ security_code }}"}'
    expect((await forward(id, withCode)).status).toBe(200)
    const again = await forward(id, withCode)
    expect(refusalOf(again)).toEqual(wrong('$'))
    expect(again.headers).toMatchObject({ 'cardkeep-sent': 'no', 'cardkeep-refusal': 'CodeRequired' })
    expect(sentBodies()).toEqual(['{"cvc":"947"}'])
  })

  test.each([
    ['half a pair', { 'x-auth-name': 'a' }, template, wrong("$['x-auth-value']")],
    ['a header of the connection', { 'x-a-name': 'Host', 'x-a-value': 'b' }, template, wrong("$['host']")],
    ['an unknown placeholder', {}, '{"a":"{{ iban }}"}', wrong('$')],
    ['a placeholder in a key', {}, '{"{{ account_number }}":1}', wrong('$')],
    ['a bare number that is none', {}, '{"a":{{ account_number }}}', wrong('$')],
    ['a name that nobody gave', {}, '{"a":"{{ cardholder_name }}"}', wrong('$')],
    ['what is no JSON', {}, '{"a":', wrong('$')],
    [
      'a destination that is not allowed',
      { 'x-destination-url': 'https://other.example/' },
      template,
      [403, 'FORBIDDEN', undefined],
    ],
    [
      'another scheme',
      { 'x-destination-url': 'ftp://psp.example/v1' },
      template,
      [403, 'FORBIDDEN', undefined],
    ],
    [
      'a placeholder in the URL',
      { 'x-destination-url': `${charges}/{{ account_number }}` },
      template,
      wrong("$['x-destination-url']"),
    ],
    [
      'a session that holds nothing',
      { 'x-cvc-session-id': '00000000-0000-4000-8000-00000000dead' },
      '{"a":"{{ security_code }}"}',
      wrong("$['x-cvc-session-id']"),
    ],
    [
      'a token that is not there',
      { 'x-hellgate-token': '00000000-0000-4000-8000-00000000dead' },
      template,
      notFound,
    ],
    [
      'text that is of no type it takes',
      { 'content-type': 'text/plain' },
      template,
      [415, 'UNSUPPORTED_MEDIA_TYPE', undefined],
    ],
  ])('refuses %s, and says that nothing was sent', async (_, headers, text, refusal) => {
    await allowProvider()
    const reply = await forward(await importId(), text, headers)
    expect(refusalOf(reply)).toEqual(refusal)
    expect(reply.headers['cardkeep-sent']).toBe('no')
    expect(egress.sent).toEqual([])
  })

  test('names the header that is missing', async () => {
    const id = await importId()
    const lacking = (headers: Readonly<Record<string, string>>) =>
      call('POST', '/forward', { text: '{}', headers })
    expect(refusalOf(await lacking({ 'x-destination-url': charges }))).toEqual(wrong("$['x-hellgate-token']"))
    expect(refusalOf(await lacking({ 'x-hellgate-token': id }))).toEqual(wrong("$['x-destination-url']"))
  })

  test.each([
    [{ type: 'ForwardFailed', sent: 'no', reason: 'tls' }, 502, 'no'],
    [{ type: 'ForwardFailed', sent: 'unknown', reason: 'connection lost' }, 502, 'unknown'],
    [{ type: 'ForwardTimedOut', sent: 'unknown' }, 504, 'unknown'],
  ] as const)('tells of %j what was sent', async (refusal, status, sent) => {
    await allowProvider()
    const id = await importId()
    answerWith = { type: 'refused', refusal }
    const reply = await forward(id, template)
    expect([reply.status, reply.headers['cardkeep-sent']]).toEqual([status, sent])
  })

  test('takes a form and XML too', async () => {
    await allowProvider()
    const id = await importId()
    await forward(id, 'n=%7B%7Baccount_number%7D%7D', { 'content-type': 'application/x-www-form-urlencoded' })
    await forward(id, '<n>{{ account_number }}</n>', { 'content-type': 'application/xml' })
    expect(sentBodies()).toEqual([`n=${testCards.visa}`, `<n>${testCards.visa}</n>`])
    expect(egress.sent.map(({ parcel }) => parcel.contentType)).toEqual([
      'application/x-www-form-urlencoded',
      'application/xml',
    ])
  })

  test('takes a template as large as at any proxy, and no larger', async () => {
    await allowProvider()
    const id = await importId()
    const ofSize = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`
    expect((await forward(id, ofSize(1_000_000))).status).toBe(200)
    expect(refusalOf(await forward(id, ofSize(1_114_113)))).toEqual([413, 'PAYLOAD_TOO_LARGE', undefined])
  })

  test('is asked for by POST alone', async () => {
    expect(refusalOf(await call('GET', '/forward'))).toEqual(notFound)
  })
})

test('what is logged of all this names no card and no code', async () => {
  const { id } = await importCard({ security_code: '947' })
  await call('POST', '/cde-import', { text: `{"account_number":"${testCards.visa}"` })
  await forward(String(id), `{"${testCards.visa}":"{{ iban }}"}`)
  expect(log.join('')).toContain('"route":"/cde-import"')
  expect(log.join('')).not.toContain(testCards.visa)
  expect(log.join('')).not.toMatch(/\b947\b/)
})
