import { createPublicKey } from 'node:crypto'
import { openBank, spellPart } from '@cardkeep/testing/doubles/bank'
import { applyEdits, drawEdits } from '@cardkeep/testing/fuzz/edits'
import { runs } from '@cardkeep/testing/fuzz/runs'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { readClaims } from './claims.ts'
import { parseToken } from './parse-token.ts'
import { readKeySet } from './read-key-set.ts'

/* Of an access token one spelling is good: the one that was signed. And claims narrow, or the token is good for nothing. */

const bank = await openBank()
afterAll(() => bank.vault.close())
const tokens = [await bank.tokenOf(), await bank.tokenOf(bank.client, { accountId: 1 })]
const header = await bank.goodHeader()

const refused = { ok: false, error: { credential: undefined } }

const drawToken = fc.constantFrom(...tokens)

test('a token whose text was edited is nobody’s', async () => {
  const edits = drawEdits(['.', '..', '=', '+', '/', '_', '-', ' ', '\n', '\0', 'A', 'é', 'e30'])
  await fc.assert(
    fc.asyncProperty(drawToken, edits, async (token, drawn) => {
      const edited = applyEdits(Buffer.from(token), drawn).toString()
      fc.pre(!tokens.includes(edited))
      expect(await bank.read(edited)).toEqual(refused)
    }),
    runs(1_500),
  )
})

test('a token of whose parts one was edited is nobody’s', async () => {
  const edits = drawEdits(['"', '}', '{', ',', ':', '"alg":"none",', '"exp":9999999999,', '"uid":"2",'])
  await fc.assert(
    fc.asyncProperty(drawToken, fc.nat({ max: 2 }), edits, async (token, at, drawn) => {
      const parts = token.split('.')
      const bytes = applyEdits(Buffer.from(parts[at] ?? '', 'base64url'), drawn)
      const edited = parts.with(at, bytes.toString('base64url')).join('.')
      fc.pre(!tokens.includes(edited))
      expect(await bank.read(edited)).toEqual(refused)
    }),
    runs(1_500),
  )
})

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('1', '0', '01', ' 1', '1e3', 1, 1.5, -1, 1e300, 'TN-', 'pismo-v1:cards:rw', ['a', 1], [[]]),
)
const changes = fc.dictionary(
  fc.constantFrom(
    ...[
      'iss',
      'aud',
      'sub',
      'tenant_id',
      'iat',
      'exp',
      'nbf',
      'uid',
      'account_id',
      'external_account_id',
      'scope',
      'scp',
    ],
    ...['alg', 'typ', 'kid', 'crit', 'jwk', '__proto__'],
  ),
  value,
  { maxKeys: 4 },
)

test('claims of any kind are facts or none, and name an account wherever they speak of one', () => {
  const at = bank.vault.clock.now()
  fc.assert(
    fc.property(changes, (changed) => {
      const claims = { ...bank.goodClaims(), ...changed }
      const facts = readClaims(claims, at)
      if (!facts) return
      expect(facts.expiresAt).toBeGreaterThan(at)
      const named = [claims['uid'], claims['account_id']].some((claim) => claim !== undefined)
      expect(facts.accountId !== undefined).toBe(named)
      expect(facts.tenantId === undefined).toBe(claims['tenant_id'] === undefined)
      expect(facts.scopes === undefined).toBe(claims['scope'] === undefined && claims['scp'] === undefined)
    }),
    runs(5_000),
  )
})

test('a header and claims of any kind are parsed or not', () => {
  fc.assert(
    fc.property(changes, changes, (inHeader, inClaims) => {
      const parts = [
        spellPart({ ...header, ...inHeader }),
        spellPart({ ...bank.goodClaims(), ...inClaims }),
        'AAAA',
      ]
      const parsed = parseToken(parts.join('.'))
      for (const name of parsed?.signerNames ?? []) expect(name.type).toMatch(/^(?:own|trusted)$/)
    }),
    runs(5_000),
  )
})

test('a set of keys that was edited has public keys that verify, or is none', async () => {
  const jwk = createPublicKey(await bank.privateKeyOf(await bank.keyOf())).export({ format: 'jwk' })
  const set = JSON.stringify({ keys: [{ ...jwk, kid: 'a', alg: 'RS256' }] })
  expect(readKeySet(set)).toMatchObject({ keys: 1 })
  const words = ['"', '{', '}', ',', '[', ']', '"d":"x",', '"kty":"oct",', '"e":"AQ",', '"keys":', 'null']
  fc.assert(
    fc.property(drawEdits(words), (edits) => {
      const read = readKeySet(applyEdits(Buffer.from(set), edits).toString())
      if (!read) return
      const { keys } = JSON.parse(read.jwks) as { readonly keys: readonly object[] }
      for (const key of keys)
        expect(
          Object.keys(key).filter((name) => !['kty', 'n', 'e', 'alg', 'use', 'kid'].includes(name)),
        ).toEqual([])
    }),
    runs(1_000),
  )
})
