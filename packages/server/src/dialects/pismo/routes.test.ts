import type { IssuerSettings } from '@cardkeep/core/issuing/issuer'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { dayMs, hourMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import { createCredential } from '@cardkeep/core/operations/administration/change-credentials'
import { addIssuerBin } from '@cardkeep/core/operations/issuing/change-issuer'
import type { Permission, Tenant } from '@cardkeep/core/tenants/tenant'
import { testCards } from '@cardkeep/testing/canary/cards'
import { openDoor } from '@cardkeep/testing/doubles/door'
import { createEgressDouble } from '@cardkeep/testing/doubles/egress'
import { addIssuer } from '@cardkeep/testing/doubles/issuer'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import type { FastifyInstance } from 'fastify'
import { Check } from 'typebox/value'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Dialect } from '../../http/dialect.ts'
import { findOwner } from '../../http/owner.ts'
import { mintCredential } from '../credentials.ts'
import { createPismo } from './routes.ts'
import { refusalBody } from './wire.ts'

/* The whole API over a real store, real keys and real tokens. Every reply is held against what the route says that it answers. */

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
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  /** `null`: none is shown. */
  readonly token?: string | null
}

interface Client {
  readonly client_id: string
  readonly client_secret: string
}

interface Bench {
  readonly vault: TestVault
  readonly app: FastifyInstance
  readonly pismo: Dialect
  /** It issues cards. */
  readonly tenant: Tenant
}

let shared: Bench
let vault: TestVault
let app: FastifyInstance
let pismo: Dialect
let tenant: Tenant
let client: Client
/** Of the account. */
let token: string
let account: number
let address: string
let tests = 0
let names = 0
const log: string[] = []

const openBench = async (settings: Partial<IssuerSettings> = {}): Promise<Bench> => {
  const opened = await openTestVault()
  const dialect = createPismo(opened.clock)
  const egress = createEgressDouble(() => {
    throw new Error('this API sends nothing')
  })
  const { tenantId } = await addIssuer(opened, 'issuer', settings)
  const made = await opened.store.tenant(tenantId)
  if (!made) throw new Error('a test issuer has no tenant')
  await addIssuerBin(opened, testOperator, made, '400000')
  const listener = openDoor(opened, { dialect, publicUrl: undefined, lines: log, egress })
  return { vault: opened, app: listener, pismo: dialect, tenant: made }
}

const closeBench = async (bench: Bench): Promise<void> => {
  await bench.app.close()
  await bench.vault.close()
}

/** Each test has a client, an account and an address of its own. */
const use = async (bench: Bench): Promise<void> => {
  vault = bench.vault
  app = bench.app
  pismo = bench.pismo
  tenant = bench.tenant
  address = `198.51.${++tests >> 8}.${tests & 255}`
  account = 1_000 + tests
  client = await addClient()
  token = await tokenFor(account)
}

/** For tests that move the clock, or change what all share. */
const useOwnVault = async (settings: Partial<IssuerSettings> = {}): Promise<void> => {
  const bench = await openBench(settings)
  onTestFinished(() => closeBench(bench))
  await use(bench)
}

beforeAll(async () => {
  shared = await openBench()
})
afterAll(() => closeBench(shared))
beforeEach(() => use(shared))

const addClient = async (
  permissions: readonly Permission[] = ['issue', 'show', 'verify'],
  of: Tenant = tenant,
): Promise<Client> => {
  const minted = mintCredential('pismo', of.environment, vault.ids)
  await createCredential(vault, testOperator, of, {
    id: minted.id,
    dialect: 'pismo',
    permissions,
    hash: vault.credentials.hash(minted.secret, minted.id),
    publicKey: minted.publicKey,
    expiresAt: undefined,
  })
  return minted.show((secret) => openSecret(secret, 'hand out')) as unknown as Client
}

const exchange = (fields: object = {}, of: Client = client): Promise<Reply> =>
  call('POST', '/passport/v2/oauth/token', {
    token: null,
    body: {
      grant_type: 'client_credentials',
      client_id: of.client_id,
      client_secret_string: of.client_secret,
      ...fields,
    },
  })

const tokenFor = async (uid: number | undefined, of: Client = client, scope?: string): Promise<string> => {
  const { status, body } = await exchange(
    { ...(uid !== undefined && { uid: String(uid) }), ...(scope !== undefined && { scope }) },
    of,
  )
  expect([status, body]).toEqual([200, expect.objectContaining({ token_type: 'Bearer' })])
  return String(body['access_token'])
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const call = async (method: Method, url: string, wish: Wish = {}): Promise<Reply> => {
  const { body, text = body === undefined ? undefined : JSON.stringify(body), headers = {} } = wish
  const shown = wish.token === undefined ? token : wish.token
  const response = await app.inject({
    method,
    url,
    remoteAddress: address,
    headers: {
      ...(shown !== null && { authorization: `Bearer ${shown}` }),
      ...(text !== undefined && { 'content-type': wish.type ?? 'application/json' }),
      ...headers,
    },
    ...(text !== undefined && { payload: text }),
  })
  const reply: Reply = {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    body: response.body === '' ? {} : (JSON.parse(response.body) as Json),
  }
  const bug = reply.status === 500 ? log.findLast((line) => line.includes('bug')) : undefined
  expect([url, bug]).toEqual([url, undefined])
  expectDocumented(method, url, reply)
  return reply
}

const expectDocumented = (method: string, url: string, { status, headers, body, text }: Reply): void => {
  const route = pismo.routes.find(
    (one) => one.method === method && new RegExp(`^${one.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(url),
  )
  if (headers['cardkeep-refusal'] !== undefined)
    expect({ body, isRefusal: Check(refusalBody, body) }).toEqual({ body, isRefusal: true })
  else if (status === 204) expect([text, route?.replies[204]]).toEqual(['', expect.anything()])
  else {
    const schema = route?.replies[status]
    expect({ body, isReply: schema && Check(schema, body) }).toEqual({ body, isReply: true })
  }
}

const pci = '/pcicards/v2/pcicards'

const post = (body: object = {}, wish: Wish = {}): Promise<Reply> =>
  call('POST', '/wallet/v2/cards', {
    body: { name: `card ${++names}`, type: 'VIRTUAL', printed_name: 'JANE HOLDER', ...body },
    ...wish,
    headers: { 'x-customer-id': String(account), ...wish.headers },
  })

const create = async (body: object = {}, wish: Wish = {}): Promise<number> => {
  const made = await post(body, wish)
  expect([made.status, made.body]).toEqual([201, expect.anything()])
  return Number(made.body['id'])
}

const info = async (id: number): Promise<Json> => {
  const { status, body } = await call('GET', `${pci}/info/${id}`)
  expect(status).toBe(200)
  return body
}

const reset = (id: number | string, wish: Wish = { body: {} }): Promise<Reply> =>
  call('POST', `${pci}/cvv/${id}/reset`, wish)
const change = (id: number, hours: unknown): Promise<Reply> =>
  call('PATCH', `${pci}/cvv/${id}/change-rotation`, { body: { cvv_rotation_interval_hours: hours } })
const verify = (id: number, body: object, wish: Wish = {}): Promise<Reply> =>
  call('POST', `${pci}/cvv/${id}/verify`, { body, ...wish })
const show = (id: number | string, wish: Wish = {}): Promise<Reply> =>
  call('GET', `/wallet/v2/cards/${id}`, wish)
const update = (id: number, body: object): Promise<Reply> => call('PATCH', `/wallet/v2/cards/${id}`, { body })

const codeOf = ({ status, body }: Reply) => [status, body['error_code']]
const otherThan = (cvv: unknown, by = 1): string => String((Number(cvv) + by) % 1_000).padStart(3, '0')

/** An account of this issuer that no test has cards of. */
const stranger = 999

describe('POST /passport/v2/oauth/token', () => {
  test('exchanges what a client shows for a token of an hour', async () => {
    const { status, body } = await exchange({ uid: String(account), scope: 'pismo-v1:cards:rw' })
    expect([status, body]).toEqual([
      200,
      {
        access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
        token_type: 'Bearer',
        expires_in: 3_600,
        scope: 'pismo-v1:cards:rw',
      },
    ])
    expect(log.join('')).not.toContain(client.client_secret)
  })

  test('takes a form, and the secret under the name that everybody else uses', async () => {
    const { client_id, client_secret } = client
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id,
      client_secret,
      scope: '',
    })
    const url = '/passport/v2/oauth/token'
    const type = 'application/x-www-form-urlencoded'
    const ask = (text: string) => call('POST', url, { token: null, text, type })
    expect((await ask(String(form))).body).toMatchObject({ scope: 'pismo-v1:cards:rw' })
    expect(codeOf(await ask(`${form}&client_id=${client_id}`))).toEqual([400, 'INVALID_FIELD'])
    expect(codeOf(await ask('grant_type=client_credentials'))).toEqual([400, 'MISSING_FIELD'])
    expect(codeOf(await ask('grant_type=%'))).toEqual([400, 'INVALID_BODY'])
    expect((await ask(`${form}&uid=`)).status).toBe(200)
    expect(codeOf(await ask(String(form).replace('client_credentials', 'password')))).toEqual([
      400,
      'INVALID_FIELD',
    ])
    expect(codeOf(await ask(''))).toEqual([400, 'MISSING_FIELD'])
    expect(codeOf(await call('POST', url, { token: null }))).toEqual([400, 'INVALID_BODY'])
    const { client_secret: _, ...kept } = client
    const json = { grant_type: 'client_credentials', ...kept, client_secret, uid: account }
    expect((await call('POST', url, { token: null, body: json })).status).toBe(200)
    const longest = { ...json, uid: 999_999_999_999 }
    expect((await call('POST', url, { token: null, body: longest })).status).toBe(200)
  })

  test('gives whoever shows another secret none', async () => {
    const reply = await exchange({ client_secret_string: 'ps_test_wrong' })
    expect([codeOf(reply), reply.headers['www-authenticate']]).toEqual([
      [401, 'INVALID_CLIENT'],
      'Bearer realm="cardkeep"',
    ])
    expect(codeOf(await exchange({ client_id: 'nobody' }))).toEqual([401, 'INVALID_CLIENT'])
  })

  test.each<readonly [string, object, string]>([
    ['another grant', { grant_type: 'password' }, 'INVALID_FIELD'],
    ['no grant', { grant_type: undefined }, 'MISSING_FIELD'],
    ['no client', { client_id: undefined }, 'MISSING_FIELD'],
    ['no secret', { client_secret_string: undefined }, 'MISSING_FIELD'],
    ['an account that is none', { uid: 'x' }, 'INVALID_FIELD'],
    ['account 0', { uid: '0' }, 'INVALID_FIELD'],
    ['an account beyond counting', { uid: '9007199254740993' }, 'INVALID_FIELD'],
    ['an account of thirteen digits', { uid: '1000000000000' }, 'INVALID_FIELD'],
    ['an account with a zero before it', { uid: '042' }, 'INVALID_FIELD'],
    ['only scopes that there are not', { scope: 'pismo-v1:accounts:rw' }, 'INVALID_FIELD'],
  ])('refuses %s', async (_, fields, code) => {
    expect(codeOf(await exchange(fields))).toEqual([400, code])
  })

  test('tells the keys that verify its tokens, and nothing of their private halves', async () => {
    const { status, body } = await call('GET', '/passport/v2/jwks', { token: null })
    expect([status, Object.keys((body['keys'] as object[])[0] ?? {}).toSorted()]).toEqual([
      200,
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
    ])
  })
})

describe('who may do what', () => {
  const routes = (id: number | string): readonly (readonly [Method, string, object | undefined])[] => [
    ['POST', '/wallet/v2/cards', { name: `card ${++names}`, type: 'VIRTUAL' }],
    ['GET', `/wallet/v2/cards/${id}`, undefined],
    ['GET', `/wallet/v1/cards/${id}`, undefined],
    ['PATCH', `/wallet/v2/cards/${id}`, {}],
    ['GET', `${pci}/info/${id}`, undefined],
    ['POST', `${pci}/cvv/${id}/reset`, {}],
    ['PATCH', `${pci}/cvv/${id}/change-rotation`, { cvv_rotation_interval_hours: 1 }],
    ['DELETE', `${pci}/cvv/${id}/delete-rotation`, undefined],
    ['POST', `${pci}/cvv/${id}/verify`, { cvv: '000' }],
    ['PATCH', `/cards-tokenization/v1/cards/${id}/config/reset-cvv2-try-counter`, {}],
    ['PATCH', `/wallet/v2/cards/${id}/config/reset-cvv2-try-counter`, {}],
  ]
  const headers = () => ({ 'x-customer-id': '7', 'x-tenant': `TN-${tenant.id}` })

  /** By method and the last word of the path, what each route answers. */
  const answersOf = async (id: number | string, shown: string | null): Promise<readonly number[]> => {
    const statuses: number[] = []
    for (const [method, url, body] of routes(id))
      statuses.push(
        (await call(method, url, { token: shown, headers: headers(), ...(body && { body }) })).status,
      )
    return statuses
  }

  test('whoever shows no token, or a bad one, may do nothing', async () => {
    const id = await create()
    expect(await answersOf(id, null)).toEqual(routes(id).map(() => 401))
    expect(await answersOf(id, 'a.b.c')).toEqual(routes(id).map(() => 401))
    const { headers: told } = await show(id, { headers: { authorization: 'Basic YTpi' }, token: null })
    expect(told['www-authenticate']).toBe('Bearer realm="cardkeep"')
  })

  test('a token of another account finds none of its cards', async () => {
    const id = await create()
    const foreign = await tokenFor(stranger)
    expect(await answersOf(id, foreign)).toEqual([
      201,
      ...routes(id)
        .slice(1)
        .map(() => 404),
    ])
    expect(codeOf(await show(id, { token: foreign }))).toEqual([404, 'CARD_NOT_FOUND'])
  })

  test('a token of no account verifies and resets tries, and nothing else', async () => {
    const id = await create()
    const issuers = await tokenFor(undefined)
    expect(await answersOf(id, issuers)).toEqual([403, 403, 403, 403, 403, 403, 403, 403, 200, 200, 200])
  })

  test('what is no id is not found', async () => {
    for (const id of ['x', '-1', '1.5', '01', '1e3', '9007199254740993', '1%2F2'])
      expect(codeOf(await show(id))).toEqual([404, 'CARD_NOT_FOUND'])
  })

  test.each<readonly [readonly Permission[], readonly number[]]>([
    [['issue'], [201, 200, 200, 200, 403, 200, 200, 204, 403, 200, 200]],
    [['show'], [403, 200, 200, 403, 200, 403, 403, 403, 403, 403, 403]],
    [['verify'], [403, 200, 200, 403, 403, 403, 403, 403, 200, 403, 403]],
    [
      ['tokenize', 'forward', 'detokenize'],
      [403, 200, 200, 403, 403, 403, 403, 403, 403, 403, 403],
    ],
  ])('a client that may %j does that', async (permissions, answers) => {
    const id = await create()
    const narrow = await tokenFor(account, await addClient(permissions))
    expect(await answersOf(id, narrow)).toEqual(answers)
  })

  test('a token for reading shows, and nothing else', async () => {
    const id = await create()
    const reading = await tokenFor(account, client, 'pismo-v1:cards:r')
    expect(await answersOf(id, reading)).toEqual([403, 200, 200, 403, 200, 403, 403, 403, 403, 403, 403])
  })

  test('a tenant that is no issuer gets no token', async () => {
    const shop = await addTenant(vault, `shop ${tests}`, { environment: 'test' })
    expect(codeOf(await exchange({}, await addClient(['issue'], shop)))).toEqual([403, 'NOT_AN_ISSUER'])
  })

  test('what begins like a path of this API and is none is told so in its words', async () => {
    const others: Dialect = { ...pismo, name: 'ozura', routes: [], prefixes: [] }
    for (const url of [
      '/wallet/v3/cards',
      `${pci}/cvv`,
      '/passport/v1/oauth2/token',
      '/cards-tokenization',
    ]) {
      expect(codeOf(await call('POST', url, { body: {} }))).toEqual([404, 'NOT_FOUND'])
      // Also where other APIs are offered beside it.
      expect([url, findOwner([others, pismo], url).dialect?.name]).toEqual([url, 'pismo'])
    }
  })
})

describe('POST /wallet/v2/cards', () => {
  test('makes a card, and tells neither its number nor its CVV', async () => {
    await useOwnVault()
    const made = await post({
      ...{ name: 'Al Fresco', cvv_rotation_interval_hours: 24, transaction_limit: 10.5, abu_enabled: true },
      metadata: { a: { b: [1, null] } },
    })
    expect([made.status, made.body]).toStrictEqual([
      201,
      {
        id: expect.any(Number) as number,
        name: 'Al Fresco',
        type: 'VIRTUAL',
        printed_name: 'JANE HOLDER',
        status: 'NORMAL',
        account_id: account,
        customer_id: account,
        program_id: 1,
        last_four_digits: expect.stringMatching(/^\d{4}$/) as string,
        contactless_enabled: true,
        abu_enabled: true,
        transaction_limit: 10.5,
        cvv_rotation_interval_hours: 24,
        cvv_next_rotation_date: '2026-01-02T00:00:00.000Z',
        expiration_date: '2032-01-31T23:59:59.999Z',
        issuing_date: '2026-01-01T00:00:00.000Z',
        metadata: { a: { b: [1, null] } },
      },
    ])
    expect((await show(Number(made.body['id']))).body).toStrictEqual(made.body)
  })

  test('needs a name and a type, and nothing else', async () => {
    const made = await post({ printed_name: undefined })
    expect([made.status, made.body]).toEqual([
      201,
      expect.objectContaining({
        ...{ printed_name: '', transaction_limit: null, cvv_rotation_interval_hours: null },
        ...{ cvv_next_rotation_date: null, contactless_enabled: true, abu_enabled: false },
      }),
    ])
    expect(made.body).not.toHaveProperty('metadata')
    const { body } = await post({ name: undefined, type: undefined })
    expect(body['message']).toBe('name is missing; type is missing')
  })

  test('passes over fields that it does not know', async () => {
    expect((await post({ color: 'red', program: { id: 1, type: 'x' } })).status).toBe(201)
  })

  test.each([0, 0.01, 1_234.5, 9_999_999_999.99, 999_999_999_999])('keeps a limit of %d', async (limit) => {
    expect((await post({ transaction_limit: limit })).body).toMatchObject({ transaction_limit: limit })
  })

  test.each<readonly [string, object, string | undefined]>([
    ['another type', { type: 'PLASTIC' }, 'type'],
    ['a type that there is not', { type: 'GOLD' }, 'type'],
    ['an end before the expiry', { validity_period_hours: 24 }, 'validity_period_hours'],
    ['an empty name', { name: '' }, 'name'],
    ['a name that is too long', { name: 'x'.repeat(51) }, 'name'],
    ['a name with a control in it', { name: 'a\u0000b' }, 'name'],
    ['a card number for a name', { name: `my ${testCards.visa}` }, 'name'],
    ['a card number in metadata', { metadata: { note: testCards.visa } }, 'metadata'],
    ['metadata without end', { metadata: { note: 'x'.repeat(4_096) } }, 'metadata'],
    ['metadata that is no object', { metadata: [] }, 'metadata'],
    ['a printed name with digits', { printed_name: 'R2 D2' }, 'printed_name'],
    ['a printed name that is too long', { printed_name: 'x'.repeat(27) }, 'printed_name'],
    ['half an hour', { cvv_rotation_interval_hours: 0.5 }, 'cvv_rotation_interval_hours'],
    ['no hours', { cvv_rotation_interval_hours: 0 }, 'cvv_rotation_interval_hours'],
    ['more than a year', { cvv_rotation_interval_hours: 8_761 }, 'cvv_rotation_interval_hours'],
    ['a card number with other digits for a name', { name: `${testCards.visa}0000` }, 'name'],
    ['a card number with underscores', { name: '4111_1111_1111_1111' }, 'name'],
    ['a card number in parts', { metadata: { parts: ['4111', '1111', '1111', '1111'] } }, 'metadata'],
    ['a limit below nothing', { transaction_limit: -1 }, 'transaction_limit'],
    [
      'a limit behind which a card number stands',
      { transaction_limit: 0.4111111111111111 },
      'transaction_limit',
    ],
    ['a limit of three decimals', { transaction_limit: 0.001 }, 'transaction_limit'],
    ['a limit next to nothing', { transaction_limit: 1e-7 }, 'transaction_limit'],
    ['a limit of thirteen digits', { transaction_limit: 42_222_222_222.22 }, 'transaction_limit'],
    ['the account of somebody else', { account: { id: stranger } }, 'account.id'],
    ['another customer', { customer: { id: stranger } }, 'customer.id'],
    ['another program', { program: { id: 2 } }, 'program.id'],
  ])('refuses %s, and names it', async (_, body, field) => {
    const reply = await post(body)
    expect(codeOf(reply)).toEqual([400, 'INVALID_FIELD'])
    expect(String(reply.body['message']).split(' ')[0]).toBe(field)
  })

  test.each([
    [undefined, 'MISSING_FIELD'],
    ['x', 'INVALID_FIELD'],
    ['0', 'INVALID_FIELD'],
  ] as const)('refuses the customer %j', async (customer, code) => {
    const body = { name: 'a card', type: 'VIRTUAL' }
    const headers: Record<string, string> = customer === undefined ? {} : { 'x-customer-id': customer }
    expect(codeOf(await call('POST', '/wallet/v2/cards', { body, headers }))).toEqual([400, code])
  })

  test('a customer has one card of a name, until it ends', async () => {
    const id = await create({ name: 'mine' })
    const again = await post({ name: 'mine' })
    expect([codeOf(again), again.body['message']]).toEqual([
      [400, 'INVALID_FIELD'],
      'name is the name of another card of this customer',
    ])
    expect((await post({ name: 'mine' }, { headers: { 'x-customer-id': '8' } })).status).toBe(201)
    await update(id, { status: 'CANCELED' })
    expect((await post({ name: 'mine' })).status).toBe(201)
  })

  test('waits where the issuer has no BIN yet', async () => {
    const { tenantId } = await addIssuer(vault, `new issuer ${tests}`)
    const found = await vault.store.tenant(tenantId)
    if (!found) throw new Error('a test issuer has no tenant')
    const other = await tokenFor(1, await addClient(['issue'], found))
    expect(codeOf(await post({}, { token: other }))).toEqual([503, 'ISSUER_NOT_READY'])
  })
})

describe('an idempotency key', () => {
  const once = (key: string, body: object, wish: Wish = {}) =>
    post(body, { ...wish, headers: { 'x-idempotency-key': key, ...wish.headers } })

  test('makes one card of the same request, however often it comes', async () => {
    const first = await once('key-1', { name: 'one card' })
    const again = await once('key-1', { name: 'one card' })
    expect([again.status, again.text]).toEqual([201, first.text])
    expect(again.headers['idempotent-replayed']).toBe('true')
  })

  test('of another request is refused, for another customer too', async () => {
    await once('key-2', { name: 'first' })
    expect(codeOf(await once('key-2', { name: 'second' }))).toEqual([409, 'IDEMPOTENCY_KEY_REUSED'])
    const elsewhere = await once('key-2', { name: 'first' }, { headers: { 'x-customer-id': '8' } })
    expect(codeOf(elsewhere)).toEqual([409, 'IDEMPOTENCY_KEY_REUSED'])
  })

  test('is that of its account: another account with the same key gets a card of its own', async () => {
    const first = await once('key-3', { name: 'mine' })
    const headers = { 'x-customer-id': '9' }
    const mine = await once('key-4', { name: 'mine' }, { headers })
    const theirs = await once('key-4', { name: 'theirs' }, { headers, token: await tokenFor(stranger) })
    expect([first.status, mine.status, theirs.status]).toEqual([201, 201, 201])
    expect(theirs.body).toMatchObject({ name: 'theirs', account_id: stranger })
  })

  test('has 36 characters at most', async () => {
    expect(codeOf(await once('k'.repeat(37), {}))).toEqual([400, 'INVALID_FIELD'])
    expect((await once('k'.repeat(36), {})).status).toBe(201)
  })
})

describe('a card', () => {
  test('is told the same at both paths', async () => {
    const id = await create()
    const { body } = await call('GET', `/wallet/v1/cards/${id}`)
    expect(body).toStrictEqual((await show(id)).body)
  })

  test('keeps what is not changed', async () => {
    const id = await create({ transaction_limit: 5, metadata: { a: 1 } })
    const { body: before } = await show(id)
    const { status, body } = await update(id, { printed_name: 'J HOLDER', contactless_enabled: false })
    expect([status, body]).toStrictEqual([
      200,
      { ...before, printed_name: 'J HOLDER', contactless_enabled: false },
    ])
    expect((await update(id, { transaction_limit: null })).body).toMatchObject({ transaction_limit: null })
    expect((await show(id)).body).toMatchObject({ metadata: { a: 1 }, transaction_limit: null })
  })

  test.each<readonly [string, object, string]>([
    ['its interval', { cvv_rotation_interval_hours: 2 }, 'cvv_rotation_interval_hours'],
    ['its name to a card number', { name: testCards.visa }, 'name'],
    ['its limit to a card number', { transaction_limit: 0.4111111111111111 }, 'transaction_limit'],
    ['its status to one that follows from the clock', { status: 'EXPIRED' }, 'status'],
    ['its name to none', { name: null }, 'name'],
  ])('lets nobody change %s so', async (_, body, field) => {
    const reply = await update(await create(), body)
    expect(codeOf(reply)).toEqual([400, 'INVALID_FIELD'])
    expect(reply.body['message']).toMatch(new RegExp(`^${field} `))
  })

  test('that is blocked is still somebody’s, one that is cancelled is told of and nothing else', async () => {
    const id = await create({ cvv_rotation_interval_hours: 1 })
    expect((await update(id, { status: 'BLOCKED' })).body).toMatchObject({ status: 'BLOCKED' })
    expect((await reset(id)).status).toBe(200)
    expect((await update(id, { status: 'CANCELED' })).body).toMatchObject({
      ...{ status: 'CANCELED', cvv_rotation_interval_hours: null, cvv_next_rotation_date: null },
    })
    expect((await show(id)).body).toMatchObject({ status: 'CANCELED' })
    for (const reply of [
      await reset(id),
      await change(id, 1),
      await verify(id, { cvv: '000' }),
      await call('GET', `${pci}/info/${id}`),
      await update(id, { status: 'NORMAL' }),
    ])
      expect(codeOf(reply)).toEqual([404, 'CARD_NOT_FOUND'])
  })

  test('says when it has expired', async () => {
    await useOwnVault()
    const id = await create()
    vault.clock.advance(7 * 366 * dayMs)
    token = await tokenFor(account)
    expect((await show(id)).body).toMatchObject({ status: 'EXPIRED' })
    expect(codeOf(await reset(id))).toEqual([404, 'CARD_NOT_FOUND'])
  })
})

describe('GET /pcicards/v2/pcicards/info/{cardId}', () => {
  test('tells number, CVV and service code', async () => {
    const id = await create()
    const reply = await call('GET', `${pci}/info/${id}`)
    expect(reply.body).toStrictEqual({
      org_id: `TN-${tenant.id}`,
      card_id: id,
      service_code: expect.stringMatching(/^\d{3}$/) as string,
      correlation_id: reply.headers['x-request-id'],
      account_id: account,
      type: 'VIRTUAL',
      printed_name: 'JANE HOLDER',
      valid_until: null,
      card_number: expect.stringMatching(/^400000\d{10}$/) as string,
      cvv: expect.stringMatching(/^\d{3}$/) as string,
      expiration_date: '01/32',
    })
    expect((await show(id)).body['last_four_digits']).toBe(String(reply.body['card_number']).slice(-4))
  })

  test('finds nothing before the PCI data is there', async () => {
    await useOwnVault({ pciDelayMs: minuteMs })
    const id = await create()
    expect(codeOf(await call('GET', `${pci}/info/${id}`))).toEqual([404, 'CARD_NOT_FOUND'])
    expect((await show(id)).status).toBe(200)
    vault.clock.advance(minuteMs)
    expect((await call('GET', `${pci}/info/${id}`)).status).toBe(200)
  })
})

describe('POST …/reset', () => {
  test('changes the CVV at once, and the one before is wrong', async () => {
    const id = await create()
    const before = await info(id)
    const reply = await reset(id)
    expect([reply.status, reply.body]).toStrictEqual([200, { success: true }])
    const after = await info(id)
    expect(after['cvv']).not.toBe(before['cvv'])
    expect({ ...after, cvv: 0, service_code: 0, correlation_id: 0 }).toEqual({
      ...before,
      ...{ cvv: 0, service_code: 0, correlation_id: 0 },
    })
    expect((await verify(id, { cvv: before['cvv'] })).body).toEqual({ valid: false })
    expect((await verify(id, { cvv: after['cvv'] })).body).toEqual({ valid: true })
  })

  test('needs no body', async () => {
    const id = await create()
    const { cvv } = await info(id)
    expect((await reset(id, {})).body).toEqual({ success: true })
    expect((await info(id))['cvv']).not.toBe(cvv)
  })

  test('takes a service code, also the one that there is', async () => {
    const id = await create()
    for (const service_code of ['101', '101', '001']) {
      expect((await reset(id, { body: { service_code } })).body).toEqual({ success: true })
      expect((await info(id))['service_code']).toBe(service_code)
    }
  })

  test.each(['000', '999', '12', '1234', 'abc', '１２３', 123, null])(
    'refuses the service code %j',
    async (code) => {
      const reply = await reset(await create(), { body: { service_code: code } })
      expect([codeOf(reply), reply.body['message']]).toEqual([
        [400, 'INVALID_FIELD'],
        expect.stringMatching(/^service_code /) as string,
      ])
    },
  )

  test('begins the intervals anew, as the description has it', async () => {
    await useOwnVault()
    const id = await create({ cvv_rotation_interval_hours: 24 })
    vault.clock.advance(15 * hourMs)
    token = await tokenFor(account)
    await reset(id)
    expect((await show(id)).body['cvv_next_rotation_date']).toBe('2026-01-02T15:00:00.000Z')
    vault.clock.advance(119 * secondMs)
    await reset(id)
    expect((await show(id)).body['cvv_next_rotation_date']).toBe('2026-01-02T15:00:00.000Z')
    vault.clock.advance(secondMs)
    await reset(id)
    expect((await show(id)).body['cvv_next_rotation_date']).toBe('2026-01-02T15:02:00.000Z')
  })
})

describe('the interval', () => {
  test('is changed, and the CVV stays', async () => {
    await useOwnVault()
    const id = await create()
    const { cvv } = await info(id)
    const reply = await change(id, 72)
    expect([reply.status, reply.body]).toStrictEqual([200, { id, cvv_rotation_interval_hours: 72 }])
    expect((await show(id)).body).toMatchObject({
      cvv_rotation_interval_hours: 72,
      cvv_next_rotation_date: '2026-01-04T00:00:00.000Z',
    })
    expect((await info(id))['cvv']).toBe(cvv)
  })

  test.each([0, -1, 1.5, 8_761, '24', null, undefined])('is not %j', async (hours) => {
    const reply = await change(await create(), hours)
    expect(codeOf(reply)).toEqual([400, hours === undefined ? 'MISSING_FIELD' : 'INVALID_FIELD'])
  })

  test('is taken away once', async () => {
    const id = await create({ cvv_rotation_interval_hours: 1 })
    const stop = () => call('DELETE', `${pci}/cvv/${id}/delete-rotation`)
    const reply = await stop()
    expect([reply.status, reply.text]).toEqual([204, ''])
    expect((await show(id)).body).toMatchObject({
      ...{ cvv_rotation_interval_hours: null, cvv_next_rotation_date: null },
    })
    expect(codeOf(await stop())).toEqual([404, 'ROTATION_NOT_FOUND'])
  })
})

describe('POST …/verify', () => {
  test('says yes to the CVV with the expiry of the card, or with none', async () => {
    const id = await create()
    const { cvv } = await info(id)
    for (const body of [{ cvv }, { cvv, expiration_date: '01/32' }]) {
      const reply = await verify(id, body)
      expect([reply.status, reply.text, reply.headers['cardkeep-cvv']]).toEqual([
        200,
        '{"valid":true}',
        undefined,
      ])
    }
    expect((await verify(id, { cvv, expiration_date: '02/32' })).body).toEqual({ valid: false })
    expect((await verify(id, { cvv, expiration_date: '01/31' })).body).toEqual({ valid: false })
  })

  test.each<readonly [string, object, string]>([
    ['no CVV', {}, 'MISSING_FIELD'],
    ['two digits', { cvv: '12' }, 'INVALID_FIELD'],
    ['four digits', { cvv: '1234' }, 'INVALID_FIELD'],
    ['letters', { cvv: 'abc' }, 'INVALID_FIELD'],
    ['a line after it', { cvv: '123\n' }, 'INVALID_FIELD'],
    ['a number', { cvv: 123 }, 'INVALID_FIELD'],
    ['month 13', { cvv: '123', expiration_date: '13/32' }, 'INVALID_FIELD'],
    ['no slash', { cvv: '123', expiration_date: '0132' }, 'INVALID_FIELD'],
  ])('refuses %s, which is no try', async (_, body, code) => {
    const id = await create()
    for (let time = 0; time < 6; time++) expect(codeOf(await verify(id, body))).toEqual([400, code])
    expect((await verify(id, { cvv: (await info(id))['cvv'] })).body).toEqual({ valid: true })
  })

  test('says nothing but no after five wrong ones, until the tries are reset', async () => {
    const id = await create()
    const { cvv } = await info(id)
    for (let wrong = 1; wrong <= 5; wrong++) {
      const reply = await verify(id, { cvv: otherThan(cvv, wrong) })
      expect([reply.body, reply.headers['cardkeep-cvv']]).toEqual([{ valid: false }, undefined])
    }
    const locked = await verify(id, { cvv })
    expect([locked.status, locked.text, locked.headers['cardkeep-cvv']]).toEqual([
      200,
      '{"valid":false}',
      'locked',
    ])
    const url = `/wallet/v2/cards/${id}/config/reset-cvv2-try-counter`
    const reply = await call('PATCH', url, { headers: { 'x-tenant': tenant.id } })
    expect([reply.status, reply.body]).toEqual([200, { success: true }])
    expect((await verify(id, { cvv })).body).toEqual({ valid: true })
  })

  test('is unlocked by a rotation too', async () => {
    const id = await create()
    for (let wrong = 1; wrong <= 5; wrong++)
      await verify(id, { cvv: otherThan((await info(id))['cvv'], wrong) })
    await reset(id)
    expect((await verify(id, { cvv: (await info(id))['cvv'] })).body).toEqual({ valid: true })
  })
})

describe('PATCH …/config/reset-cvv2-try-counter', () => {
  const url = (id: number) => `/cards-tokenization/v1/cards/${id}/config/reset-cvv2-try-counter`

  test('is for the tenant that its header names, which must be the caller’s', async () => {
    const id = await create()
    const ask = (headers: Record<string, string>) => call('PATCH', url(id), { headers, body: {} })
    expect((await ask({ 'x-tenant': `TN-${tenant.id}` })).body).toEqual({ success: true })
    expect((await ask({ 'x-tenant': tenant.id })).body).toEqual({ success: true })
    expect(codeOf(await ask({ 'x-tenant': 'TN-00000000-0000-4000-8000-000000000000' }))).toEqual([
      403,
      'FORBIDDEN',
    ])
    expect(codeOf(await ask({}))).toEqual([400, 'MISSING_FIELD'])
  })

  test('takes the wallets that there are', async () => {
    const id = await create()
    const headers = { 'x-tenant': tenant.id }
    for (const wallet of ['216', '103', '217'])
      expect((await call('PATCH', url(id), { headers, body: { wallet } })).status).toBe(200)
    expect(codeOf(await call('PATCH', url(id), { headers, body: { wallet: '1' } }))).toEqual([
      400,
      'INVALID_FIELD',
    ])
  })
})

describe('a body', () => {
  test.each([
    ['no JSON', '{', 400, 'INVALID_BODY'],
    ['a thing said twice', '{"name":"a","name":"b","type":"VIRTUAL"}', 400, 'INVALID_BODY'],
    ['no object', '[]', 400, 'INVALID_BODY'],
    ['more than 64 KiB', JSON.stringify({ name: 'x'.repeat(70_000) }), 413, 'BODY_TOO_LARGE'],
  ])('with %s is refused', async (_, text, status, code) => {
    const headers = { 'x-customer-id': '7' }
    expect(codeOf(await call('POST', '/wallet/v2/cards', { text, headers }))).toEqual([status, code])
  })

  test('that is no JSON is refused by its type', async () => {
    const wish = { text: 'name=a', type: 'application/x-www-form-urlencoded' }
    expect(codeOf(await call('POST', '/wallet/v2/cards', wish))).toEqual([415, 'CONTENT_TYPE_NOT_SUPPORTED'])
  })
})

test('no number, CVV, service code, secret or token is ever in the log', async () => {
  const id = await create()
  const { card_number: number, cvv } = await info(id)
  await verify(id, { cvv })
  await verify(id, { cvv: otherThan(cvv) })
  const text = log.join('')
  for (const secret of [String(number), client.client_secret, token]) expect(text).not.toContain(secret)
  expect(text).not.toMatch(/"cvv"|service_code/)
})
