import type { BinRecord, Funding } from '@cardkeep/core/bins/bin'
import { maskPan } from '@cardkeep/core/cards/mask'
import { type Scheme, schemeOf } from '@cardkeep/core/cards/scheme'
import type { FingerprintId, ScopeId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { CardOverview } from '@cardkeep/core/operations/tokens/card-overview'
import type { CardToken } from '@cardkeep/core/tokens/token'
import { testCards } from '@cardkeep/testing/canary/cards'
import { cardOf } from '@cardkeep/testing/keys/fixture'
import { expect, test } from 'vitest'
import { countryCodes, spellCountry } from './countries.ts'
import { currenciesRead, currenciesWritten } from './currencies.ts'
import { encodeGet, encodePatch } from './encode.ts'

const at = epochMs(Date.UTC(2026, 0, 1, 23, 59, 59, 999))
const scopeId = '00000000-0000-4000-8000-000000000001' as ScopeId

const overviewOf = (
  number: string,
  more: Partial<CardOverview> = {},
  token: Partial<CardToken> = {},
): CardOverview => {
  const card = cardOf(number)
  return {
    token: {
      ...{ type: 'card', id: '00000000-0000-4000-8000-000000000002' as TokenId, scopeId },
      ...{ tenantId: '00000000-0000-4000-8000-000000000003' as TenantId, version: 1, status: 'active' },
      ...{ test: false, unique: true, sealed: new Uint8Array(), createdAt: at, updatedAt: epochMs(at + 1) },
      ...{ expiresAt: undefined, endsWithCard: false, invalidatedAt: undefined },
      fingerprint: {
        ...{ scopeId, hash: new Uint8Array(32), keyVersion: 1, analyticsUntil: undefined },
        id: '00000000-0000-4000-8000-000000000004' as FingerprintId,
      },
      scheme: schemeOf(card.pan),
      mask: maskPan(card.pan),
      ...token,
    },
    ...{ state: 'active', card, bin: undefined, networkToken: undefined, ...more },
  }
}

const shown = (overview: CardOverview): Record<string, unknown> =>
  encodeGet({ told: overview, issuer: undefined }).body as Record<string, unknown>

const binOf = (parts: Partial<BinRecord>): BinRecord => ({
  ...{ prefix: '411111', brand: undefined, funding: undefined, segment: undefined, product: undefined },
  ...{ issuer: undefined, country: undefined, currency: undefined, ...parts },
})

test.each([
  [testCards.visa, 'VISA'],
  [testCards.mastercard, 'MASTERCARD'],
  [testCards.amex, 'AMEX'],
  [testCards.discover, 'DISCOVER'],
  [testCards.diners, 'DINERS'],
  [testCards.jcb, 'JCB'],
  [testCards.unionpay, 'UPI'],
  [testCards.maestro, 'MAESTRO'],
])('the brand of %s is %s', (number, brand) => {
  expect(shown(overviewOf(number))).toMatchObject({ brand, bin_details: { brand } })
})

test('other schemes are told in capitals; of an unknown one what the table says, or nothing', () => {
  const brandOf = (scheme: Scheme, bin?: BinRecord) =>
    shown(overviewOf(testCards.visa, { bin }, { scheme }))['brand']
  expect([brandOf('elo'), brandOf('unknown'), brandOf('unknown', binOf({ brand: 'Carnet' }))]).toEqual([
    'ELO',
    undefined,
    'CARNET',
  ])
})

test.each<readonly [Funding, string]>([
  ['debit', 'DEBIT'],
  ['prepaid', 'DEBIT'],
  ['credit', 'CREDIT'],
  ['charge', 'CREDIT'],
  ['deferred', 'CREDIT'],
])('a card that is %s is of type %s', (funding, type) => {
  expect(shown(overviewOf(testCards.visa, { bin: binOf({ funding }) }))).toMatchObject({
    type,
    bin_details: { type },
  })
})

test('a name from another API is cut to what this one has', () => {
  const nameOf = (fullName: string) => {
    const holder = { firstName: undefined, lastName: undefined, fullName }
    return shown(overviewOf(testCards.visa, { card: { ...cardOf(testCards.visa), holder } }))[
      'card_holder_name'
    ]
  }
  expect(nameOf('x'.repeat(30))).toBe('x'.repeat(30))
  expect(nameOf('x'.repeat(31))).toBe('x'.repeat(30))
  expect(nameOf('😀'.repeat(31))).toBe('😀'.repeat(30))
})

test('days are those of UTC, and the last one is the last on which the token is there', () => {
  expect(shown(overviewOf(testCards.visa))).toMatchObject({
    created_at: '2026-01-01',
    updated_at: '2026-01-02',
    token_expiry_date: '9999-12-31',
  })
  const endOf = (expiresAt: number) =>
    shown(overviewOf(testCards.visa, {}, { expiresAt: epochMs(expiresAt) }))['token_expiry_date']
  expect(endOf(Date.UTC(2026, 2, 1))).toBe('2026-02-28')
  expect(endOf(Date.UTC(2026, 2, 1) + 1)).toBe('2026-03-01')
  expect(endOf(Date.UTC(10_000, 0, 1))).toBe('9999-12-31')
})

test.each([
  ['active', 'ACTIVE'],
  ['suspended', 'SUSPENDED'],
  ['invalidated', 'SUSPENDED'],
] as const)('a token that is %s is told as %s', (state, token_status) => {
  expect(shown(overviewOf(testCards.visa, { state }))).toMatchObject({ token_status })
})

test('of a token that is deleted no more of its card is told than a mask', () => {
  const gone = overviewOf(testCards.visa, {
    ...{ state: 'deleted', card: undefined, bin: binOf({ currency: 'EUR', country: 'DE' }) },
  })
  const kept = {
    ...gone,
    token: { ...gone.token, fingerprint: { ...gone.token.fingerprint, analyticsUntil: at } },
  }
  expect(Object.keys(shown(kept)).toSorted()).toEqual(
    [
      ...['bin', 'created_at', 'last_four', 'reuse_token', 'reuse_token_type'],
      ...['token_expiry_date', 'token_scope', 'token_status', 'updated_at'],
    ].toSorted(),
  )
})

test('the email stands in the reply to PATCH alone', () => {
  const card = { ...cardOf(testCards.visa), email: 'jane@example.com' }
  const overview = overviewOf(testCards.visa, { card })
  expect(encodePatch({ told: overview, issuer: undefined }).body).toMatchObject({
    card_holder_email: 'jane@example.com',
  })
  expect(JSON.stringify(shown(overview))).not.toContain('jane')
})

test('no reply holds the number', () => {
  for (const encode of [encodeGet, encodePatch])
    expect(JSON.stringify(encode({ told: overviewOf(testCards.visa), issuer: undefined }))).not.toContain(
      testCards.visa,
    )
})

test('countries are told in three letters, each once, and unknown ones as ZZZ', () => {
  expect([spellCountry('DE'), spellCountry('GB'), spellCountry('XK'), spellCountry(undefined)]).toEqual([
    ...['DEU', 'GBR', 'ZZZ', 'ZZZ'],
  ])
  expect(countryCodes).toHaveLength(251)
  expect(new Set(countryCodes).size).toBe(251)
  expect(countryCodes.every((code) => /^[A-Z]{3}$/.test(code))).toBe(true)
})

test('the two lists of currencies are the description’s, and say nothing twice', () => {
  expect([currenciesRead.length, currenciesWritten.length]).toEqual([180, 179])
  for (const list of [currenciesRead, currenciesWritten]) expect(new Set(list).size).toBe(list.length)
})
