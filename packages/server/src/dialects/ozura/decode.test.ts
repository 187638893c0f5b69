import { spellYear } from '@cardkeep/core/cards/expiry'
import { defaultPolicies, testSessionPolicy, unlimitedUses } from '@cardkeep/core/codes/policy'
import type { CredentialId, ScopeId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { epochMs, yearMs } from '@cardkeep/core/kernel/time'
import type { Caller } from '@cardkeep/core/operations/caller'
import type { TokenizeCard } from '@cardkeep/core/operations/tokens/tokenize-card'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { spellBase32, spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { describe, expect, test } from 'vitest'
import type { RouteInput } from '../../http/route.ts'
import {
  decodeDeleteSession,
  decodeDetokenize,
  decodeTestToken,
  decodeTokenize,
  samenessOfTokenize,
} from './decode.ts'

const tenant: Tenant = {
  id: 'tenant' as TenantId,
  name: 'shop',
  environment: 'live',
  defaultScopeId: 'scope' as ScopeId,
  codePolicy: undefined,
  createdAt: epochMs(0),
}

const callerOf = (parts: Partial<Tenant> = {}): Caller => ({
  principal: { tenant: { ...tenant, ...parts }, credentialId: 'c' as CredentialId, permissions: [] },
  requestId: 'r',
  origin: '192.0.2.1',
})

const inputOf = (body: unknown, parts: Partial<RouteInput> = {}): RouteInput => ({
  params: {},
  query: {},
  headers: {},
  content: 'json',
  baseUrl: 'https://vault.example',
  body,
  ...parts,
})

/** What a command says, its secrets opened. */
const shown = ({ card, code, ...rest }: TokenizeCard) => ({
  ...rest,
  number: openSecret(card.pan, 'check'),
  month: card.expiry.month,
  year: spellYear(card.expiry),
  holder: card.holder,
  code: code && openSecret(code, 'check'),
})

const fields = { cardNumber: testCards.visa, expirationMonth: '12', expirationYear: '2030' }

describe('/tokenize', () => {
  const decode = (data: Record<string, unknown>, parts: Partial<Tenant> = {}) =>
    decodeTokenize(inputOf({ type: 'card', data: { ...fields, ...data } }), callerOf(parts))
  const commandOf = (data: Record<string, unknown>, parts: Partial<Tenant> = {}) => {
    const decoded = decode(data, parts)
    if (!decoded.ok) return decoded.error
    return decoded.value.type === 'card' ? shown(decoded.value.card) : decoded.value
  }
  const good = {
    number: testCards.visa,
    month: 12,
    year: '2030',
    holder: undefined,
    code: undefined,
    policy: defaultPolicies.ozura,
    heldBy: 'session',
    takesExpired: false,
    test: false,
    lifetimeMs: undefined,
  }

  test('takes a card without a code', () => {
    expect(commandOf({})).toEqual(good)
  })

  test.each(['cvv', 'cvc'])('takes the code as %s', (name) => {
    expect(commandOf({ [name]: '007' })).toEqual({ ...good, code: '007' })
  })

  test('takes both names of the code if they agree, and refuses to choose if they do not', () => {
    expect(commandOf({ cvv: '123', cvc: '123' })).toEqual({ ...good, code: '123' })
    expect(commandOf({ cvv: '123', cvc: '124' })).toEqual({ type: 'InvalidField', field: 'cvc' })
    expect(commandOf({ cvv: '123', cvc: '' })).toEqual({ type: 'InvalidField', field: 'cvc' })
  })

  test('takes spaces and dashes out of the number and keeps the year as it was written', () => {
    const command = commandOf({
      cardNumber: '4111 1111-1111 1111',
      expirationMonth: '03',
      expirationYear: '31',
    })
    expect(command).toEqual({ ...good, month: 3, year: '31' })
  })

  test('takes the names of the holder', () => {
    expect(commandOf({ firstName: 'Ada' })).toMatchObject({
      holder: { firstName: 'Ada', lastName: undefined },
    })
    expect(commandOf({ lastName: '' })).toMatchObject({ holder: { firstName: undefined, lastName: '' } })
  })

  test("holds codes as the tenant's policy says, where it has one", () => {
    const codePolicy = { hold: false, ttlMs: 1, uses: 2, destinations: undefined }
    expect(commandOf({}, { codePolicy })).toMatchObject({ policy: codePolicy })
    expect(defaultPolicies.ozura).toEqual({ hold: true, ttlMs: 90_000, uses: 1, destinations: undefined })
  })

  test('holds a code as its header narrows the policy, and refuses a header that it cannot follow', () => {
    const decodeWith = (header: string) =>
      decodeTokenize(
        inputOf({ type: 'card', data: fields }, { headers: { 'cardkeep-code-policy': header } }),
        callerOf(),
      )
    expect(decodeWith('ttl=60')).toMatchObject({ value: { card: { policy: { ttlMs: 60_000, uses: 1 } } } })
    expect(decodeWith('ttl=1000')).toMatchObject({ ok: false, error: { field: 'Cardkeep-Code-Policy' } })
  })

  test.each([
    [{ cardNumber: '4111111111111112' }, { type: 'InvalidCardNumber' }],
    [{ cardNumber: '' }, { type: 'InvalidCardNumber' }],
    [{ expirationMonth: '13' }, { type: 'InvalidExpiryMonth' }],
    [{ expirationMonth: '1' }, { type: 'InvalidExpiryMonth' }],
    [{ expirationYear: '203' }, { type: 'InvalidExpiryYear' }],
    [{ expirationYear: '1999' }, { type: 'InvalidExpiryYear' }],
    [{ cvv: '12' }, { type: 'InvalidField', field: 'cvv' }],
    [{ cvv: '1234' }, { type: 'InvalidField', field: 'cvv' }],
    [{ cvv: '' }, { type: 'InvalidField', field: 'cvv' }],
    [{ cvc: '12a' }, { type: 'InvalidField', field: 'cvc' }],
    [
      { cardNumber: testCards.amex, cvc: '123' },
      { type: 'InvalidField', field: 'cvc' },
    ],
  ])('refuses %j', (data, refusal) => {
    expect(decode(data)).toEqual({ ok: false, error: refusal })
  })

  test('asks four digits of American Express', () => {
    expect(commandOf({ cardNumber: testCards.amex, cvv: '1234' })).toMatchObject({ code: '1234' })
  })

  test('has nothing in clear in its command', () => {
    const decoded = decode({ cvv: '947' })
    const text = JSON.stringify(decoded)
    expect(decoded.ok).toBe(true)
    expect(text).not.toContain(testCards.visa)
    expect(text).not.toContain('947')
  })
})

describe('/test-tokens', () => {
  const decode = (data: Record<string, unknown>) =>
    decodeTestToken(inputOf({ ...fields, cvc: '123', ...data }))

  test('makes a token of one year whose code may be used as often as wanted', () => {
    const decoded = decode({ firstName: 'Ada', lastName: 'L' })
    expect(decoded.ok && shown(decoded.value)).toEqual({
      number: testCards.visa,
      month: 12,
      year: '2030',
      holder: { firstName: 'Ada', lastName: 'L' },
      code: '123',
      policy: testSessionPolicy,
      heldBy: 'session',
      takesExpired: false,
      test: true,
      lifetimeMs: yearMs,
    })
    expect(testSessionPolicy).toEqual({
      hold: true,
      ttlMs: yearMs,
      uses: unlimitedUses,
      destinations: undefined,
    })
  })

  test('holds its code as the header narrows it', () => {
    const input = inputOf({ ...fields, cvc: '123' }, { headers: { 'cardkeep-code-policy': 'uses=2' } })
    expect(decodeTestToken(input)).toMatchObject({ value: { policy: { ...testSessionPolicy, uses: 2 } } })
  })

  test('takes published test cards only', () => {
    expect(decode({ cardNumber: loadCard(7) })).toEqual({ ok: false, error: { type: 'InvalidCardNumber' } })
  })

  test.each([
    [{ cvc: '1' }, { type: 'InvalidField', field: 'cvc' }],
    [{ expirationMonth: '00' }, { type: 'InvalidExpiryMonth' }],
  ])('refuses %j', (data, refusal) => {
    expect(decode(data)).toEqual({ ok: false, error: refusal })
  })
})

describe('/tokenize of a bank account', () => {
  const account = { accountNumber: '000123456789', routingNumber: '110000000' }
  const decode = (data: Record<string, unknown>) =>
    decodeTokenize(inputOf({ type: 'bank', data: { ...account, ...data } }), callerOf())

  test('takes number and bank, and with them a type and the names of the holder', () => {
    const decoded = decode({ accountType: 'savings', firstName: 'Ada' })
    const stored = decoded.ok && decoded.value.type === 'bank' ? decoded.value.account.account : undefined
    expect(stored).toMatchObject({
      type: 'bank',
      routingNumber: '110000000',
      accountType: 'savings',
      holder: { firstName: 'Ada', lastName: undefined },
    })
    expect(stored && openSecret(stored.accountNumber, 'check')).toBe('000123456789')
    expect(JSON.stringify(decoded)).not.toContain('000123456789')
    expect(decode({})).toMatchObject({
      value: { account: { account: { accountType: undefined, holder: undefined } } },
    })
  })

  test.each([
    [{ accountNumber: '123' }, 'accountNumber'],
    [{ accountNumber: '12 3456' }, 'accountNumber'],
    [{ accountNumber: '123456789012345678' }, 'accountNumber'],
    [{ routingNumber: '110000001' }, 'routingNumber'],
    [{ routingNumber: '11000000' }, 'routingNumber'],
    [{ accountType: 'gold' }, 'accountType'],
    [{ accountType: 'Checking' }, 'accountType'],
    [{ accountType: '' }, 'accountType'],
  ])('refuses %j', (data, field) => {
    expect(decode(data)).toEqual({ ok: false, error: { type: 'InvalidField', field } })
  })
})

describe('two requests to /tokenize are the same', () => {
  const samenessOf = (data: Record<string, unknown>, headers: RouteInput['headers'] = {}, type = 'card') =>
    openSecret(samenessOfTokenize(inputOf({ type, data: { ...fields, ...data } }, { headers })), 'check')

  test('whatever their code is and is called, and in whichever order their fields stand', () => {
    const [first, ...others] = [
      samenessOf({ cvv: '947', firstName: 'Ada' }),
      samenessOf({ cvv: '123', firstName: 'Ada' }),
      samenessOf({ firstName: 'Ada', cvc: '123' }),
      openSecret(
        samenessOfTokenize(
          inputOf({
            data: { firstName: 'Ada', cvc: '9', ...Object.fromEntries(Object.entries(fields).toReversed()) },
            type: 'card',
          }),
        ),
        'check',
      ),
    ]
    for (const other of others) expect(other).toBe(first)
    expect(first).not.toContain('947')
  })

  test('and no longer where anything else differs', () => {
    const all = [
      samenessOf({}),
      samenessOf({ cvv: '123' }),
      samenessOf({ cardNumber: testCards.visa2 }),
      samenessOf({ expirationMonth: '11' }),
      samenessOf({ firstName: 'Ada' }),
      samenessOf({ lastName: 'Ada' }),
      samenessOf({}, { 'cardkeep-code-policy': 'uses=1' }),
      samenessOf({}, {}, 'bank'),
    ]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('/detokenize', () => {
  test('knows the token in all its spellings', () => {
    const tokenId = '0f8fad5b-d9cb-469f-a165-70867728950e' as TokenId
    for (const token of [tokenId, spellBase32(tokenId), spellPrefixed(tokenId)])
      expect(decodeDetokenize(inputOf({ token }))).toEqual({ ok: true, value: { tokenId } })
    expect(decodeDetokenize(inputOf({ token: 'tok_' }))).toEqual({
      ok: false,
      error: { type: 'TokenNotFound' },
    })
  })
})

describe('/proxy/delete-cvc-session', () => {
  const inPath = '550e8400-e29b-41d4-a716-446655440001'
  const inQuery = '550e8400-e29b-41d4-a716-446655440002'
  const inBody = '550e8400-e29b-41d4-a716-446655440003'
  const path = { params: { cvc_session_id: inPath } }
  const query = { query: { cvc_session_id: inQuery } }
  const body = { cvc_session_id: inBody }

  test('takes the id from the path, from the query or from the body, in this order', () => {
    expect(decodeDeleteSession(inputOf(body, { ...path, ...query }))).toEqual({ ok: true, value: inPath })
    expect(decodeDeleteSession(inputOf(body, query))).toEqual({ ok: true, value: inQuery })
    expect(decodeDeleteSession(inputOf(body))).toEqual({ ok: true, value: inBody })
  })

  test.each([null, undefined, {}])('asks for it where it is nowhere and the body is %j', (none) => {
    expect(decodeDeleteSession(inputOf(none))).toEqual({
      ok: false,
      error: { type: 'MissingField', field: 'cvc_session_id' },
    })
  })

  test.each(['', 'session_xyz', '550e8400'])('answers that "%s" is no session', (text) => {
    expect(decodeDeleteSession(inputOf({ cvc_session_id: text }))).toEqual({
      ok: false,
      error: { type: 'CodeNotHeld' },
    })
  })
})
