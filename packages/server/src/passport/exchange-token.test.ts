import type { AccessKeyId } from '@cardkeep/core/kernel/ids'
import { refuse } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { minuteMs } from '@cardkeep/core/kernel/time'
import { revokeCredential } from '@cardkeep/core/operations/administration/change-credentials'
import { rotateAccessKey } from '@cardkeep/core/operations/issuing/change-access-keys'
import { type Bank, openBank, visitor } from '@cardkeep/testing/doubles/bank'
import { addTenant, testOperator } from '@cardkeep/testing/doubles/vault'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAccessKeySealer } from '../keys/access-key-sealer.ts'
import { createAccessKeyMaker } from './access-key-maker.ts'

let bank: Bank
beforeEach(async () => {
  bank = await openBank()
})
afterEach(() => bank.vault.close())

describe('a client exchanges its credential', () => {
  test('for a token of an hour that says whose it is', async () => {
    const granted = await bank.exchange(bank.client, { accountId: 77 })
    expect(granted).toMatchObject({
      ok: true,
      value: { lifetimeSeconds: 3_600, scopes: ['pismo-v1:cards:rw'] },
    })
    const token = granted.ok ? openSecret(granted.value.token, 'hand out') : ''
    expect(decodeProtectedHeader(token)).toEqual(await bank.goodHeader())
    expect(decodeJwt(token)).toEqual({ ...bank.goodClaims(), uid: '77' })
    expect(await bank.read(token)).toEqual({
      ok: true,
      value: {
        credential: await bank.vault.store.credential(bank.client.id),
        accountId: 77,
        permissions: ['issue', 'show', 'verify'],
      },
    })
  })

  test('and that is durable before it is told, without the token', async () => {
    const { seq } = await bank.vault.store.auditHead()
    const token = await bank.tokenOf(bank.client, { accountId: 77 })
    const entries = await bank.entriesSince(seq)
    expect(entries.filter(([action]) => action === 'access-token.issued')).toEqual([
      [
        'access-token.issued',
        'success',
        bank.tenant.id,
        ['credential', bank.client.id],
        visitor.origin,
        visitor.requestId,
        ['access-key', (await bank.keyOf()).id],
        { scope: 'pismo-v1:cards:rw', accountId: 77 },
      ],
    ])
    expect(JSON.stringify(entries)).not.toContain(token.split('.')[2])
  })

  test('without an account for a token without one', async () => {
    const token = await bank.tokenOf()
    expect(decodeJwt(token)).not.toHaveProperty('uid')
    expect(await bank.read(token)).toMatchObject({ value: { accountId: undefined } })
  })

  test.each([
    [undefined, ['issue', 'show', 'verify']],
    [['pismo-v1:cards:rw'], ['issue', 'show', 'verify']],
    [['pismo-v1:cards:r'], ['show']],
    [
      ['pismo-v1:cards:r', 'pismo-v1:cards:rw'],
      ['issue', 'show', 'verify'],
    ],
    [['openid', 'pismo-v1:cards:r', 'constructor'], ['show']],
  ] as const)('and of the scopes %j its token leaves %j', async (scopes, permissions) => {
    expect(await bank.read(await bank.tokenOf(bank.client, { scopes }))).toMatchObject({
      value: { permissions },
    })
  })

  test('but no scope gives what its credential may not', async () => {
    const verifier = await bank.addClient(bank.tenant, { permissions: ['verify'] })
    expect(await bank.read(await bank.tokenOf(verifier))).toMatchObject({
      value: { permissions: ['verify'] },
    })
    const reader = await bank.tokenOf(verifier, { scopes: ['pismo-v1:cards:r'] })
    expect(await bank.read(reader)).toMatchObject({ value: { permissions: [] } })
  })

  test.each([[['openid']], [['pismo-v1:cards:RW']], [['toString']], [[]]])(
    'but not for the scopes %j, of which there is none',
    async (scopes) => {
      expect(await bank.exchange(bank.client, { scopes })).toEqual(
        refuse({ type: 'InvalidField', field: 'scope' }),
      )
    },
  )

  test('but not while its issuer has no pair that signs', async () => {
    const { id } = await bank.keyOf()
    await bank.vault.store.commit([{ type: 'retire-access-key', id, at: bank.vault.clock.now() }])
    expect(await bank.exchange(bank.client)).toEqual(
      refuse({ type: 'IssuerNotReady', reason: 'not enabled' }),
    )
    await rotateAccessKey(bank.vault, testOperator, bank.tenant)
    expect(await bank.exchange(bank.client)).toMatchObject({ ok: true })
  })

  test('but not where its tenant issues no cards', async () => {
    const shop = await addTenant(bank.vault, 'shop')
    expect(await bank.exchange(await bank.addClient(shop))).toEqual(
      refuse({ type: 'IssuerNotReady', reason: 'not enabled' }),
    )
  })
})

describe('no token is given', () => {
  const notAuthenticated = refuse({ type: 'NotAuthenticated' })

  test('for another secret, and after ten tries for none', async () => {
    const wrong = { clientSecret: new Secret('ps_test_wrong') }
    for (let attempt = 0; attempt < 10; attempt++)
      expect(await bank.exchange(bank.client, wrong)).toEqual(notAuthenticated)
    const lockedOut = refuse({ type: 'LockedOut', retryAfterSeconds: 30 * 60 })
    expect(await bank.exchange(bank.client)).toEqual(lockedOut)
    bank.vault.clock.advance(30 * minuteMs)
    expect(await bank.exchange(bank.client)).toMatchObject({ ok: true })
  })

  test.each([
    ['another client', async () => (await bank.addClient(bank.tenant)).id as string],
    ['a client that there is not', async () => '00000000-0000-4000-8000-0000deadbeef'],
    ['what is no id', async () => '../../etc/passwd'],
    ['nothing', async () => ''],
  ])('for %s', async (_, idOf) => {
    expect(await bank.exchange(bank.client, { clientId: await idOf() })).toEqual(notAuthenticated)
  })

  test('for a credential of another API', async () => {
    const other = await bank.addClient(bank.tenant, { dialect: 'hellgate' })
    expect(await bank.exchange(other)).toEqual(notAuthenticated)
  })

  test('for one that was revoked, and a refusal is written down', async () => {
    await revokeCredential(bank.vault, testOperator, bank.client.id)
    const { seq } = await bank.vault.store.auditHead()
    expect(await bank.exchange(bank.client)).toEqual(notAuthenticated)
    await bank.vault.store.checkWritable()
    expect(await bank.entriesSince(seq)).toEqual([
      [
        'access.refused',
        'failure',
        null,
        ['unknown', bank.client.id],
        visitor.origin,
        visitor.requestId,
        null,
        { reason: 'NotAuthenticated', dialect: 'pismo' },
      ],
    ])
  })
})

test('a pair is made of 2,048 bits, anew each time, and its public half says what it is for', async () => {
  const maker = createAccessKeyMaker(bank.vault.keyring)
  const place = { id: bank.vault.ids.uuid() as AccessKeyId, tenantId: bank.tenant.id }
  const [pair, other] = await Promise.all([maker.make(place), maker.make(place)])
  expect(JSON.parse(pair.publicJwk)).toEqual({
    ...{ kty: 'RSA', n: expect.stringMatching(/^[\w-]{342}$/), e: 'AQAB' },
    ...{ kid: place.id, alg: 'RS256', use: 'sig' },
  })
  expect(other.publicJwk).not.toBe(pair.publicJwk)
})

test('a private key is stored sealed, and opens for no other pair', async () => {
  const key = await bank.keyOf()
  expect(Buffer.from(key.sealedPrivateKey).includes('PRIVATE KEY')).toBe(false)
  expect((await bank.privateKeyOf(key)).asymmetricKeyDetails?.modulusLength).toBe(2_048)
  const rotated = await rotateAccessKey(bank.vault, testOperator, bank.tenant)
  if (!rotated.ok) throw new Error(rotated.error.type)
  const sealer = createAccessKeySealer(bank.vault.keyring)
  await expect(sealer.open(rotated.value, key.sealedPrivateKey)).rejects.toThrow('belong elsewhere')
})
