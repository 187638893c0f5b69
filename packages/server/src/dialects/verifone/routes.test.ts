import type { BinRecord } from '@cardkeep/core/bins/bin'
import type { BinSetId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { dayMs, epochMs, minuteMs } from '@cardkeep/core/kernel/time'
import type { NetworkTokenSettings } from '@cardkeep/core/network-tokens/network-token'
import { createCredential } from '@cardkeep/core/operations/administration/change-credentials'
import { changeScope } from '@cardkeep/core/operations/administration/change-scope'
import { createCaptureKey } from '@cardkeep/core/operations/captures/change-capture-keys'
import { isCodeHeld } from '@cardkeep/core/operations/codes/consume-code'
import { setCodePolicy } from '@cardkeep/core/operations/codes/set-code-policy'
import type { CaptureKeyMaker } from '@cardkeep/core/ports'
import type { Permission, Tenant } from '@cardkeep/core/tenants/tenant'
import { parseToken } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { openDoor } from '@cardkeep/testing/doubles/door'
import { createEgressDouble } from '@cardkeep/testing/doubles/egress'
import {
  addTenant,
  callerOf,
  openTestVault,
  type TestVault,
  testOperator,
} from '@cardkeep/testing/doubles/vault'
import type { FastifyInstance } from 'fastify'
import { Check } from 'typebox/value'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Dialect } from '../../http/dialect.ts'
import { mintCredential } from '../credentials.ts'
import { createVerifone } from './routes.ts'
import { refusalBody } from './wire.ts'

/*
 * The whole API over a real store, real keys and codes; only what opens an encrypted card is a double, which takes a text
 * for what was encrypted. Every reply is held against what the route says that it answers.
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
  readonly keys?: Keys
}

interface Keys {
  readonly user_id: string
  readonly api_key: string
}

interface Bench {
  readonly vault: TestVault
  readonly app: FastifyInstance
  readonly verifone: Dialect
}

const captureKeyMaker: CaptureKeyMaker = {
  inTurn: (work) => work(),
  make: async ({ id }) => ({ publicKey: `armored ${id}`, sealedPrivateKey: new Uint8Array(8) }),
}

let shared: Bench
let vault: TestVault
let app: FastifyInstance
let verifone: Dialect
let tenant: Tenant
let keys: Keys
let alias: string
let address: string
let tests = 0
let captures = 0
const log: string[] = []

const openBench = async (): Promise<Bench> => {
  const opened = await openTestVault()
  const dialect = createVerifone(opened.clock)
  const egress = createEgressDouble(() => {
    throw new Error('this API sends nothing')
  })
  const listener = openDoor(opened, { dialect, publicUrl: undefined, lines: log, egress, captureKeyMaker })
  // Marks know nothing from before their process began.
  opened.clock.advance(minuteMs)
  return { vault: opened, app: listener, verifone: dialect }
}

const closeBench = async (bench: Bench): Promise<void> => {
  await bench.app.close()
  await bench.vault.close()
}

/** Each test has a tenant and an address of its own. */
const use = async (bench: Bench): Promise<void> => {
  vault = bench.vault
  app = bench.app
  verifone = bench.verifone
  tenant = await addTenant(vault, `shop ${++tests}`, { environment: 'test', deduplicates: true })
  keys = await addKeys(tenant)
  alias = await addCaptureKey(tenant)
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
beforeEach(() => use(shared))

const addKeys = async (of: Tenant, permissions: readonly Permission[] = ['tokenize', 'forward']) => {
  const minted = mintCredential('verifone', of.environment, vault.ids)
  await createCredential(vault, testOperator, of, {
    id: minted.id,
    dialect: 'verifone',
    permissions,
    hash: vault.credentials.hash(minted.secret, minted.id),
    publicKey: minted.publicKey,
    expiresAt: epochMs(vault.clock.now() + (minted.lifetimeMs ?? 0)),
  })
  return minted.show((secret) => openSecret(secret, 'hand out')) as unknown as Keys
}

const addCaptureKey = async (of: Tenant): Promise<string> => {
  const made = await createCaptureKey({ ...vault, captureKeyMaker }, { operator: testOperator, tenant: of })
  if (!made.ok) throw new Error('a test could not make a capture key')
  const { publicKey } = made.value
  const { body } = await call('GET', '/api/v2/capture-keys', {
    keys: of === tenant ? keys : await addKeys(of),
  })
  const listed = body['public_keys'] as { public_key: string; public_key_alias: string }[]
  const own = listed.find(({ public_key }) => Buffer.from(public_key, 'base64').toString() === publicKey)
  return own?.public_key_alias ?? ''
}

const basic = ({ user_id, api_key }: Keys): string =>
  `Basic ${Buffer.from(`${user_id}:${api_key}`).toString('base64')}`

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const call = async (method: Method, url: string, wish: Wish = {}): Promise<Reply> => {
  const { body, text = body === undefined ? undefined : JSON.stringify(body), headers = {} } = wish
  const response = await app.inject({
    method,
    url,
    remoteAddress: address,
    headers: {
      authorization: basic(wish.keys ?? keys),
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
  expect([url, response.statusCode, log.findLast((line) => line.includes('bug'))]).not.toEqual([
    url,
    500,
    expect.anything(),
  ])
  expectDocumented(method, url, reply)
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
  const route = verifone.routes.find(
    (one) => one.method === method && new RegExp(`^${one.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path),
  )
  if (headers['cardkeep-refusal'] !== undefined) {
    expect({ body, isRefusal: Check(refusalBody, body) }).toEqual({ body, isRefusal: true })
    expect(body).toMatchObject({ code: status, timestamp: vault.clock.now(), reversal_status: 'NONE' })
  } else if (status === 204) expect(text).toBe('')
  else {
    const schema = route?.replies[status]
    expect({ body, isReply: schema && Check(schema, body) }).toEqual({ body, isReply: true })
  }
}

const card = { cardNumber: testCards.visa, expiryMonth: '04', expiryYear: '2033' }

/** What a client encrypts, as the double takes it; each is another one. */
const capture = (tags: object = card): string => {
  const captureTime = new Date(vault.clock.now()).toISOString()
  return JSON.stringify({ captureTime, no: ++captures, ...tags })
}

const putBody = (tags: object = {}, more: object = {}): object => ({
  token_scope: tenant.defaultScopeId,
  public_key_alias: alias,
  encrypted_card: capture({ ...card, ...tags }),
  ...more,
})

const put = (tags: object = {}, more: object = {}, wish: Wish = {}): Promise<Reply> =>
  call('PUT', '/api/v2/card', { body: putBody(tags, more), ...wish })

const bring = async (tags: object = {}, more: object = {}): Promise<string> => {
  const { status, body } = await put(tags, more)
  expect([status, body]).toEqual([
    200,
    expect.objectContaining({ reuse_token: expect.any(String) as string }),
  ])
  return String(body['reuse_token'])
}

const patch = (token: string, body: object): Promise<Reply> =>
  call('PATCH', `/api/v2/card/${token}`, { body })

/** What is said to be wrong, by its path. */
const wrongIn = ({ status, body }: Reply) => [status, Object.keys(body['details'] ?? {}).toSorted()]

const messageOf = ({ body }: Reply, path: string): unknown =>
  ((body['details'] ?? {}) as Record<string, { message?: string }>)[path]?.message

const nobody = 'a'.repeat(26)
const date = expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/) as string

describe('PUT /api/v2/card', () => {
  test('answers what the API says of a token, and nothing else', async () => {
    const { status, body } = await put({ cardholderName: 'JANE HOLDER', cvv: '123' })
    expect(status).toBe(200)
    expect(body).toEqual({
      reuse_token: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
      reuse_token_type: 'INTERNAL',
      token_scope: tenant.defaultScopeId,
      token_status: 'ACTIVE',
      bin: '411111',
      last_four: '1111',
      expiry_month: 4,
      expiry_year: 2033,
      card_holder_name: 'JANE HOLDER',
      bin_details: { bin: '411111', last_four: '1111', brand: 'VISA', issuer_country: 'ZZZ' },
      issuer_country: 'ZZZ',
      created_at: '2026-01-01',
      updated_at: '2026-01-01',
      token_expiry_date: '2034-05-31',
    })
    expect(log.join('')).not.toMatch(/4111111111111111|JANE/)
  })

  test('with the prefix of the vendor’s servers is the same', async () => {
    const token = await bring()
    const again = await call('PUT', '/oidc/api/v2/card', { body: putBody() })
    expect(again).toMatchObject({ status: 200, body: { reuse_token: token } })
    for (const prefix of ['', '/oidc'])
      expect((await call('GET', `${prefix}/api/v2/card/${token}`)).status).toBe(200)
  })

  test('updates the token of a number that its scope knows', async () => {
    const token = await bring({ cardholderName: 'JANE HOLDER' })
    const { body } = await put({ expiryMonth: 12, expiryYear: 34 })
    expect(body).toMatchObject({
      ...{ reuse_token: token, expiry_month: 12, expiry_year: 2034, card_holder_name: 'JANE HOLDER' },
      token_expiry_date: '2036-01-31',
    })
  })

  test('ends a token with the day that was asked for', async () => {
    expect((await put({}, { token_expiry_date: '2026-01-01' })).body).toMatchObject({
      token_expiry_date: '2026-01-01',
    })
    const past = await put({}, { token_expiry_date: '2025-12-31' })
    expect(wrongIn(past)).toEqual([400, ['body.token_expiry_date']])
    expect(messageOf(past, 'body.token_expiry_date')).toMatch(/has passed/)
  })

  test('gives the tokens that were asked for', async () => {
    const both = (await put({}, { token_type: 'REUSE_AND_ANALYTICS' })).body
    expect(both['analytics_token']).toMatch(/^[a-z2-7]{26}$/)
    expect(both['reuse_token']).toMatch(/^[a-z2-7]{26}$/)
    const only = (await put({ cardholderName: 'JANE HOLDER' }, { token_type: 'ANALYTICS' })).body
    expect(only).toEqual({
      analytics_token: both['analytics_token'],
      token_scope: tenant.defaultScopeId,
      bin: '411111',
      last_four: '1111',
      expiry_month: 4,
      expiry_year: 2033,
      card_holder_name: 'JANE HOLDER',
      bin_details: { bin: '411111', last_four: '1111', brand: 'VISA', issuer_country: 'ZZZ' },
      issuer_country: 'ZZZ',
      created_at: date,
      updated_at: date,
      token_expiry_date: '2034-05-31',
    })
    expect((await put({}, { token_type: 'REUSE' })).body).not.toHaveProperty('analytics_token')
    expect((await call('GET', `/api/v2/card/${String(both['reuse_token'])}`)).body).toMatchObject({
      analytics_token: both['analytics_token'],
    })
    expect((await call('GET', `/api/v2/card/${String(both['analytics_token'])}`)).status).toBe(404)
  })

  test.each(['CHASE', 'TAVE'])('a token of %s is refused in words', async (type) => {
    const alone = await put({}, { reuse_token_type: type })
    expect(wrongIn(alone)).toEqual([400, ['body.reuse_token_type', 'body.token_context']])
    expect(messageOf(alone, 'body.reuse_token_type')).toContain(`cannot be ${type}`)
    expect(wrongIn(await put({}, { reuse_token_type: type, token_context: {} }))).toEqual([
      400,
      ['body.reuse_token_type', 'body.token_context'],
    ])
    const token_context = { payment_provider_contract: '0e48425af1bc431ab7d8f866de8ba276' }
    expect(wrongIn(await put({}, { reuse_token_type: type, token_context }))).toEqual([
      400,
      ['body.reuse_token_type'],
    ])
  })

  test('a scope, a key or a card that is not good is named', async () => {
    const foreign = await addTenant(vault, `other ${tests}`, { environment: 'test' })
    for (const token_scope of [foreign.defaultScopeId, '11111111-1111-1111-1111-111111111111'])
      expect(wrongIn(await put({}, { token_scope }))).toEqual([404, ['body.token_scope']])
    const theirs = await addCaptureKey(foreign)
    expect(theirs).toMatch(/^[a-z2-7]{26}$/)
    for (const public_key_alias of [theirs, nobody, 'x'])
      expect(wrongIn(await put({}, { public_key_alias }))).toEqual([400, ['body.public_key_alias']])
    expect(wrongIn(await put({}, { encrypted_card: 'fault:altered' }))).toEqual([
      400,
      ['body.encrypted_card'],
    ])
    expect(wrongIn(await put({ cardNumber: undefined }))).toEqual([400, ['body.encrypted_card.cardNumber']])
    expect(wrongIn(await put({ expiryYear: 2025 }))).toEqual([400, ['body.encrypted_card.expiryYear']])
    expect(wrongIn(await put({ expiryYear: 2098 }))).toEqual([400, ['body.encrypted_card.expiryYear']])
    expect(wrongIn(await put({ cvv: '1234' }))).toEqual([400, ['body.encrypted_card.cvv']])
    expect(wrongIn(await put({ captureTime: '2025-12-31T23:00:00Z' }))).toEqual([
      400,
      ['body.encrypted_card'],
    ])
  })
})

describe('every limit', () => {
  /** With an unknown alias nothing is done: it is the only thing that is wrong, or not. */
  const faultsOf = async (field: string, value: unknown) => {
    const body = { ...putBody({}, { public_key_alias: nobody }), [field]: value }
    const [, faults] = wrongIn(await call('PUT', '/api/v2/card', { body }))
    return (faults as string[]).filter((path) => path !== 'body.public_key_alias')
  }
  const [hyphens, bare] = ['0e48425a-f1bc-431a-b7d8-f866de8ba276', '0e48425af1bc431ab7d8f866de8ba276']

  test.each<readonly [string, readonly unknown[], readonly unknown[]]>([
    ['token_scope', [hyphens, hyphens.toUpperCase()], ['x', '', bare, `urn:uuid:${hyphens}`, 5]],
    ['encrypted_card', ['x', 'x'.repeat(32_768)], ['', 'x'.repeat(32_769), 5, {}]],
    ['card_brand', ['', 'VISA', 'CARNET', 'x'.repeat(64)], ['x'.repeat(65), 5]],
    ['token_type', ['REUSE', 'ANALYTICS', 'REUSE_AND_ANALYTICS'], ['reuse', '', 'ALL', 5]],
    ['reuse_token_type', ['INTERNAL'], ['internal', '', 5]],
    [
      'token_expiry_date',
      ['2026-01-01', '2028-02-29', '9999-12-31'],
      ['2027-02-29', '2026-13-01', '2026-1-1', '2026-01-01T00:00:00Z', '10000-01-01', '', '2025-12-31', 5],
    ],
    ['token_context', [{}, { entity_id: hyphens }, { entity_id: bare }, { other: 1 }], ['x', [], 5]],
    ['unknown', [1, 'x', null, {}], []],
  ])('of %s in PUT', async (field, good, bad) => {
    for (const value of good) {
      const [, faults] = wrongIn(
        await call('PUT', '/api/v2/card', {
          body: { ...putBody({}, { public_key_alias: nobody }), [field]: value },
        }),
      )
      const others = (faults as string[]).filter(
        (path) => path !== 'body.public_key_alias' && path !== 'body.token_scope',
      )
      expect([value, field === 'token_scope' ? [] : others]).toEqual([value, []])
    }
    for (const value of [...bad, ...(field === 'unknown' ? [] : [null])])
      expect([value, await faultsOf(field, value)]).toEqual([value, [`body.${field}`]])
  })

  test.each<readonly [string, readonly unknown[], readonly unknown[]]>([
    ['cvv', ['123', '456'], ['12', '12345', 'x'.repeat(30), 'x'.repeat(31), '', 123]],
    [
      'card_holder_name',
      ['', 'x', 'x'.repeat(30), '😀'.repeat(30)],
      ['x'.repeat(31), '4111 1111 1111', 'a\u0000b', 5],
    ],
    [
      'card_holder_email',
      ['a@b', 'jürgen@exämple.de', '"a@b"@c', `${'a'.repeat(64)}@${'b'.repeat(189)}`],
      [
        'a@',
        '@b',
        'ab',
        'a',
        '"a@b"',
        `${'a'.repeat(64)}@${'b'.repeat(190)}`,
        'a@\nb',
        `${testCards.visa}@b`,
        5,
      ],
    ],
    ['expiry_month', [1, 12], [0, 13, 1.5, '1', -1]],
    ['expiry_year', [2030, 2033], [1999, 2100, 9999, 10_000, 33, -1, '2033', 2033.5]],
    ['token_expiry_date', ['2026-01-01', '9999-12-31'], ['2025-12-31', '2026-02-30', '', 5]],
    ['unknown', [1, null], []],
  ])('of %s in PATCH', async (field, good, bad) => {
    const token = await bring()
    for (const value of good)
      expect([value, (await patch(token, { [field]: value })).status]).toEqual([value, 200])
    for (const value of [...bad, ...(field === 'unknown' ? [] : [null])])
      expect([value, wrongIn(await patch(token, { [field]: value }))]).toEqual([
        value,
        [400, [`body.${field}`]],
      ])
  })

  test.each(['scheme_token_action', 'encrypted_card', 'public_key_alias'])(
    'of %s in PATCH',
    async (field) => {
      const token = await bring()
      for (const value of [null, 5, ''])
        expect([value, wrongIn(await patch(token, { [field]: value }))]).toEqual([
          value,
          [400, [`body.${field}`]],
        ])
    },
  )

  test('of the token in the path', async () => {
    for (const [id, status, path] of [
      ['x'.repeat(13), 400, 'params.id'],
      ['x'.repeat(14), 404, 'params.id'],
      ['x'.repeat(255), 404, 'params.id'],
      ['x'.repeat(256), 400, 'params.id'],
    ] as const)
      for (const [method, end] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['PATCH', '/suspend'],
        ['PATCH', '/activate'],
      ] as const) {
        const wish = method === 'PATCH' && end === '' ? { body: {} } : {}
        const reply = await call(method, `/api/v2/card/${id}${end}`, wish)
        expect([method, end, id.length, ...wrongIn(reply)]).toEqual([method, end, id.length, status, [path]])
      }
  })
})

describe('all that is wrong is told at once', () => {
  test('fields that are missing, wrong, and wrong inside of others', async () => {
    const body = { token_scope: 'x', token_type: 'y', token_context: { entity_id: 'z', other: null } }
    const reply = await call('PUT', '/api/v2/card', { body })
    expect(reply.status).toBe(400)
    expect(reply.body['details']).toEqual({
      'body.token_scope': { message: 'must be a UUID' },
      'body.encrypted_card': { message: 'is missing' },
      'body.public_key_alias': { message: 'is missing' },
      'body.token_type': { message: 'must be one of REUSE, ANALYTICS, REUSE_AND_ANALYTICS' },
      'body.token_context.entity_id': { message: 'must be a UUID, with or without hyphens' },
    })
    expect(reply.headers['cardkeep-refusal']).toBe('InvalidFields')
  })

  test('the path beside the body', async () => {
    const reply = await call('PATCH', '/api/v2/card/x', {
      body: { expiry_month: 13, expiry_year: 'x', card_holder_name: 'x'.repeat(31), cvv: '1'.repeat(31) },
    })
    expect(reply.body['details']).toEqual({
      'params.id': { message: 'must have 14 characters at least' },
      'body.expiry_month': { message: 'must be 12 at most' },
      'body.expiry_year': { message: 'must be a whole number' },
      'body.card_holder_name': { message: 'must have 30 characters at most' },
      'body.cvv': { message: 'must have 30 characters at most' },
    })
  })

  test('what no schema says', async () => {
    const body = {
      ...{ encrypted_card: 'x', cvv: '12a', expiry_year: 1999, token_expiry_date: '2025-12-31' },
      card_holder_email: `${testCards.visa}@example.com`,
    }
    expect(wrongIn(await patch(await bring(), body))).toEqual([
      400,
      [
        ...['body.card_holder_email', 'body.cvv', 'body.expiry_year'],
        ...['body.public_key_alias', 'body.token_expiry_date'],
      ],
    ])
  })

  test.each([
    ['card_holder_email', `${testCards.visa.replaceAll(/\B/g, '.')}@example.com`],
    ['card_holder_email', `${testCards.visa.replaceAll(/\B/g, '_')}@example.com`],
    ['card_holder_email', `${'٤٢'.repeat(8)}@example.com`],
    ['card_holder_email', 'a\u0085@example.com'],
    ['card_holder_email', 'a@example\u202e.com'],
    ['card_holder_email', '"\u2028"@example.com'],
    ['card_holder_email', '"\\\u2028"@example.com'],
    ['card_holder_email', 'a\ud800@example.com'],
    ['card_holder_name', '①'.repeat(12)],
    ['card_holder_name', 'A\u0085B'],
    ['card_holder_name', 'A\u202eB'],
    ['card_holder_name', 'A\u2028B'],
    ['card_holder_name', 'A\ud800B'],
  ])('%s %j', async (field, value) => {
    expect(wrongIn(await patch(await bring(), { [field]: value }))).toEqual([400, [`body.${field}`]])
  })

  test.each([
    ['card_holder_email', '"a \\" b"@example.com'],
    ['card_holder_email', 'jürgen@例え.jp'],
    ['card_holder_name', 'שרה לוי'],
    ['card_holder_name', 'می\u200cخواهم'],
  ])('and what is right is taken: %s %j', async (field, value) => {
    const reply = await patch(await bring(), { [field]: value })
    expect([reply.status, reply.body[field]]).toEqual([200, value])
  })

  test('one thing alone under its own name', async () => {
    const { encrypted_card: _, ...body } = putBody() as Json
    const reply = await call('PUT', '/api/v2/card', { body })
    expect([...wrongIn(reply), reply.headers['cardkeep-refusal']]).toEqual([
      400,
      ['body.encrypted_card'],
      'MissingField',
    ])
  })

  test.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['a key twice', '{"token_scope":"a","token_scope":"b"}'],
    ['nothing', ''],
  ])('a body that is %s is named whole', async (_, text) => {
    expect(wrongIn(await call('PUT', '/api/v2/card', { text }))).toEqual([400, ['body']])
  })

  test('no body, another content type, and too much', async () => {
    expect(wrongIn(await call('PUT', '/api/v2/card'))).toEqual([400, ['body']])
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect(wrongIn(await call('PUT', '/api/v2/card', { text: 'a=b', headers }))).toEqual([
      415,
      ['headers.Content-Type'],
    ])
    expect(wrongIn(await call('PUT', '/api/v2/card', { body: { x: 'x'.repeat(65_536) } }))).toEqual([
      413,
      ['body'],
    ])
  })
})

describe('GET /api/v2/card/:id', () => {
  test('answers what the API says of a token, flat and within bin_details', async () => {
    await useOwnVault()
    const token = await bring({ cardholderName: 'JANE HOLDER' })
    vault.clock.advance(dayMs)
    const { status, body, headers } = await call('GET', `/api/v2/card/${token}`)
    expect([status, headers['cardkeep-network-tokens']]).toEqual([200, undefined])
    expect(body).toEqual({
      reuse_token: token,
      reuse_token_type: 'INTERNAL',
      token_scope: tenant.defaultScopeId,
      token_status: 'ACTIVE',
      bin: '411111',
      last_four: '1111',
      brand: 'VISA',
      expiry_month: 4,
      expiry_year: 2033,
      card_holder_name: 'JANE HOLDER',
      bin_details: { bin: '411111', last_four: '1111', brand: 'VISA', issuer_country: 'ZZZ' },
      issuer_country: 'ZZZ',
      created_at: '2026-01-01',
      updated_at: '2026-01-01',
      token_expiry_date: '2034-05-31',
    })
  })

  test('takes every spelling of a token, and no other text', async () => {
    const token = await bring()
    expect((await call('GET', `/api/v2/card/tok_${token}`)).body).toMatchObject({ reuse_token: token })
    expect((await call('GET', `/api/v2/card/${token.toUpperCase()}`)).status).toBe(404)
  })

  test('a token of a scope that is not the caller’s is not there', async () => {
    const token = await bring()
    const other = await addTenant(vault, `other ${tests}`, { environment: 'test' })
    const reply = await call('GET', `/api/v2/card/${token}`, { keys: await addKeys(other) })
    expect(wrongIn(reply)).toEqual([404, ['params.id']])
  })
})

describe('the life of a token', () => {
  test('is suspended, activated and ended, again and again, with a body or without', async () => {
    const token = await bring()
    const statusOf = async () => (await call('GET', `/api/v2/card/${token}`)).body['token_status']
    for (const wish of [{}, { body: {} }, { body: { why: 'x' } }]) {
      expect((await call('PATCH', `/api/v2/card/${token}/suspend`, wish)).status).toBe(204)
      expect(await statusOf()).toBe('SUSPENDED')
    }
    expect((await put()).body).toMatchObject({ reuse_token: token, token_status: 'SUSPENDED' })
    for (const wish of [{}, { body: {} }])
      expect((await call('PATCH', `/api/v2/card/${token}/activate`, wish)).status).toBe(204)
    expect(await statusOf()).toBe('ACTIVE')
    expect((await call('DELETE', `/api/v2/card/${token}`)).status).toBe(204)
    const { status, body } = await call('GET', `/api/v2/card/${token}`)
    expect([status, body]).toEqual([
      200,
      {
        reuse_token: token,
        reuse_token_type: 'INTERNAL',
        token_scope: tenant.defaultScopeId,
        token_status: 'DELETED',
        bin: '411111',
        last_four: '1111',
        created_at: date,
        updated_at: date,
        token_expiry_date: date,
      },
    ])
    for (const [method, end] of [
      ['DELETE', ''],
      ['PATCH', ''],
      ['PATCH', '/suspend'],
      ['PATCH', '/activate'],
    ] as const)
      expect(
        wrongIn(await call(method, `/api/v2/card/${token}${end}`, method === 'PATCH' ? { body: {} } : {})),
      ).toEqual([404, ['params.id']])
    expect((await put()).body['reuse_token']).not.toBe(token)
  })

  test('is over with its day', async () => {
    await useOwnVault()
    const token = await bring({}, { token_expiry_date: '2026-01-02' })
    vault.clock.advance(2 * dayMs - 2 * minuteMs)
    expect((await call('GET', `/api/v2/card/${token}`)).status).toBe(200)
    vault.clock.advance(minuteMs)
    expect((await call('GET', `/api/v2/card/${token}`)).status).toBe(404)
  })
})

describe('PATCH /api/v2/card/:id', () => {
  test('changes what was named, and answers without the token’s names', async () => {
    const token = await bring({ cardholderName: 'JANE HOLDER' })
    const { status, body } = await patch(token, {
      card_holder_name: 'JOHN HOLDER',
      card_holder_email: 'john@example.com',
      expiry_month: 11,
      expiry_year: 2031,
      cvv: '123',
      token_expiry_date: '2030-06-15',
    })
    expect([status, body]).toEqual([
      200,
      {
        token_status: 'ACTIVE',
        bin: '411111',
        last_four: '1111',
        expiry_month: 11,
        expiry_year: 2031,
        card_holder_name: 'JOHN HOLDER',
        card_holder_email: 'john@example.com',
        bin_details: { bin: '411111', last_four: '1111', brand: 'VISA', issuer_country: 'ZZZ' },
        issuer_country: 'ZZZ',
        created_at: date,
        updated_at: date,
        token_expiry_date: '2030-06-15',
      },
    ])
    expect((await call('GET', `/api/v2/card/${token}`)).body).not.toHaveProperty('card_holder_email')
  })

  test('without anything in it changes nothing', async () => {
    const token = await bring()
    expect(await patch(token, {})).toMatchObject({ status: 200, body: { expiry_year: 2033 } })
    expect((await patch(token, { public_key_alias: nobody })).status).toBe(200)
  })

  test('with an encrypted card links the token to its number', async () => {
    const token = await bring()
    const encrypted_card = capture({ cardNumber: testCards.mastercard, expiryMonth: 5, expiryYear: 35 })
    const { body } = await patch(token, { encrypted_card, public_key_alias: alias })
    expect(body).toMatchObject({ bin: '555555', last_four: '4444', expiry_year: 2035 })
    expect((await call('GET', `/api/v2/card/${token}`)).body).toMatchObject({ brand: 'MASTERCARD' })
  })

  test('needs to know the key that a card was encrypted for', async () => {
    const reply = await patch(await bring(), { encrypted_card: capture() })
    expect(wrongIn(reply)).toEqual([400, ['body.public_key_alias']])
    expect(messageOf(reply, 'body.public_key_alias')).toMatch(/is missing/)
  })

  test('names the body for what stood there, and the encrypted card for the rest', async () => {
    const token = await bring()
    expect(wrongIn(await patch(token, { cvv: '1234' }))).toEqual([400, ['body.cvv']])
    expect(wrongIn(await patch(token, { expiry_year: 2025 }))).toEqual([400, ['body.expiry_year']])
    expect(wrongIn(await patch(token, { expiry_year: 2098 }))).toEqual([400, ['body.expiry_year']])
    const captured = (tags: object) =>
      patch(token, { encrypted_card: capture(tags), public_key_alias: alias })
    expect(wrongIn(await captured({ cvv: '1234' }))).toEqual([400, ['body.encrypted_card.cvv']])
    expect(wrongIn(await captured({ expiryYear: 2025 }))).toEqual([400, ['body.encrypted_card.expiryYear']])
    expect(wrongIn(await captured({ cardNumber: testCards.amex }))).toMatchObject([400, { length: 1 }])
  })

  test.each(['ACTIVATE', 'SUSPEND', 'DELETE'])(
    'is told why there is no network token to %s',
    async (scheme_token_action) => {
      const reply = await patch(await bring(), { scheme_token_action })
      expect(wrongIn(reply)).toEqual([400, ['body.scheme_token_action']])
      expect(reply.headers['cardkeep-refusal']).toBe('NetworkTokenRefused')
    },
  )
})

describe('what the operator’s table knows of a number', () => {
  const useTable = async (more: Partial<BinRecord>): Promise<void> => {
    await useOwnVault()
    const set = vault.ids.uuid() as BinSetId
    const bin: BinRecord = {
      ...{ prefix: '411111', brand: 'Visa', funding: 'debit', segment: 'consumer', product: 'Classic' },
      ...{ issuer: 'Test Bank', country: 'DE', currency: 'EUR', ...more },
    }
    await vault.store.commit([{ type: 'put-bins', set, bins: [bin] }])
    await vault.store.commit([{ type: 'use-bins', set, at: vault.clock.now() }])
  }
  const details = {
    ...{ bin: '411111', last_four: '1111', brand: 'VISA' },
    ...{ issuer_country: 'DEU', issuer_name: 'Test Bank', type: 'DEBIT', variant: 'Classic' },
  }

  test('stands where each reply has it', async () => {
    await useTable({})
    const { body } = await put()
    const shared = { bin_details: details, issuer_country: 'DEU', currency: 'EUR' }
    const flat = { brand: 'VISA', issuer_name: 'Test Bank', type: 'DEBIT', variant: 'Classic' }
    const token = String(body['reuse_token'])
    const shown = (await call('GET', `/api/v2/card/${token}`)).body
    const patched = (await patch(token, {})).body
    expect(body).toMatchObject(shared)
    expect(shown).toMatchObject({ ...shared, ...flat })
    expect(patched).toMatchObject(shared)
    for (const name of Object.keys(flat)) {
      expect(body).not.toHaveProperty(name)
      expect(patched).not.toHaveProperty(name)
    }
  })

  const noCurrency = 'X'.repeat(3)
  test.each([
    ['BYN', { put: 'BYN', get: undefined, patch: 'BYN' }],
    ['BYR', { put: undefined, get: 'BYR', patch: undefined }],
    ['EUR', { put: 'EUR', get: 'EUR', patch: 'EUR' }],
    // The code for none.
    [noCurrency, { put: noCurrency, get: noCurrency, patch: noCurrency }],
    ['QQQ', { put: undefined, get: undefined, patch: undefined }],
  ])('its currency is told where that reply’s list has it: %s', async (currency, expected) => {
    await useTable({ currency })
    const { body } = await put()
    const token = String(body['reuse_token'])
    expect({
      put: body['currency'],
      get: (await call('GET', `/api/v2/card/${token}`)).body['currency'],
      patch: (await patch(token, {})).body['currency'],
    }).toEqual(expected)
  })
})

describe('network tokens', () => {
  const ask = (settings: Partial<NetworkTokenSettings> = {}) =>
    changeScope(vault, testOperator, tenant.defaultScopeId, {
      ...{ networkToken: true, accountReference: true, requestor: 'merchant', ...settings },
    })

  test('are issued, shown, suspended and ended, each reply with its own word, and say who issued them', async () => {
    await ask()
    const token = await bring()
    const steps = [
      ['ACTIVATE', 'ACTIVE', 'VALID'],
      ['SUSPEND', 'SUSPENDED', 'SUSPENDED'],
      ['ACTIVATE', 'ACTIVE', 'VALID'],
      ['DELETE', 'DELETED', 'DELETED'],
    ] as const
    for (const [scheme_token_action, patched, shown] of steps) {
      const issued =
        patched !== 'ACTIVE'
          ? {}
          : {
              network_token: expect.stringMatching(/^\d{16}$/) as string,
              expiry_month: expect.any(Number) as number,
              expiry_year: expect.any(Number) as number,
              payment_account_reference: expect.stringMatching(/^SIM0[0-9A-Z]{25}$/) as string,
            }
      const reply = await patch(token, { scheme_token_action })
      expect([reply.status, reply.body['scheme_token']]).toEqual([200, { status: patched, ...issued }])
      expect(reply.headers['cardkeep-network-tokens']).toBe('simulator')
      for (const other of [await call('GET', `/api/v2/card/${token}`), await put()]) {
        expect(other.body['scheme_token']).toEqual({ status: shown, ...issued })
        expect(other.headers['cardkeep-network-tokens']).toBe('simulator')
      }
    }
    const again = await patch(token, { scheme_token_action: 'SUSPEND' })
    expect(wrongIn(again)).toEqual([400, ['body.scheme_token_action']])
  })

  test('whose requestor is the vault show their status alone', async () => {
    await ask({ requestor: 'vault' })
    const reply = await patch(await bring(), { scheme_token_action: 'ACTIVATE' })
    expect(reply.body['scheme_token']).toEqual({ status: 'ACTIVE' })
  })
})

describe('the code', () => {
  const isHeld = async (token: string): Promise<boolean> => {
    const tokenId = parseToken(token)
    if (!tokenId) throw new Error('a test made no token')
    const held = await isCodeHeld(vault, callerOf(tenant), tokenId)
    return held.ok && held.value
  }
  const putWith = async (policy: string): Promise<Reply> =>
    put({ cvv: '123' }, {}, { headers: { 'cardkeep-code-policy': policy } })
  const refused = [400, ['headers.Cardkeep-Code-Policy']]

  test('of PUT and of PATCH is held by the token for a quarter of an hour', async () => {
    await useOwnVault()
    const token = await bring({ cvv: '123' })
    vault.clock.advance(15 * minuteMs - 1)
    expect(await isHeld(token)).toBe(true)
    vault.clock.advance(1)
    expect(await isHeld(token)).toBe(false)
    await patch(token, { cvv: '123' })
    expect(await isHeld(token)).toBe(true)
  })

  test('is held no longer than the tenant and the caller allow', async () => {
    await useOwnVault()
    const tenants = { hold: true, ttlMs: minuteMs, uses: 1, destinations: undefined }
    const changed = await setCodePolicy(vault, testOperator, tenant, tenants)
    expect(changed.ok).toBe(true)
    for (const policy of ['ttl=x', 'ttl=120', 'uses=9'])
      expect(wrongIn(await putWith(policy))).toEqual(refused)
    const token = String((await putWith('ttl=30')).body['reuse_token'])
    expect(await isHeld(token)).toBe(true)
    vault.clock.advance(minuteMs / 2)
    expect(await isHeld(token)).toBe(false)
    await putWith('hold=off')
    expect(await isHeld(token)).toBe(false)
  })
})

describe('capture keys', () => {
  test('are made and listed, the active ones of the tenant alone', async () => {
    const made = await call('POST', '/api/v2/capture-keys')
    expect([made.status, made.body]).toEqual([
      200,
      {
        public_key: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) as string,
        public_key_alias: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
        created_at: expect.stringMatching(/^2026-01-01T/) as string,
      },
    ])
    const listed = (await call('GET', '/oidc/api/v2/capture-keys')).body['public_keys'] as Json[]
    expect(listed.map(({ public_key_alias }) => public_key_alias)).toEqual([
      alias,
      made.body['public_key_alias'],
    ])
  })

  test('are twenty at most', async () => {
    for (let made = 1; made < 20; made++) await call('POST', '/api/v2/capture-keys', { body: {} })
    expect(wrongIn(await call('POST', '/api/v2/capture-keys'))).toEqual([400, ['body']])
  })
})

describe('who calls', () => {
  test('must show a user and a key of that user', async () => {
    const stranger = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
    for (const wrong of [
      { ...keys, user_id: stranger },
      { ...keys, api_key: keys.api_key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')) },
      { ...keys, user_id: '' },
    ])
      expect(await call('GET', '/api/v2/capture-keys', { keys: wrong })).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Basic realm="cardkeep"' },
        body: { code: 401, details: {} },
      })
    const upper = { ...keys, user_id: keys.user_id.toUpperCase() }
    expect((await call('GET', '/api/v2/capture-keys', { keys: upper })).status).toBe(200)
  })

  test('may read with any key, and write with one that may tokenize', async () => {
    const token = await bring()
    const reader = await addKeys(tenant, [])
    const asReader = { keys: reader }
    for (const path of [`/api/v2/card/${token}`, '/api/v2/capture-keys'])
      expect((await call('GET', path, asReader)).status).toBe(200)
    for (const [method, path] of [
      ['PUT', '/api/v2/card'],
      ['PATCH', `/api/v2/card/${token}`],
      ['DELETE', `/api/v2/card/${token}`],
      ['PATCH', `/api/v2/card/${token}/suspend`],
      ['PATCH', `/api/v2/card/${token}/activate`],
      ['POST', '/api/v2/capture-keys'],
    ] as const)
      expect([path, wrongIn(await call(method, path, asReader))]).toEqual([path, [403, []]])
  })

  test('is refused a year after the key was made', async () => {
    await useOwnVault()
    vault.clock.advance(365 * dayMs - 1)
    expect((await call('GET', '/api/v2/capture-keys')).status).toBe(200)
    vault.clock.advance(1)
    expect((await call('GET', '/api/v2/capture-keys')).status).toBe(401)
  })
})

test('what no route takes is told in the words of this API', async () => {
  for (const [method, path] of [
    ['POST', '/api/v2/card'],
    ['GET', '/api/v2/card'],
    ['PUT', '/oidc/api/v2/card/x'],
  ] as const)
    expect([path, wrongIn(await call(method, path))]).toEqual([path, [404, []]])
})

test('a scope is named as any UUID is', async () => {
  const token_scope = tenant.defaultScopeId.toUpperCase()
  expect((await put({}, { token_scope })).status).toBe(200)
})
