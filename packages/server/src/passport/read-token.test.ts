import { createHmac, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { refuse } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import { dayMs, epochMs, hourMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import { revokeCredential } from '@cardkeep/core/operations/administration/change-credentials'
import { rotateAccessKey } from '@cardkeep/core/operations/issuing/change-access-keys'
import { idleLimitMs } from '@cardkeep/core/tenants/credential-use'
import { type Bank, openBank, signText, signWith, spellPart } from '@cardkeep/testing/doubles/bank'
import { testOperator } from '@cardkeep/testing/doubles/vault'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAccessKeySealer } from '../keys/access-key-sealer.ts'
import { createTokenReader } from './read-token.ts'

const unknown = refuse({ credential: undefined })

let bank: Bank
beforeEach(async () => {
  bank = await openBank()
})
afterEach(() => bank.vault.close())

describe('a token is good', () => {
  test('to the last millisecond of its hour, whether it was read before or not', async () => {
    const [seen, unseen] = [await bank.tokenOf(), await bank.tokenOf(bank.client, { accountId: 1 })]
    expect(await bank.read(seen)).toMatchObject({ ok: true })
    bank.vault.clock.advance(hourMs - 1)
    for (const token of [seen, unseen]) expect(await bank.read(token)).toMatchObject({ ok: true })
    bank.vault.clock.advance(1)
    for (const token of [seen, unseen]) expect(await bank.read(token)).toEqual(unknown)
  })

  test('until its credential is revoked, at once, and the log may hear whose it was', async () => {
    const token = await bank.tokenOf()
    expect(await bank.read(token)).toMatchObject({ ok: true })
    await revokeCredential(bank.vault, testOperator, bank.client.id)
    const credential = await bank.vault.store.credential(bank.client.id)
    expect(await bank.read(token)).toEqual(refuse({ credential }))
  })

  test('until its credential is disabled because nobody used it', async () => {
    const token = await bank.tokenOf()
    const unusedSince = epochMs(bank.vault.clock.now() + dayMs)
    const at = epochMs(bank.vault.clock.now() + idleLimitMs)
    await bank.vault.store.commit([{ type: 'disable-credential', id: bank.client.id, at, unusedSince }])
    expect(await bank.read(token)).toMatchObject({ ok: false })
  })

  test('after the pair that signed it was retired, but not once that is purged', async () => {
    const [seen, unseen] = [await bank.tokenOf(), await bank.tokenOf(bank.client, { accountId: 1 })]
    await bank.read(seen)
    const rotated = await rotateAccessKey(bank.vault, testOperator, bank.tenant)
    expect(rotated.ok && decodeProtectedHeader(await bank.tokenOf()).kid).toBe(rotated.ok && rotated.value.id)
    for (const token of [seen, unseen]) expect(await bank.read(token)).toMatchObject({ ok: true })
    await bank.vault.store.commit([
      { type: 'purge-access-keys', before: epochMs(bank.vault.clock.now() + 1) },
    ])
    for (const token of [seen, unseen]) expect(await bank.read(token)).toEqual(unknown)
  })

  test('and not once an operator ends its pair at once, whoever else it signed for', async () => {
    const [seen, unseen] = [await bank.tokenOf(), await bank.tokenOf(bank.client, { accountId: 1 })]
    expect(await bank.read(seen)).toMatchObject({ ok: true })
    await rotateAccessKey(bank.vault, testOperator, bank.tenant, { endsAtOnce: true })
    for (const token of [seen, unseen]) expect(await bank.read(token)).toEqual(unknown)
    expect(await bank.read(await bank.tokenOf())).toMatchObject({ ok: true })
  })

  test('however often it is read, and one that was changed is not', async () => {
    const token = await bank.tokenOf()
    for (let time = 0; time < 3; time++) expect(await bank.read(token)).toMatchObject({ ok: true })
    const [header = '', claims = '', signature = ''] = token.split('.')
    const other = spellPart({ ...decodeJwt(token), uid: '2' })
    expect(await bank.read(`${header}.${other}.${signature}`)).toEqual(unknown)
    const flipped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`
    expect(await bank.read(`${header}.${claims}.${flipped}`)).toEqual(unknown)
  })

  test('and is spelled in one way', async () => {
    const token = await bank.tokenOf()
    // 256 bytes leave four bits of the last character that no byte needs.
    const last = token.at(-1) ?? ''
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twin = `${token.slice(0, -1)}${digits[digits.indexOf(last) + 1]}`
    expect(Buffer.from(twin.split('.')[2] ?? '', 'base64url')).toEqual(
      Buffer.from(token.split('.')[2] ?? '', 'base64url'),
    )
    for (const spelling of [twin, `${token}=`, ` ${token}`, `${token}\n`, `${token}.`])
      expect(await bank.read(spelling)).toEqual(unknown)
  })
})

describe('a header', () => {
  test('is good as the vault writes it, whatever keys or places of keys are added', async () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = stranger.publicKey.export({ format: 'jwk' })
    const offers = { jwk, jku: 'https://keys.example/jwks', x5u: 'https://keys.example/x5u', x5c: ['AA=='] }
    expect(await bank.read(await bank.signOwn(offers))).toMatchObject({ ok: true })
    const forged = signWith(
      stranger.privateKey,
      { ...(await bank.goodHeader()), ...offers },
      bank.goodClaims(),
    )
    expect(await bank.read(forged)).toEqual(unknown)
  })

  test.each([
    ['no algorithm', { alg: undefined }],
    ['another of RSA', { alg: 'RS512' }],
    ['another padding', { alg: 'PS256' }],
    ['an algorithm in other letters', { alg: 'rs256' }],
    ['several algorithms', { alg: ['RS256'] }],
    ['what must be understood', { crit: ['exp'], exp: 1 }],
    ['an extension that the library knows', { crit: ['b64'], b64: true }],
    ['nothing that must be understood', { crit: [] }],
    ['no key', { kid: undefined }],
    ['a key that is a path', { kid: '../../../../dev/null' }],
    ['a key that is a statement', { kid: "' or 1=1 --" }],
    ['a key that is no text', { kid: 7 }],
    ['a key that there is not', { kid: '00000000-0000-4000-8000-0000deadbeef' }],
  ])('that names %s is refused', async (_, header) => {
    expect(await bank.read(await bank.signOwn(header))).toEqual(unknown)
  })

  test('is looked up nowhere where it cannot be good', async () => {
    const looked: unknown[] = []
    const { vault } = bank
    const read = createTokenReader({
      ...{ clock: vault.clock, sealer: createAccessKeySealer(vault.keyring) },
      store: {
        ...vault.store,
        accessKey: async (id: unknown) => void looked.push(id),
        trustedIssuer: async (name: unknown) => void looked.push(name),
      },
      prove: async () => refuse({ type: 'NotAuthenticated' }),
    })
    const token = await bank.signOwn()
    const bad = [
      ...[await bank.signOwn({ kid: '../keys' }), await bank.signOwn({ alg: 'HS256' })],
      ...[await bank.signOwn({ alg: 'none' }), await bank.signOwn({ crit: ['b64'] })],
      ...[`${token}.AA`, await bank.signOwn({}, { exp: bank.nowSeconds() })],
      ...[await bank.signOwn({}, { iss: 'x'.repeat(256) }), await bank.signOwn({}, { iss: '' })],
      await bank.signOwn({}, { iss: 'somebody', aud: 'x'.repeat(256) }),
      // A database may take no such text at all.
      ...[
        await bank.signOwn({}, { iss: 'x\u0000', aud: 'y' }),
        await bank.signOwn({}, { iss: 'x', aud: 'y\u0000' }),
      ],
      ...[
        await bank.signOwn({}, { iss: 'x\ny', aud: 'y' }),
        await bank.signOwn({}, { iss: '\ud800', aud: 'y' }),
      ],
      await bank.signOwn({}, { iss: 'x', aud: ['\u007f', '\udc00'] }),
      await bank.signOwn({ typ: 'logout+jwt' }),
    ]
    for (const text of bad) expect(await read(new Secret(text))).toEqual(unknown)
    expect(looked).toEqual([])
    expect(await read(new Secret(token))).toEqual(unknown)
    expect(looked).toEqual([(await bank.keyOf()).id])
  })

  test('without a signature is refused: alg none, in whatever letters', async () => {
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const content = `${spellPart({ ...(await bank.goodHeader()), alg })}.${spellPart(bank.goodClaims())}`
      for (const token of [`${content}.`, content, `${content}.AA`])
        expect(await bank.read(token)).toEqual(unknown)
    }
    expect(await bank.read(`${spellPart(await bank.goodHeader())}.${spellPart(bank.goodClaims())}.`)).toEqual(
      unknown,
    )
  })

  test('that asks for a shared secret is refused: HS256 with the public key', async () => {
    const { publicJwk, id } = await bank.keyOf()
    const pem = String(
      createPublicKey(await bank.privateKeyOf(await bank.keyOf())).export({ type: 'spki', format: 'pem' }),
    )
    const content = `${spellPart({ alg: 'HS256', typ: 'JWT', kid: id })}.${spellPart(bank.goodClaims())}`
    for (const secret of [publicJwk, `{"keys":[${publicJwk}]}`, pem, pem.trim()]) {
      const mac = createHmac('sha256', secret).update(content).digest('base64url')
      expect(await bank.read(`${content}.${mac}`)).toEqual(unknown)
    }
  })

  test('that names the key of another issuer is refused, whoever signs and whatever the claims say', async () => {
    const otherTenant = await bank.addBank('other bank')
    const otherKey = await bank.keyOf(otherTenant)
    const header = { ...(await bank.goodHeader()), kid: otherKey.id }
    const own = await bank.privateKeyOf(await bank.keyOf())
    expect(await bank.read(signWith(own, header, bank.goodClaims()))).toEqual(unknown)
    // The other issuer signs for this one's tenant, for this one's credential, and for both.
    const theirs = await bank.privateKeyOf(otherKey)
    const otherTenantId = `TN-${otherTenant.id}`
    expect(await bank.read(signWith(theirs, header, bank.goodClaims()))).toEqual(unknown)
    expect(
      await bank.read(signWith(theirs, header, { ...bank.goodClaims(), tenant_id: otherTenantId })),
    ).toEqual(unknown)
    const sub = (await bank.addClient(otherTenant)).id
    expect(await bank.read(signWith(theirs, header, { ...bank.goodClaims(), sub }))).toEqual(unknown)
    const right = { ...bank.goodClaims(), sub, tenant_id: otherTenantId }
    expect(await bank.read(signWith(theirs, header, right))).toMatchObject({ ok: true })
  })
})

describe('a token that is signed as it should be is refused', () => {
  test.each([
    ['an issuer that it is not', { iss: 'https://cardkeep.example' }],
    ['no issuer', { iss: undefined }],
    ['the issuer among others', { iss: ['cardkeep'] }],
    ['another audience', { aud: 'cardkeep:other' }],
    ['no audience', { aud: undefined }],
    ['its audience among others', { aud: ['cardkeep:pismo', 'somebody else'] }],
    ['another tenant', { tenant_id: 'TN-00000000-0000-4000-8000-0000deadbeef' }],
    ['no tenant', { tenant_id: undefined }],
    ['a tenant that is none', { tenant_id: 'TN-1' }],
    ['a tenant in another form', { tenant_id: ['TN-1'] }],
    ['no subject', { sub: undefined }],
    ['a subject that is no credential', { sub: '00000000-0000-4000-8000-0000deadbeef' }],
    ['a subject that is a path', { sub: '../x' }],
    ['an account that is none', { uid: 'all' }],
    ['an account that is nothing', { uid: '' }],
    ['an account that is null', { uid: null }],
    ['an account below one', { uid: '0' }],
    ['an account with a zero in front', { uid: '07' }],
    ['an account that is a list', { uid: ['7'] }],
    ['an account that no number holds', { uid: '9007199254740993' }],
    ['two accounts', { uid: '7', account_id: '8' }],
    ['an account of another kind', { external_account_id: 'abc' }],
    ['a scope in another form', { scope: ['pismo-v1:cards:rw'] }],
    ['an end that is text', { exp: '9999999999' }],
    ['no end', { exp: undefined }],
    ['an end that is null', { exp: null }],
    ['no beginning', { iat: undefined }],
  ])('where it names %s', async (_, claims) => {
    expect(await bank.read(await bank.signOwn({}, claims))).toEqual(unknown)
  })

  test('where it is not valid yet, has ended, or would be good for more than an hour', async () => {
    const now = bank.nowSeconds()
    const good = [{ iat: now + 60, exp: now + 3_600 }, { nbf: now + 60 }, { iat: now - 3_599, exp: now + 1 }]
    const bad = [
      { iat: now + 61, exp: now + 3_600 },
      { nbf: now + 61 },
      { nbf: now, iat: now + 61, exp: now + 3_600 },
      { nbf: 'now' },
      { iat: now - 3_600, exp: now },
      { iat: now - 7_200, exp: now - 3_600 },
      { iat: now - 1, exp: now + 3_600 },
      { exp: now + 3_601 },
      { iat: -now },
    ]
    for (const claims of good)
      expect(await bank.read(await bank.signOwn({}, claims))).toMatchObject({ ok: true })
    for (const claims of bad) expect(await bank.read(await bank.signOwn({}, claims))).toEqual(unknown)
  })

  test('where its times are beyond all numbers', async () => {
    const key = await bank.privateKeyOf(await bank.keyOf())
    for (const times of [
      '"iat":1e999,"exp":1e999',
      '"iat":-1e999,"exp":1e999',
      `"iat":${bank.nowSeconds()},"exp":1e999`,
    ]) {
      const { iat: _, exp: __, ...rest } = bank.goodClaims()
      const claims = Buffer.from(`{${times},${JSON.stringify(rest).slice(1)}`).toString('base64url')
      const token = signText(key, `${spellPart(await bank.goodHeader())}.${claims}`)
      expect(await bank.read(token)).toEqual(unknown)
    }
  })

  test('where it was signed after its pair was retired', async () => {
    const before = await bank.keyOf()
    const key = await bank.privateKeyOf(before)
    await rotateAccessKey(bank.vault, testOperator, bank.tenant)
    bank.vault.clock.advance(minuteMs)
    const header = { alg: 'RS256', typ: 'JWT', kid: before.id }
    expect(await bank.read(signWith(key, header, bank.goodClaims()))).toMatchObject({ ok: true })
    bank.vault.clock.advance(secondMs)
    expect(await bank.read(signWith(key, header, bank.goodClaims()))).toEqual(unknown)
  })

  test('where its credential is of another API', async () => {
    const sub = (await bank.addClient(bank.tenant, { dialect: 'hellgate' })).id
    expect(await bank.read(await bank.signOwn({}, { sub }))).toMatchObject({ ok: false })
  })

  test('where it is huge, before anything of it is looked at', async () => {
    expect(await bank.read(await bank.signOwn({}, { padding: 'x'.repeat(8 * 1_024) }))).toEqual(unknown)
    expect(await bank.read(await bank.signOwn({}, { padding: 'x'.repeat(4 * 1_024) }))).toMatchObject({
      ok: true,
    })
    expect(await bank.read('.'.repeat(1_000_000))).toEqual(unknown)
  })
})

test.each([
  ...['', '.', '..', '...', 'a.b.c', 'e30.e30.e30', 'bnVsbA.bnVsbA.AA', 'W10.W10.AA', '{}.{}.AA', 'ÿ.ÿ.ÿ'],
  // Half a character, and a mark of the order of bytes before the text.
  ...['eyJhIjoi_yJ9.e30.AA', '77u_e30.e30.AA'],
])('%j is no token', async (text) => {
  expect(await bank.read(text)).toEqual(unknown)
})
