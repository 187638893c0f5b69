import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { CredentialId } from '@cardkeep/core/kernel/ids'
import { refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import { revokeCredential } from '@cardkeep/core/operations/administration/change-credentials'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { type Bank, openBank, signWith, type TokenPart } from '@cardkeep/testing/doubles/bank'
import { addTenant, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const unknown = refuse({ credential: undefined })

let bank: Bank
beforeEach(async () => {
  bank = await openBank()
})
afterEach(() => bank.vault.close())

describe('whom an operator trusts', () => {
  const [iss, aud] = ['https://login.bank.example', 'cards']
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwksOf = (...keys: readonly [KeyObject, string][]): string =>
    JSON.stringify({ keys: keys.map(([key, kid]) => ({ ...key.export({ format: 'jwk' }), kid })) })

  const trust = async (
    jwks = jwksOf([pair.publicKey, 'key 1']),
    of: Tenant = bank.tenant,
  ): Promise<CredentialId> => (await bank.addClient(of, { trusts: { issuer: iss, audience: aud, jwks } })).id

  const claims = (): TokenPart => ({
    iss,
    aud,
    sub: 'somebody',
    uid: '7',
    iat: bank.nowSeconds(),
    exp: bank.nowSeconds() + 600,
  })
  const header = { alg: 'RS256', kid: 'key 1' }
  const signed = (parts: TokenPart = {}): string =>
    signWith(pair.privateKey, header, { ...claims(), ...parts })

  test('signs tokens that count as its credential, for the account that they name', async () => {
    const id = await trust()
    const credential = await bank.vault.store.credential(id)
    for (const account of [
      {},
      { uid: 7 },
      { uid: undefined, account_id: '7' },
      { account_id: 7 },
      // No scope narrows nothing.
      { scope: undefined },
    ])
      expect(await bank.read(signed(account))).toEqual({
        ok: true,
        value: { credential, accountId: 7, permissions: ['issue', 'show', 'verify'] },
      })
    expect(await bank.read(signed({ aud: ['other', aud] }))).toMatchObject({ value: { credential } })
  })

  test.each([
    ['its scope', { scope: 'openid pismo-v1:cards:r' }, ['show']],
    ['its scope in three letters', { scp: 'openid pismo-v1:cards:r' }, ['show']],
    ['a list of scopes', { scp: ['openid', 'pismo-v1:cards:r'] }, ['show']],
    ['both, which say the same', { scope: 'pismo-v1:cards:r', scp: ['pismo-v1:cards:r'] }, ['show']],
    ['scopes of other things', { scp: ['openid', 'email'] }, []],
    ['an empty scope', { scope: '' }, []],
    ['an empty list', { scp: [] }, []],
  ])('may do what %s leaves', async (_, parts, permissions) => {
    await trust()
    expect(await bank.read(signed(parts))).toMatchObject({ value: { accountId: 7, permissions } })
  })

  test.each(['JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'application/jwt', undefined])(
    'signs access tokens, whose type is %s',
    async (typ) => {
      await trust()
      expect(await bank.read(signWith(pair.privateKey, { ...header, typ }, claims()))).toMatchObject({
        ok: true,
      })
    },
  )

  test.each([
    'logout+jwt',
    'secevent+jwt',
    'dpop+jwt',
    'JWE',
    'at+jwt ',
    'x-jwt',
    '',
    'application/',
    null,
    7,
    ['JWT'],
  ])('and a token of type %j is something else', async (typ) => {
    await trust()
    expect(await bank.read(signWith(pair.privateKey, { ...header, typ }, claims()))).toEqual(unknown)
  })

  test('for its own tenant, however that is spelled, and for no other', async () => {
    await trust()
    for (const tenant_id of [`TN-${bank.tenant.id}`, bank.tenant.id])
      expect(await bank.read(signed({ tenant_id }))).toMatchObject({ ok: true })
    const other = await addTenant(bank.vault, 'other', { environment: 'test' })
    for (const tenant_id of [`TN-${other.id}`, 'bank', null, ''])
      expect(await bank.read(signed({ tenant_id }))).toEqual(unknown)
  })

  test('with its own keys alone', async () => {
    await trust()
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
    expect(await bank.read(signWith(stranger.privateKey, header, claims()))).toEqual(unknown)
    expect(await bank.read(signWith(pair.privateKey, { ...header, kid: 'key 2' }, claims()))).toEqual(unknown)
    // Neither may it sign as the vault, nor the vault's key as it.
    expect(await bank.read(signWith(pair.privateKey, header, bank.goodClaims()))).toEqual(unknown)
    expect(await bank.read(await bank.signOwn({ kid: 'key 1' }, claims()))).toEqual(unknown)
  })

  test('where several keys could have signed it, it says which', async () => {
    const second = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await trust(jwksOf([pair.publicKey, 'key 1'], [second.publicKey, 'key 2']))
    const other = signWith(second.privateKey, { alg: 'RS256', kid: 'key 2' }, claims())
    for (const token of [signed(), other]) expect(await bank.read(token)).toMatchObject({ ok: true })
    expect(await bank.read(signWith(pair.privateKey, { alg: 'RS256' }, claims()))).toEqual(unknown)
  })

  test.each([
    ['another audience', { aud: 'other' }],
    ['six audiences, the right one last', { aud: ['a', 'b', 'c', 'd', 'e', aud] }],
    ['another issuer', { iss: 'https://login.other.example' }],
    ['an issuer that is too long', { iss: 'x'.repeat(256) }],
    ['more than an hour', { exp: 9_999_999_999 }],
    ['no subject', { sub: undefined }],
    ['no time at which it was signed', { iat: undefined }],
    ['an account of another kind', { external_account_id: 'abc' }],
    ['no account', { uid: undefined }],
    ['an account that is null', { uid: null }],
    ['two scopes', { scope: 'pismo-v1:cards:r', scp: ['pismo-v1:cards:rw'] }],
    ['a list of things that are no scopes', { scp: ['pismo-v1:cards:r', 7] }],
    ['a scope that is null', { scp: null }],
    ['a scope that is neither text nor list', { scp: { 'pismo-v1:cards:r': true } }],
    ['a list in the place of a text', { scope: ['pismo-v1:cards:r'] }],
  ])('not with %s', async (_, parts) => {
    await trust()
    expect(await bank.read(signed(parts))).toEqual(unknown)
  })

  test('until the credential is revoked, at once; its place may then be taken with other keys', async () => {
    const id = await trust()
    const token = signed()
    expect(await bank.read(token)).toMatchObject({ ok: true })
    await revokeCredential(bank.vault, testOperator, id)
    expect(await bank.read(token)).toEqual(refuse({ credential: await bank.vault.store.credential(id) }))
    const next = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await trust(jwksOf([next.publicKey, 'key 1']))
    expect(await bank.read(token)).toEqual(unknown)
    expect(await bank.read(signWith(next.privateKey, header, claims()))).toMatchObject({ ok: true })
  })

  test('and nobody can exchange its credential for a token', async () => {
    const id = await trust()
    expect(await bank.exchange({ id, secret: new Secret('') })).toEqual(refuse({ type: 'NotAuthenticated' }))
  })
})
