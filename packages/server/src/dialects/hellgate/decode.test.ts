import { defaultPolicies } from '@cardkeep/core/codes/policy'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import type { TokenizeCard } from '@cardkeep/core/operations/tokens/tokenize-card'
import { spellBase32, spellPrefixed } from '@cardkeep/core/tokens/spelling'
import { testCards } from '@cardkeep/testing/canary/cards'
import { callerOf } from '@cardkeep/testing/doubles/vault'
import { describe, expect, test } from 'vitest'
import type { RouteInput } from '../../http/route.ts'
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

const inputOf = (body: unknown, parts: Partial<RouteInput> = {}): RouteInput => ({
  params: {},
  query: {},
  headers: {},
  content: 'json',
  baseUrl: 'https://vault.example',
  body,
  ...parts,
})

const caller = callerOf({ codePolicy: undefined } as Parameters<typeof callerOf>[0])
const fields = { account_number: testCards.visa, expiry_month: 4, expiry_year: 2033 }

const shown = ({ card, code, ...rest }: TokenizeCard) => ({
  ...rest,
  number: openSecret(card.pan, 'check'),
  expiry: card.expiry,
  holder: card.holder,
  code: code && openSecret(code, 'check'),
})

describe('/cde-import', () => {
  const decode = (more: object, headers = {}, by = caller) => {
    const decoded = decodeImport(inputOf({ ...fields, ...more }, { headers }), by)
    return decoded.ok ? shown(decoded.value) : decoded.error
  }

  test('takes a card, whose code is held by its token and which may have expired', () => {
    expect(decode({ cardholder_name: 'Jane Holder', security_code: '123', expiry_year: 2020 })).toEqual({
      number: testCards.visa,
      expiry: { month: 4, year: 2020, yearDigits: 4 },
      holder: { firstName: undefined, lastName: undefined, fullName: 'Jane Holder' },
      code: '123',
      policy: defaultPolicies.hellgate,
      heldBy: 'token',
      takesExpired: true,
      test: false,
      lifetimeMs: undefined,
    })
  })

  test('takes a card without name and code, also where null says so', () => {
    for (const more of [{}, { cardholder_name: null, security_code: null }])
      expect(decode(more)).toMatchObject({ holder: undefined, code: undefined })
  })

  test.each([
    [{ account_number: '4111111111111112' }, 'InvalidCardNumber'],
    [{ expiry_year: 2100 }, 'InvalidExpiryYear'],
    [{ expiry_year: 1e21 }, 'InvalidExpiryYear'],
    [{ security_code: '1234' }, 'InvalidCode'],
    [{ security_code: '12a' }, 'InvalidCode'],
    [{ account_number: testCards.amex, security_code: '123' }, 'InvalidCode'],
  ])('refuses %j', (more, type) => {
    expect(decode(more)).toEqual({ type })
  })

  test("holds the code as the tenant's policy says, narrowed by the header", () => {
    const policy = { hold: true, ttlMs: 60_000, uses: 2, destinations: undefined }
    const tenant = { ...caller.principal.tenant, codePolicy: policy }
    const by = { ...caller, principal: { ...caller.principal, tenant } }
    expect(decode({}, {}, by)).toMatchObject({ policy })
    expect(decode({}, { 'cardkeep-code-policy': 'uses=1' }, by)).toMatchObject({
      policy: { ...policy, uses: 1 },
    })
    expect(decode({}, { 'cardkeep-code-policy': 'uses=3' }, by)).toEqual({
      type: 'InvalidField',
      field: 'Cardkeep-Code-Policy',
    })
  })

  const samenessOf = (more: object, headers = {}): string =>
    openSecret(samenessOfImport(inputOf({ ...fields, ...more }, { headers })), 'check')

  test('is the same request with another code, and in another order', () => {
    const first = samenessOf({ security_code: '947', cardholder_name: 'Ada' })
    const turned = Object.fromEntries(
      Object.entries({ ...fields, security_code: '123', cardholder_name: 'Ada' }).toReversed(),
    )
    expect(openSecret(samenessOfImport(inputOf(turned)), 'check')).toBe(first)
    expect(first).not.toContain('947')
  })

  test('is another request where anything else differs', () => {
    const all = [
      samenessOf({}),
      samenessOf({ security_code: '123' }),
      samenessOf({ account_number: testCards.visa2 }),
      samenessOf({ expiry_month: 5 }),
      samenessOf({ expiry_year: 2034 }),
      samenessOf({ cardholder_name: 'Ada' }),
      samenessOf({}, { 'cardkeep-code-policy': 'uses=1' }),
    ]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('/tokens/session', () => {
  test.each([
    [undefined, undefined],
    [null, undefined],
    [{}, undefined],
    [{ bypass_identification: true }, undefined],
    [{ expiration_time: 1 }, 1_000],
    [{ expiration_time: 2_592_000 }, 2_592_000_000],
  ])('takes %j', (body, lifetimeMs) => {
    expect(decodeTokenSession(inputOf(body))).toEqual({
      ok: true,
      value: { type: 'tokenize', lifetimeMs },
    })
  })

  test('is the same request with nothing and with what nothing means, and no other', () => {
    const samenessOf = (body: unknown) => openSecret(samenessOfTokenSession(inputOf(body)), 'check')
    expect(samenessOf({ bypass_identification: false })).toBe(samenessOf(undefined))
    expect(samenessOf(null)).toBe(samenessOf({}))
    const all = [{}, { expiration_time: 1 }, { bypass_identification: true }].map(samenessOf)
    expect(new Set(all).size).toBe(3)
  })
})

describe('an id in a path', () => {
  const id = '0f8fad5b-d9cb-469f-a165-70867728950e' as TokenId
  const withId = (text: string) => inputOf(undefined, { params: { id: text, session_id: text } })

  test.each([id, id.toUpperCase(), spellBase32(id), spellPrefixed(id)])('names a token as %s', (text) => {
    expect(decodeTokenId(withId(text))).toEqual({ ok: true, value: id })
    expect(decodeRefreshSession(withId(text))).toEqual({
      ok: true,
      value: { type: 'refresh code', tokenId: id },
    })
    expect(openSecret(samenessOfRefreshSession(withId(text)), 'check')).toBe(id)
  })

  test.each(['', 'card-art', `${id}0`, '00000000-0000-1000-8000-000000000000'])(
    'that is none, such as "%s", is not found',
    (text) => {
      expect(decodeTokenId(withId(text))).toEqual({ ok: false, error: { type: 'TokenNotFound' } })
      expect(decodeSessionId(withId(text))).toEqual({ ok: false, error: { type: 'SessionNotFound' } })
    },
  )

  test('names a session as a UUID alone', () => {
    expect(decodeSessionId(withId(id.toUpperCase()))).toEqual({ ok: true, value: id })
    expect(decodeSessionId(withId(spellPrefixed(id)))).toMatchObject({ ok: false })
  })
})
