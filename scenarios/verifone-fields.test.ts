import { randomUUID } from 'node:crypto'
import { parseToken } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { idLiteral } from './support/backends.ts'
import type { Json, Reply } from './support/client.ts'
import { changeRows, countWritten, readLog } from './support/rows.ts'
import { openShop, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import { encryptText } from './support/verifone.ts'
import { faultsOf, namedIn, type OpenedSite, openSite } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Every field of what is sent, at its limits and past them: who sends it is told each field that is wrong, and nothing is
 * written where one is.
 */

const scenario = await startScenario()
const { command, folder } = scenario
let site: OpenedSite
let other: OpenedSite
let otherToken = ''
let retired = ''
beforeAll(async () => {
  site = await openSite(scenario)
  await openShop(scenario, 'other')
  other = await openSite(scenario, 'other')
  otherToken = await other.bring(card)
  const made = await site.call('POST', '/api/v2/capture-keys')
  retired = String(made.body['public_key_alias'])
  await command('capture-key', 'retire', retired)
  const longAgo = Date.now() - 18 * 60_000
  await changeRows(
    scenario,
    `update capture_keys set retired_at = ${longAgo} where id = ${idLiteral(String(parseToken(retired)))}`,
  )
})

const card = { number: testCards.visa2, code: '123', month: 4, year: 2033, name: 'Jane Holder' }

let token = ''
beforeEach(async () => {
  token = await site.bring(card)
})
afterEach(() => expect(readLog({ folder }, 'request.bug')).toEqual([]))

const day = 86_400_000
const dayAt = (offset: number): string => new Date(Date.now() + offset * day).toISOString().slice(0, 10)

type Send = (body: Json) => Promise<Reply>
const send: Readonly<Record<'PUT' | 'PATCH', Send>> = {
  PUT: async (body) => site.put(card, body),
  PATCH: (body) => site.patch(token, body),
}

/** Refused, naming exactly these, and nothing is written. */
const expectRefused = async (
  what: string,
  asking: () => Promise<Reply>,
  names: readonly string[],
  status = 400,
) => {
  const before = countWritten(scenario)
  const reply = await asking()
  expect.soft([what, reply.status, namedIn(reply)]).toEqual([what, status, names.toSorted()])
  expect.soft([what, countWritten(scenario)]).toEqual([what, before])
}

const long = (length: number, end = ''): string => 'x'.repeat(length - end.length) + end

const inside: readonly (readonly ['PUT' | 'PATCH', string, readonly unknown[]])[] = [
  ['PUT', 'token_type', ['REUSE', 'ANALYTICS', 'REUSE_AND_ANALYTICS']],
  ['PUT', 'reuse_token_type', ['INTERNAL']],
  ['PUT', 'card_brand', ['VISA', 'AMEX', 'CB', 'Other local scheme']],
  ['PUT', 'token_expiry_date', [dayAt(0), dayAt(1), '2032-02-29', '2099-12-31']],
  ['PUT', 'token_context', [{}, { entity_id: randomUUID() }, { payment_provider_contract: randomUUID() }]],
  ['PATCH', 'card_holder_name', ['J', long(30), 'Ünal Ñandú', '😀'.repeat(15)]],
  ['PATCH', 'card_holder_email', ['a@b', long(254, '@example.com'), 'jürgen@müller.example']],
  ['PATCH', 'expiry_month', [1, 12]],
  ['PATCH', 'expiry_year', [2031, 2050]],
  ['PATCH', 'cvv', ['123']],
  ['PATCH', 'token_expiry_date', [dayAt(0), dayAt(1), '2032-02-29']],
]

const outside: readonly (readonly ['PUT' | 'PATCH', string, readonly unknown[]])[] = [
  ['PUT', 'token_scope', ['', 'x', 'demo', `${randomUUID()}0`, randomUUID().replaceAll('-', '+')]],
  ['PUT', 'token_type', ['', 'reuse', 'BOTH', 'REUSE,ANALYTICS']],
  ['PUT', 'reuse_token_type', ['', 'internal', 'CHASE,TAVE']],
  ['PUT', 'token_expiry_date', [dayAt(-1), dayAt(-2), '2031-02-29', '2031-13-01', '2031-1-1', '2031', '']],
  ['PUT', 'token_expiry_date', ['2031-01-01T00:00:00Z', '01-01-2031']],
  ['PUT', 'public_key_alias', ['', 'x', 'a'.repeat(26)]],
  ['PUT', 'encrypted_card', ['', 'x', 'a'.repeat(1_000)]],
  ['PATCH', 'card_holder_name', [long(31)]],
  ['PATCH', 'card_holder_email', ['', '@', 'ab', long(255, '@example.com'), 'jane.shop.example']],
  ['PATCH', 'card_holder_name', ['①'.repeat(12), 'A\u0085B', 'A\u202eB', 'A\u2028B', 'A\ud800B']],
  [
    'PATCH',
    'card_holder_email',
    [
      `${testCards.visa.replaceAll(/\B/g, '.')}@shop.example`,
      `${testCards.visa.replaceAll(/\B/g, '_')}@shop.example`,
    ],
  ],
  ['PATCH', 'expiry_month', [0, 13, -1, 1.5, 100]],
  ['PATCH', 'expiry_year', [10_000, 0, -1, 2031.5]],
  ['PATCH', 'cvv', ['', '12', '12345', '12a', ' 123', '1'.repeat(30), '1'.repeat(31)]],
  ['PATCH', 'token_expiry_date', [dayAt(-1), '2031-02-29', '2031-04-31', 'x', '']],
  ['PATCH', 'scheme_token_action', ['', 'activate', 'ACTIVATED', 'RESUME']],
]

describe('within its limits', () => {
  test.each(inside)('%s takes %s', async (method, field, values) => {
    for (const value of values) {
      const { status, text } = await send[method]({ [field]: value })
      expect.soft([value, status, status === 200 ? '' : text]).toEqual([value, 200, ''])
    }
  })
})

describe('past its limits', () => {
  test.each(outside)('%s refuses %s, and names it', async (method, field, values) => {
    for (const value of values)
      await expectRefused(JSON.stringify(value), () => send[method]({ [field]: value }), [`body.${field}`])
  })
})

const fields = {
  PUT: {
    token_scope: 'text',
    encrypted_card: 'text',
    card_brand: 'text',
    token_type: 'text',
    reuse_token_type: 'text',
    token_expiry_date: 'text',
    public_key_alias: 'text',
    token_context: 'object',
  },
  PATCH: {
    encrypted_card: 'text',
    cvv: 'text',
    card_holder_name: 'text',
    card_holder_email: 'text',
    expiry_month: 'integer',
    expiry_year: 'integer',
    token_expiry_date: 'text',
    public_key_alias: 'text',
    scheme_token_action: 'text',
  },
} as const

/** Of every type of JSON but the one that the field takes. */
const others: Readonly<Record<'text' | 'object' | 'integer', readonly unknown[]>> = {
  text: [1, true, [], {}, ['x']],
  object: [1, true, [], 'x'],
  integer: ['1', '12', 1.5, true, [], {}],
}

describe.each(['PUT', 'PATCH'] as const)('%s', (method) => {
  const rows = Object.entries<keyof typeof others>(fields[method])

  /** PATCH with a capture names its key, and PUT has both already. */
  const along = async (field: string): Promise<Json> =>
    method === 'PATCH' && /encrypted_card|public_key_alias/.test(field)
      ? { encrypted_card: await site.encrypt(card), public_key_alias: site.key.alias }
      : {}

  test.each(rows)('refuses null for %s', async (field) => {
    const more = await along(field)
    await expectRefused('null', () => send[method]({ ...more, [field]: null }), [`body.${field}`])
  })

  test.each(rows)('refuses another type for %s', async (field, kind) => {
    const more = await along(field)
    for (const value of others[kind])
      await expectRefused(JSON.stringify(value), () => send[method]({ ...more, [field]: value }), [
        `body.${field}`,
      ])
  })

  test('names all that is wrong at once', async () => {
    const wrong = Object.fromEntries(rows.map(([field, kind]) => [field, kind === 'text' ? 1 : 'x']))
    const names = rows.map(([field]) => `body.${field}`)
    await expectRefused('all of them', () => send[method](wrong), names)
    const reply = await send[method](wrong)
    for (const message of Object.values(faultsOf(reply))) expect(message).toMatch(/^[a-z][^\n]{3,}/i)
  })

  test('leaves aside a field that it does not know', async () => {
    const { status, text } = await send[method]({ extra: 'unheard', token: 'of' })
    expect([status, /unheard/.test(text)]).toEqual([200, false])
  })

  test('refuses what is no object', async () => {
    const path = method === 'PUT' ? '/api/v2/card' : `/api/v2/card/${token}`
    for (const body of ['', '[]', 'null', '5', '{', '{"a":1}{}'])
      await expectRefused(body, () => site.call(method, path, { body }), ['body'])
  })
})

test.each(['entity_id', 'payment_provider_contract'])(
  'PUT refuses null for %s of its context',
  async (field) => {
    const wish = () => send.PUT({ token_context: { [field]: null } })
    await expectRefused('null', wish, [`body.token_context.${field}`])
  },
)

test.each(['CHASE', 'TAVE'])(
  'PUT refuses a token of %s and says why, and what such a one would need',
  async (reuse_token_type) => {
    const named = ['body.reuse_token_type']
    for (const token_context of [{ entity_id: randomUUID() }, { payment_provider_contract: randomUUID() }]) {
      await expectRefused('in a context', () => site.put(card, { reuse_token_type, token_context }), named)
      const reply = await site.put(card, { reuse_token_type, token_context })
      expect(faultsOf(reply)['body.reuse_token_type']).toMatch(/provider|configured|external/i)
    }
    const both = [...named, 'body.token_context']
    for (const more of [{}, { token_context: {} }])
      await expectRefused('in none', () => site.put(card, { reuse_token_type, ...more }), both)
  },
)

test('PUT names each field that is missing', async () => {
  const before = countWritten(scenario)
  const reply = await site.call('PUT', '/api/v2/card', { body: {} })
  expect([reply.status, namedIn(reply)]).toEqual([
    400,
    ['body.encrypted_card', 'body.public_key_alias', 'body.token_scope'],
  ])
  for (const field of ['encrypted_card', 'public_key_alias', 'token_scope'] as const) {
    const { [field]: _, ...body } = await site.putBody(card)
    await expectRefused(field, () => site.call('PUT', '/api/v2/card', { body }), [`body.${field}`])
  }
  expect(countWritten(scenario)).toEqual(before)
})

test('PATCH takes a captured card with the alias of its key, and neither alone', async () => {
  const encrypted_card = await site.encrypt(card)
  await expectRefused('no alias', () => site.patch(token, { encrypted_card }), ['body.public_key_alias'])
  const { alias: public_key_alias } = site.key
  expect(await site.patch(token, { encrypted_card, public_key_alias })).toMatchObject({ status: 200 })
})

describe('what belongs to another, or to nobody, looks the same:', () => {
  /** All of a reply but what every reply has of its own. */
  const comparable = ({ status, body, headers }: Reply) => {
    const { date: _date, 'x-request-id': _id, ...rest } = headers
    const { timestamp: _timestamp, ...said } = body
    return { status, said, rest }
  }

  test('a scope', async () => {
    const [unknown, foreign] = [randomUUID(), other.scope]
    for (const token_scope of [unknown, foreign])
      await expectRefused(token_scope, () => site.put(card, { token_scope }), ['body.token_scope'], 404)
    expect(comparable(await site.put(card, { token_scope: foreign }))).toEqual(
      comparable(await site.put(card, { token_scope: unknown })),
    )
  })

  test('a capture key, and one that was retired long ago', async () => {
    const replies = []
    for (const public_key_alias of ['a'.repeat(26), other.key.alias, retired]) {
      const asking = () => site.put(card, { public_key_alias })
      await expectRefused(public_key_alias, asking, ['body.public_key_alias'])
      replies.push(comparable(await asking()))
    }
    expect(replies[1]).toEqual(replies[0])
    expect(replies[2]).toEqual(replies[0])
    // What was encrypted for another's key does not open with one's own.
    const foreign = await other.encrypt(card)
    await expectRefused('foreign', () => site.put(card, { encrypted_card: foreign }), ['body.encrypted_card'])
  })

  test('a token', async () => {
    const ways: readonly ((id: string) => Promise<Reply>)[] = [
      (id) => site.get(id),
      (id) => site.patch(id, {}),
      (id) => site.patchCard(id, card),
      (id) => site.suspend(id),
      (id) => site.activate(id),
      (id) => site.remove(id),
    ]
    for (const way of ways) {
      const [unknown, foreign] = [await way('a'.repeat(26)), await way(otherToken)]
      expect([unknown.status, namedIn(unknown)]).toEqual([404, ['params.id']])
      expect(comparable(foreign)).toEqual(comparable(unknown))
    }
    expect((await other.get(otherToken)).body).toMatchObject({ token_status: 'ACTIVE' })
  })
})

test('a scope that is linked takes cards, and all that it is linked to know its tokens', async () => {
  await openShop(scenario, 'lender')
  const lender = await openSite(scenario, 'lender')
  const before = await lender.bring(card)
  await command('scope', 'link', lender.scope, '--tenant', 'demo')
  await until('a link', async () => (await site.put(card, { token_scope: lender.scope })).status === 200)
  const after = await site.bring(card, { token_scope: lender.scope })
  for (const known of [before, after])
    for (const { get } of [site, lender])
      expect((await get(known)).body).toMatchObject({ reuse_token: known, token_scope: lender.scope })
})

test('an id is 14 to 255 characters long', async () => {
  for (const length of [1, 13, 256])
    await expectRefused(`${length}`, () => site.get('x'.repeat(length)), ['params.id'])
  for (const length of [14, 255])
    await expectRefused(`${length}`, () => site.get('x'.repeat(length)), ['params.id'], 404)
})

describe('of what was captured', () => {
  const rows: readonly (readonly [string, Json, readonly string[]])[] = [
    ['a number that is none', { cardNumber: '4242424242424241' }, ['cardNumber']],
    ['a number of a few digits', { cardNumber: '4242' }, ['cardNumber']],
    ['no number', { cardNumber: undefined }, ['cardNumber']],
    ['no month', { expiryMonth: undefined }, ['expiryMonth']],
    ['no year', { expiryYear: undefined }, ['expiryYear']],
    ['month 0', { expiryMonth: '00' }, ['expiryMonth']],
    ['month 13', { expiryMonth: 13 }, ['expiryMonth']],
    ['a month that is none', { expiryMonth: 'May' }, ['expiryMonth']],
    ['a year of three digits', { expiryYear: '203' }, ['expiryYear']],
    ['a year past the schema', { expiryYear: 10_000 }, ['expiryYear']],
    ['a code of two digits', { cvv: '12' }, ['cvv']],
    ['a code with a letter', { cvv: '12a' }, ['cvv']],
    ['a code of another scheme', { cvv: '12345' }, ['cvv']],
    ['a name of 31 characters', { cardholderName: 'x'.repeat(31) }, ['cardholderName']],
    ['a name that is no text', { cardholderName: {} }, ['cardholderName']],
    ['a number that is null', { cardNumber: null }, ['cardNumber']],
  ]

  const plain = (): Json => ({
    cardNumber: testCards.visa2,
    expiryMonth: '04',
    expiryYear: '2033',
    cvv: '123',
    cardholderName: 'Jane Holder',
    captureTime: new Date().toISOString(),
  })

  const sealed = async (more: Json): Promise<Json> => {
    const text = JSON.stringify({ ...plain(), ...more })
    return { encrypted_card: await encryptText(site.key, text), public_key_alias: site.key.alias }
  }

  test.each(rows)('%s is refused, and named', async (what, more, names) => {
    const body = await sealed(more)
    const paths = names.map((name) => `body.encrypted_card.${name}`)
    await expectRefused(what, () => site.put(card, body), paths)
  })

  test.each<readonly [string, Json, Json]>([
    ['a month of one digit', { expiryMonth: '4' }, { expiry_month: 4 }],
    ['numbers', { expiryMonth: 4, expiryYear: 2033, cvv: 123 }, { expiry_month: 4, expiry_year: 2033 }],
    ['a number for the card', { cardNumber: 4242424242424242 }, { last_four: '4242' }],
    ['a year of two digits', { expiryYear: '33' }, { expiry_year: 2033 }],
    ['a year of two digits that is a number', { expiryYear: 33 }, { expiry_year: 2033 }],
    ['a name of 30 characters', { cardholderName: 'x'.repeat(30) }, { card_holder_name: 'x'.repeat(30) }],
    ['what it does not know', { sequenceNumber: '01', startMonth: 1, startYear: 2020, more: {} }, {}],
  ])('%s is taken', async (_, more, told) => {
    const reply = await site.put(card, await sealed(more))
    expect(reply).toMatchObject({ status: 200, body: told })
  })

  test('an expired card is refused, wherever its expiry stands', async () => {
    const past = await sealed({ expiryYear: '2025' })
    const inCapture = await site.put(card, past)
    expect([inCapture.status, namedIn(inCapture)[0]]).toEqual([
      400,
      expect.stringMatching(/^body\.encrypted_card(\.expiry\w+)?$/),
    ])
    const inBody = await site.patch(token, { expiry_year: 2025 })
    expect([inBody.status, namedIn(inBody)[0]]).toEqual([400, expect.stringMatching(/^body\.expiry_/)])
    expect((await site.get(token)).body).toMatchObject({ expiry_year: 2033 })
  })
})
