import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { Json, Reply } from './support/client.ts'
import { type Cards, pathsOf } from './support/pismo.ts'
import { bankAt, type OpenedBank, openBank, withFile } from './support/pismo-scenario.ts'
import { runToEnd } from './support/refused-command.ts'
import { startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

// Whoever fails comes from an address of its own, so that none is locked out for another's failures.
const scenario = await startScenario({ CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' })
const { command } = scenario

const issuer = 'https://identity.issuer.example'
const audience = 'cards of the issuer'
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keyId = 'issuer-key-1'
const publicJwk = (key: KeyObject, kid: string): Json => ({
  ...key.export({ format: 'jwk' }),
  kid,
  alg: 'RS256',
})

const uid = 501
let bank: OpenedBank
let other: OpenedBank
let account: Cards
let foreign: { readonly credential_id: string }
let id = 0
let otherId = 0
beforeAll(async () => {
  bank = await openBank(scenario)
  other = await openBank(scenario, 'other-bank')
  account = await bank.account(uid)
  id = await account.create({ hours: 24 })
  otherId = await (await other.account(uid)).create({ hours: 24 })
  foreign = await trust('bank', { keys: [publicJwk(pair.publicKey, keyId)] }, audience)
  await until('a foreign issuer', async () => (await asked(signed())).status === 200)
})

const trust = (tenant: string, jwks: Json, aud: string) =>
  withFile(scenario, JSON.stringify(jwks), (file) =>
    command<{ credential_id: string }>(
      ...['credential', 'create', '--tenant', tenant, '--dialect', 'pismo'],
      ...['--jwks', file, '--issuer', issuer, '--audience', aud],
    ),
  )

let addresses = 0
const elsewhere = () => ({ 'x-forwarded-for': `198.51.${Math.floor(++addresses / 250)}.${addresses % 250}` })

/** The cheapest thing that a token opens. */
const asked = (token: string, card = id): Promise<Reply> =>
  bank.ask('GET', pathsOf(card).card, { headers: { ...elsewhere(), authorization: `Bearer ${token}` } })

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const seconds = (): number => Math.floor(Date.now() / 1_000)

const goodClaims = (): Json => ({
  iss: issuer,
  aud: audience,
  sub: 'whoever',
  tenant_id: bank.orgId,
  uid: String(uid),
  iat: seconds(),
  exp: seconds() + 3_600,
})

/** A token of the issuer's own identity server, good but for what is given. */
const signed = (
  claims: Json = {},
  header: Json = {},
  signer: (text: string) => string = (text) => rs256(pair.privateKey, text),
): string => {
  const text = `${encode({ alg: 'RS256', typ: 'JWT', kid: keyId, ...header })}.${encode({ ...goodClaims(), ...claims })}`
  return `${text}.${signer(text)}`
}

const rs256 = (key: KeyObject, text: string): string =>
  sign('sha256', Buffer.from(text), key).toString('base64url')
const hs256 = (key: string | Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url')

/** A token of the vault with another header, its claims changed as given, under its own signature. */
const forged = (header: Json, claims: Json = {}): string => {
  const [, , signature = ''] = account.token.split('.')
  const own = { ...decodeProtectedHeader(account.token), ...header }
  return `${encode(own)}.${encode({ ...decodeJwt(account.token), ...claims })}.${signature}`
}

const vaultKey = async (): Promise<Json> => {
  const { kid } = decodeProtectedHeader(account.token)
  const { body } = await bank.ask('GET', '/passport/v2/jwks')
  const found = (body['keys'] as readonly Json[]).find((key) => key['kid'] === kid)
  if (!found) throw new Error('the key of a token is not published')
  return found
}

const asPem = (jwk: Json): string =>
  createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString()

const routes = () => {
  const paths = pathsOf(id)
  return [
    ['POST', '/wallet/v2/cards'],
    ['GET', paths.card],
    ['PATCH', paths.card],
    ['GET', paths.info],
    ['POST', paths.reset],
    ['PATCH', paths.change],
    ['DELETE', paths.stop],
    ['POST', paths.verify],
    ['PATCH', paths.resetTries],
  ] as const
}

const unauthorized = { status: 401, headers: { 'www-authenticate': expect.stringMatching(/^Bearer/) } }

describe('every route refuses', () => {
  const rows: readonly (readonly [string, () => Promise<string | undefined> | string | undefined])[] = [
    ['who has no token', () => undefined],
    ['an empty header', () => ''],
    ['a token without its scheme', () => account.token],
    [
      'another scheme',
      () => `Basic ${Buffer.from(`${bank.keys.client_id}:${bank.keys.client_secret}`).toString('base64')}`,
    ],
    ['the secret of the client', () => `Bearer ${bank.keys.client_secret}`],
    ['what is no token', () => 'Bearer x'],
    ['three dots', () => 'Bearer ...'],
    ['five parts', () => `Bearer ${account.token}.a.b`],
    ['a token that is far too long', () => `Bearer ${'a'.repeat(14_000)}.${'b'.repeat(300)}.c`],
    ['a signature of nothing', () => `Bearer ${account.token.replace(/[^.]*$/, '')}`],
    ['a signature that was changed', () => `Bearer ${flip(account.token)}`],
    ['claims that were changed', () => `Bearer ${forged({}, { uid: '502' })}`],
    ['claims of another issuer', () => `Bearer ${forged({}, { tenant_id: other.orgId })}`],
    ['alg: none', () => `Bearer ${forged({ alg: 'none' })}`],
    ['alg: none without a signature', () => `Bearer ${forged({ alg: 'none' }).replace(/[^.]*$/, '')}`],
    ['alg: nOnE', () => `Bearer ${forged({ alg: 'nOnE' }).replace(/[^.]*$/, '')}`],
    ['alg: HS256 under the public key', async () => `Bearer ${await confused('HS256')}`],
    ['alg: RS256 said in a list', () => `Bearer ${forged({ alg: ['RS256'] })}`],
    ['alg: PS256', () => `Bearer ${forged({ alg: 'PS256' })}`],
    ['no alg', () => `Bearer ${forged({ alg: undefined })}`],
    ['a key id with a path in it', () => `Bearer ${forged({ kid: '../../../../dev/null' })}`],
    ['a key id with SQL in it', () => `Bearer ${forged({ kid: "' or 1=1 --" })}`],
    ['a key id that is a URL', () => `Bearer ${forged({ kid: 'https://attacker.example/jwks' })}`],
    ['a key id that nobody has', () => `Bearer ${forged({ kid: '00000000-0000-4000-8000-000000000000' })}`],
    ['no key id', () => `Bearer ${forged({ kid: undefined })}`],
    [
      'the key id of another issuer',
      async () => `Bearer ${forged({ kid: decodeProtectedHeader((await other.account(uid)).token).kid })}`,
    ],
    ['a key that it brings along', () => `Bearer ${bringing({ jwk: publicJwk(stranger.publicKey, 'x') })}`],
    ['a place where its key is', () => `Bearer ${bringing({ jku: 'https://attacker.example/jwks' })}`],
    ['a certificate that it brings along', () => `Bearer ${bringing({ x5u: 'https://attacker.example/c' })}`],
    ['a header that must be understood', () => `Bearer ${signed({}, { crit: ['b64'], b64: true })}`],
    ['a token that has ended', () => `Bearer ${signed({ iat: seconds() - 7_200, exp: seconds() - 3_600 })}`],
    [
      'a token that has just ended',
      () => `Bearer ${signed({ iat: seconds() - 3_600, exp: seconds() - 61 })}`,
    ],
    ['a token that has not begun', () => `Bearer ${signed({ nbf: seconds() + 600 })}`],
    ['a token that never ends', () => `Bearer ${signed({ exp: undefined })}`],
    ['an end in words', () => `Bearer ${signed({ exp: 'tomorrow' })}`],
    ['another audience', () => `Bearer ${signed({ aud: 'cards of another' })}`],
    ['no audience', () => `Bearer ${signed({ aud: undefined })}`],
    ['the audience of the vault', () => `Bearer ${signed({ aud: 'cardkeep:pismo' })}`],
    ['another issuer of tokens', () => `Bearer ${signed({ iss: 'https://identity.other.example' })}`],
    ['the issuer of the vault', () => `Bearer ${signed({ iss: 'cardkeep' })}`],
    ['another tenant', () => `Bearer ${signed({ tenant_id: other.orgId })}`],
    ['a stranger’s signature', () => `Bearer ${signed({}, {}, (text) => rs256(stranger.privateKey, text))}`],
    [
      'HS256 under the foreign public key',
      () =>
        `Bearer ${signed({}, { alg: 'HS256' }, (text) =>
          hs256(asPem(publicJwk(pair.publicKey, keyId)), text),
        )}`,
    ],
    ['an account that is none', () => `Bearer ${signed({ uid: 'x' })}`],
    ['an account below one', () => `Bearer ${signed({ uid: '-1' })}`],
    ['two accounts', () => `Bearer ${signed({ uid: '1', account_id: '2' })}`],
    ['no account, of another issuer of tokens', () => `Bearer ${signed({ uid: undefined })}`],
    ['a token of another type', () => `Bearer ${signed({}, { typ: 'logout+jwt' })}`],
    ['an issuer with a NUL in it', () => `Bearer ${signed({ iss: 'x\u0000' })}`],
    ['an audience with a NUL in it', () => `Bearer ${signed({ aud: ['x\u0000'] })}`],
    ['half a character in the audience', () => `Bearer ${signed({ aud: '\ud800' })}`],
    ['a list of accounts', () => `Bearer ${signed({ uid: [String(uid), '502'] })}`],
  ]

  test.each(rows)('%s', async (_, header) => {
    const authorization = await header()
    for (const [method, path] of routes()) {
      const headers = { ...elsewhere(), ...(authorization !== undefined && { authorization }) }
      const { status, headers: said } = await bank.ask(method, path, { headers })
      expect([method, path, { status, headers: said }]).toMatchObject([method, path, unauthorized])
    }
  })
})

const flip = (token: string): string => {
  const at = token.length - 20
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}

const confused = async (alg: string): Promise<string> => {
  const text = `${encode({ ...decodeProtectedHeader(account.token), alg })}.${account.token.split('.')[1]}`
  return `${text}.${hs256(asPem(await vaultKey()), text)}`
}

/** Signed by a stranger, who says where the key is. */
const bringing = (header: Json): string => {
  const own = { ...decodeProtectedHeader(account.token), ...header }
  const text = `${encode(own)}.${account.token.split('.')[1]}`
  return `${text}.${rs256(stranger.privateKey, text)}`
}

describe('a token of an issuer’s own identity server', () => {
  test.each([
    ['as it should be', {}],
    ['with an account under its other name', { uid: undefined, account_id: String(uid) }],
    ['with an account as a number', { uid }],
    ['without its tenant', { tenant_id: undefined }],
    ['for several audiences', { aud: ['elsewhere', audience] }],
  ])('opens the account %s', async (_, claims) => {
    const cards = bank.withToken(signed(claims))
    expect(await cards.get(id)).toMatchObject({ status: 200, body: { id, account_id: uid } })
    expect(await cards.get(otherId)).toMatchObject({ status: 404 })
  })

  test('may do what its scopes leave, under either name', async () => {
    for (const claims of [{ scope: 'pismo-v1:cards:r' }, { scp: ['openid', 'pismo-v1:cards:r'] }]) {
      const cards = bank.withToken(signed(claims))
      expect(await cards.get(id)).toMatchObject({ status: 200 })
      expect(await cards.force(id)).toMatchObject({ status: 403 })
    }
  })

  test('opens another account’s cards to nobody', async () => {
    const cards = bank.withToken(signed({ uid: '502' }))
    expect(await cards.get(id)).toMatchObject({ status: 404 })
  })

  test('is no good any more once its credential was revoked', async () => {
    const jwks = { keys: [publicJwk(stranger.publicKey, 'k2')] }
    const { credential_id } = await trust('bank', jwks, 'for a while')
    const token = signed({ aud: 'for a while' }, { kid: 'k2' }, (text) => rs256(stranger.privateKey, text))
    await until('it', async () => (await asked(token)).status === 200)
    await command('credential', 'revoke', credential_id)
    await until('its end', async () => (await asked(token)).status === 401)
  })

  test('stands for the credential in the audit log, and cannot be trusted twice', async () => {
    expect(foreign.credential_id).toMatch(/^[0-9a-f-]{36}$/)
    const jwks = { keys: [publicJwk(stranger.publicKey, 'k3')] }
    await expect(trust('other-bank', jwks, audience)).rejects.toThrow(/cardkeep: /)
  })

  test('is not believed with a private key, or one that is too short, in its set', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const wrong: readonly Json[] = [
      { keys: [{ ...stranger.privateKey.export({ format: 'jwk' }), kid: 'p' }] },
      { keys: [publicJwk(short.publicKey, 's')] },
      { keys: [{ kty: 'oct', kid: 'o', k: 'c2VjcmV0' }] },
      { keys: [] },
      {},
    ]
    for (const [at, jwks] of wrong.entries())
      await expect(trust('bank', jwks, `wrong ${at}`), `set ${at}`).rejects.toThrow(/cardkeep: /)
  })
})

describe('a client', () => {
  const exchange = (more: Json, headers = elsewhere()) =>
    bank.ask('POST', '/passport/v2/oauth/token', {
      headers,
      body: {
        grant_type: 'client_credentials',
        client_id: bank.keys.client_id,
        client_secret_string: bank.keys.client_secret,
        ...more,
      },
    })

  test('gets a token for its id and secret together alone', async () => {
    expect(await exchange({})).toMatchObject({ status: 200 })
    for (const more of [
      { client_secret_string: other.keys.client_secret },
      { client_secret_string: bank.keys.client_secret.replace(/.{8}$/, 'aaaaaaaa') },
      { client_secret_string: '' },
      { client_id: other.keys.client_id },
      { client_id: 'x' },
      { client_secret_string: scenario.demoKeys.api_key },
      { client_id: scenario.demoKeys.api_key, client_secret_string: scenario.demoKeys.api_key },
    ]) {
      const { status } = await exchange(more)
      expect([400, 401]).toContain(status)
    }
  })

  test.each([
    ['another grant', { grant_type: 'password' }],
    ['no grant', { grant_type: undefined }],
    ['an account that is none', { uid: 'me' }],
    ['an account of nought', { uid: '0' }],
    ['an account that is too large', { uid: '9'.repeat(30) }],
    ['scopes that there are not', { scope: 'pismo-v1:accounts:rw' }],
    ['a secret that is no text', { client_secret_string: 5 }],
  ])('gets none for %s', async (_, more) => {
    expect(await exchange(more)).toMatchObject({ status: 400 })
  })

  test('that fails ten times is locked out from there, and from there alone', async () => {
    const headers = elsewhere()
    const wrong = { client_secret_string: bank.keys.client_secret.replace(/.{8}$/, 'aaaaaaaa') }
    for (let failure = 0; failure < 10; failure++)
      expect(await exchange(wrong, headers)).toMatchObject({ status: 401 })
    const locked = await exchange({}, headers)
    expect(locked).toMatchObject({ status: 429 })
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0)
    expect(await exchange({})).toMatchObject({ status: 200 })
  })

  test('that was revoked gets no token, and what it was given is no good at once', async () => {
    const words = ['credential', 'create', '--tenant', 'bank', '--dialect', 'pismo']
    const keys = await command<OpenedBank['keys']>(...words)
    const own = bankAt(scenario, keys)
    await until('it', async () => (await own.exchange()).status === 200)
    const token = await own.token({ uid })
    expect(await asked(token)).toMatchObject({ status: 200 })
    await command('credential', 'revoke', keys.credential_id)
    await until('its end', async () => (await asked(token)).status === 401)
    expect(await own.exchange()).toMatchObject({ status: 401 })
  })

  test('of a tenant that issues nothing can do nothing', async () => {
    await command('tenant', 'create', 'shop')
    const words = ['credential', 'create', '--tenant', 'shop', '--dialect', 'pismo', '--json']
    const { code, stdout } = await runToEnd(scenario, words)
    if (code !== 0) return
    const own = bankAt(scenario, JSON.parse(stdout) as OpenedBank['keys'])
    const { status } = await own.exchange({ uid })
    expect([401, 403]).toContain(status)
  })
})

describe('what a token may', () => {
  test('an account reaches its own cards, and others’ are as if they were not', async () => {
    const neighbour = await bank.account(502)
    const stranger = await other.account(uid)
    const { cvv } = await account.info(id)
    for (const cards of [neighbour, stranger])
      for (const reply of [
        await cards.get(id),
        await cards.patch(id, { name: 'mine' }),
        await cards.askInfo(id),
        await cards.force(id),
        await cards.change(id, 1),
        await cards.stop(id),
        await cards.verify(id, cvv),
        await cards.resetTries(id, cards === neighbour ? bank.orgId : other.orgId),
      ])
        expect(reply).toMatchObject({ status: 404 })
    expect(await (await other.authoriser()).verify(id, cvv)).toMatchObject({ status: 404 })
    expect(await (await bank.authoriser()).verify(id, cvv)).toMatchObject({ body: { valid: true } })
  })

  test('a card that there is not, and what is no card, are not found', async () => {
    for (const no of [
      '1',
      '9007199254740991',
      '0',
      '-1',
      'x',
      '1e3',
      '9'.repeat(40),
      `${id}0`,
      `0${id}`,
      ` ${id}`,
    ]) {
      const path = pathsOf(encodeURIComponent(no))
      for (const [method, at] of [
        ['GET', path.card],
        ['GET', path.info],
        ['DELETE', path.stop],
      ] as const)
        expect([no, (await account.call(method, at)).status]).toEqual([no, 404])
    }
  })

  test('a token that names no account verifies, and does nothing that wants one', async () => {
    const authoriser = await bank.authoriser()
    const { cvv } = await account.info(id)
    expect(await authoriser.verify(id, cvv)).toMatchObject({ status: 200 })
    expect(await authoriser.resetTries(id, bank.orgId)).toMatchObject({ status: 200 })
    for (const reply of [
      await authoriser.post(),
      await authoriser.get(id),
      await authoriser.patch(id, { name: 'x' }),
      await authoriser.askInfo(id),
      await authoriser.force(id),
      await authoriser.change(id, 24),
      await authoriser.stop(id),
    ])
      expect(reply).toMatchObject({ status: 403 })
  })

  test('a token to read changes nothing', async () => {
    const reader = await bank.account(uid, 'pismo-v1:cards:r')
    expect(await reader.get(id)).toMatchObject({ status: 200 })
    expect(await reader.askInfo(id)).toMatchObject({ status: 200 })
    for (const reply of [
      await reader.post(),
      await reader.patch(id, { name: 'x' }),
      await reader.force(id),
      await reader.change(id, 24),
      await reader.stop(id),
      await reader.verify(id, '123'),
    ])
      expect(reply).toMatchObject({ status: 403 })
  })

  test.each([
    ['issue', (cards: Cards) => cards.force(id)],
    ['show', (cards: Cards) => cards.askInfo(id)],
    ['verify', async (cards: Cards) => cards.verify(id, (await account.info(id)).cvv)],
  ] as const)('a credential that may not %s', async (permission, ask) => {
    const words = ['credential', 'create', '--tenant', 'bank', '--dialect', 'pismo']
    const keys = await command<OpenedBank['keys']>(...words, '--deny', permission)
    const denied = bankAt(scenario, keys)
    await until('it', async () => (await denied.exchange()).status === 200)
    expect(await ask(await denied.account(uid))).toMatchObject({ status: 403 })
    expect(await ask(account)).toMatchObject({ status: 200 })
  })

  test('counters are reset for the tenant that is named, and for no other', async () => {
    expect(await account.resetTries(id, bank.orgId)).toMatchObject({ status: 200 })
    expect(await account.resetTries(id, bank.tenantId)).toMatchObject({ status: 200 })
    expect(await account.resetTries(id, other.orgId)).toMatchObject({ status: 403 })
    expect(await account.call('PATCH', pathsOf(id).resetTries, { body: {} })).toMatchObject({ status: 400 })
    const alias = pathsOf(id).resetTries.replace('/cards-tokenization/v1', '/wallet/v2')
    const headers = { 'x-tenant': bank.orgId }
    expect(await account.call('PATCH', alias, { headers })).toMatchObject({ status: 200 })
    expect(await account.call('PATCH', alias, { headers, body: { wallet: '103' } })).toMatchObject({
      status: 200,
    })
  })

  test('a token opens no other API, and no other key opens this one', async () => {
    const { call } = scenario.shopAt(scenario.vault, { api_key: account.token })
    const headers = { ...elsewhere(), authorization: `Bearer ${account.token}` }
    for (const [method, path] of [
      ['POST', '/tokenize'],
      ['GET', '/tokens'],
      ['GET', '/api/v2/capture-keys'],
    ] as const)
      expect([path, (await call(method, path, { headers })).status]).toEqual([path, 401])
    expect(await asked(scenario.demoKeys.api_key)).toMatchObject({ status: 401 })
  })
})

test('a new pair signs from then on, and what the one before signed is good', async () => {
  const before = await bank.token({ uid })
  await command('issuer', 'rotate-access-key', '--tenant', 'bank')
  const after = await until('a new pair', async () => {
    const token = await bank.token({ uid })
    return decodeProtectedHeader(token).kid !== decodeProtectedHeader(before).kid && token
  })
  expect(await asked(before)).toMatchObject({ status: 200 })
  expect(await asked(after)).toMatchObject({ status: 200 })
  const { body } = await bank.ask('GET', '/passport/v2/jwks')
  const kids = (body['keys'] as readonly { kid: string }[]).map(({ kid }) => kid)
  for (const token of [before, after]) expect(kids).toContain(decodeProtectedHeader(token).kid)
})

test('the list of credentials tells whose tokens count as one, and none of their keys', async () => {
  const { credential_id } = await trust('bank', { keys: [publicJwk(stranger.publicKey, 'listed')] }, 'listed')
  const { credentials } = await command<{ credentials: readonly Json[] }>('credential', 'list')
  const listed = credentials.find((credential) => credential['credential_id'] === credential_id)
  expect(listed).toMatchObject({ issuer, audience: 'listed' })
  expect(Object.keys(listed ?? {}).filter((name) => /jwk|key/.test(name))).toEqual([])
})

test('a pair that is to end at once ends with all that it signed', async () => {
  // Of its own: what others here hold is signed with the pair of the first.
  const ending = await openBank(scenario, 'ending-bank')
  const own = await (await ending.account(uid)).create({ hours: 24 })
  const before = await ending.token({ uid })
  const opens = async (token: string): Promise<number> => (await asked(token, own)).status
  expect(await opens(before)).toBe(200)
  await command('issuer', 'rotate-access-key', '--tenant', 'ending-bank', '--now')
  await until('its end', async () => (await opens(before)) === 401)
  const after = await until('a new pair', async () => {
    const token = await ending.token({ uid })
    return (await opens(token)) === 200 && token
  })
  const { body } = await bank.ask('GET', '/passport/v2/jwks')
  const kids = (body['keys'] as readonly { kid: string }[]).map(({ kid }) => kid)
  expect(kids).toContain(decodeProtectedHeader(after).kid)
  expect(kids).not.toContain(decodeProtectedHeader(before).kid)
})

describe('nobody is trusted under a name', () => {
  test.each([
    ['that is empty', ''],
    ['with an end of a line', 'a\nb'],
    ['of more than 255 characters', 'x'.repeat(256)],
  ])('%s', async (_, name) => {
    const jwks = { keys: [publicJwk(stranger.publicKey, 'n')] }
    await expect(trust('bank', jwks, name)).rejects.toThrow(/1 to 255 characters/)
  })
})
