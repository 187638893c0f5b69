import { refuse } from '@cardkeep/core/kernel/result'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { dayMs, epochMs, minuteMs } from '@cardkeep/core/kernel/time'
import {
  createCredential,
  revokeCredential,
} from '@cardkeep/core/operations/administration/change-credentials'
import type { Store } from '@cardkeep/core/ports'
import { dayOf, idleLimitMs } from '@cardkeep/core/tenants/credential-use'
import type { Credential, Environment, Permission } from '@cardkeep/core/tenants/tenant'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addIssuer } from '@cardkeep/testing/doubles/issuer'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import { mintCredential } from '../dialects/credentials.ts'
import { ozura } from '../dialects/ozura/routes.ts'
import { createLockouts } from '../ephemeral/memory/lockouts.ts'
import { type AccessRequest, createAccess } from './access.ts'
import type { Dialect } from './dialect.ts'
import { type CredentialProof, createCredentialProver } from './prove-credential.ts'
import { createRefusalNotes } from './refusal-notes.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Wish {
  readonly environment?: Environment
  readonly permissions?: readonly Permission[]
  readonly dialect?: Credential['dialect']
  readonly expiresInMs?: number
}

/** A tenant with a credential, and access to it that counts what it proves. */
const open = async ({
  environment = 'live',
  permissions = ['tokenize'],
  dialect = 'ozura',
  expiresInMs,
}: Wish = {}) => {
  const vault = await openTestVault()
  opened.push(vault)
  const { clock, passport } = vault
  const tenant = await addTenant(vault, 'shop', { environment })
  const { id, secret, publicKey } = mintCredential('ozura', environment, vault.ids)
  await createCredential(vault, testOperator, tenant, {
    id,
    dialect,
    permissions,
    hash: vault.credentials.hash(secret, id),
    publicKey,
    expiresAt: expiresInMs === undefined ? undefined : epochMs(clock.now() + expiresInMs),
  })
  const before = (await vault.store.auditHead()).seq

  let proofs = 0
  let auditFailures = 0
  const proof: CredentialProof = {
    matches: (...args) => {
      proofs++
      return vault.credentials.matches(...args)
    },
  }
  const readiness = {
    auditFailed: () => {
      auditFailures++
    },
  }
  const accessTo = (store: Store = vault.store) =>
    createAccess(
      { store, clock, passport },
      createCredentialProver(
        { store, clock, readiness },
        proof,
        createLockouts(clock),
        createRefusalNotes(clock),
      ),
    )
  const key = openSecret(secret, 'hand out')
  const request = (parts: Partial<AccessRequest> = {}): AccessRequest => ({
    dialect: ozura,
    auth: { permission: 'tokenize', publicKey: false },
    headers: { 'x-api-key': key },
    address: '192.0.2.1',
    requestId: '00000000-0000-4000-8000-00000000f00d',
    ...parts,
  })
  return {
    vault,
    tenant,
    id,
    key,
    publicKey,
    accessTo,
    access: accessTo(),
    request,
    proofs: () => proofs,
    auditFailures: () => auditFailures,
    /** What was written since; nobody waits for it. */
    entries: async (): Promise<readonly unknown[][]> => {
      await vault.store.checkWritable()
      return (await vault.store.auditEntries(before, 100)).map(({ text }) => JSON.parse(text) as unknown[])
    },
  }
}

const notAuthenticated = refuse({ type: 'NotAuthenticated' })

/** The last character of a secret carries bits of no byte, so one in the middle is changed. */
const wrongSecret = (key: string): string => {
  const at = key.length - 20
  return key.slice(0, at) + (key[at] === 'a' ? 'b' : 'a') + key.slice(at + 1)
}

test('a credential tells its tenant and what it may do, and leaves no trace', async () => {
  const { access, request, tenant, id, entries } = await open()
  expect(await access.authenticate(request())).toEqual({
    ok: true,
    value: { tenant, credentialId: id, permissions: ['tokenize'] },
  })
  expect(await entries()).toEqual([])
})

test('without a credential nothing is proven, counted or written', async () => {
  const { access, request, proofs, entries } = await open()
  for (let attempt = 0; attempt < 20; attempt++)
    expect(await access.authenticate(request({ headers: {} }))).toEqual(notAuthenticated)
  expect(proofs()).toBe(0)
  expect(await entries()).toEqual([])
})

test('of many tries at once ten are answered at most, and a good one behind them is refused as all others', async () => {
  const { access, request, key } = await open()
  const keys = [...Array<string>(49).fill(wrongSecret(key)), key]
  const answers = await Promise.all(
    keys.map((tried) => access.authenticate(request({ headers: { 'x-api-key': tried } }))),
  )
  const lockedOut = refuse({ type: 'LockedOut', retryAfterSeconds: 30 * 60 })
  for (const answer of answers.slice(0, 10)) expect([notAuthenticated, lockedOut]).toContainEqual(answer)
  expect(answers.slice(10)).toEqual(Array(40).fill(lockedOut))
})

describe('whatever is wrong with a credential, the answer and the work are the same', () => {
  type Bench = Awaited<ReturnType<typeof open>>
  const wrong: readonly (readonly [string, Wish, (bench: Bench) => Promise<Record<string, string>>])[] = [
    ['another secret', {}, async ({ key }) => ({ 'x-api-key': wrongSecret(key) })],
    [
      'an id that there is not',
      {},
      async ({ key, id }) => {
        const other = mintCredential('ozura', 'live', { uuid: () => id.replace(/^0/, '1') })
        return { 'x-api-key': `${openSecret(other.secret, 'hand out').slice(0, 36)}${key.slice(36)}` }
      },
    ],
    ['a form that no key has', {}, async () => ({ 'x-api-key': 'hello' })],
    [
      'a credential that was revoked',
      {},
      async ({ key, vault, id }) => {
        await revokeCredential(vault, testOperator, id)
        return { 'x-api-key': key }
      },
    ],
    [
      'a credential that was disabled because nobody used it',
      {},
      async ({ key, vault, id }) => {
        const at = epochMs(vault.clock.now() + idleLimitMs)
        await vault.store.commit([{ type: 'disable-credential', id, at, unusedSince: vault.clock.now() }])
        return { 'x-api-key': key }
      },
    ],
    [
      'a credential whose time is over',
      { expiresInMs: 1_000 },
      async ({ key, vault }) => {
        vault.clock.advance(1_000)
        return { 'x-api-key': key }
      },
    ],
    ['a credential of another API', { dialect: 'hellgate' }, async ({ key }) => ({ 'x-api-key': key })],
    ['another public key', {}, async ({ key }) => ({ 'x-api-key': key, 'x-pub-key': 'pk_prod_other' })],
  ]

  test.each(wrong)('%s', async (_, wish, prepare) => {
    const bench = await open(wish)
    const headers = await prepare(bench)
    const { seq } = await bench.vault.store.auditHead()
    const outcome = await bench.access.authenticate(
      bench.request({ headers, auth: { permission: 'any', publicKey: false } }),
    )
    expect(outcome).toEqual(notAuthenticated)
    expect(bench.proofs()).toBe(1)
    await bench.vault.store.checkWritable()
    const entries = (await bench.vault.store.auditEntries(seq, 10)).map(
      ({ text }) => JSON.parse(text) as unknown[],
    )
    expect(entries).toHaveLength(1)
    expect(entries[0]?.slice(2)).toEqual([
      'access.refused',
      'failure',
      null,
      ['unknown', ozura.readCredential(headers)?.id ?? null],
      '192.0.2.1',
      '00000000-0000-4000-8000-00000000f00d',
      null,
      { reason: 'NotAuthenticated', dialect: 'ozura' },
    ])
    expect(JSON.stringify(entries)).not.toContain(bench.key.slice(-30))
  })

  test('and a proof for nobody never holds, even of the key that hashes to nothing', async () => {
    const { vault, request } = await open()
    const believing: CredentialProof = { matches: () => true }
    const { clock, store, passport } = vault
    const readiness = { auditFailed: () => {} }
    const notes = createRefusalNotes(clock)
    const access = createAccess(
      { store, clock, passport },
      createCredentialProver({ store, clock, readiness }, believing, createLockouts(clock), notes),
    )
    expect(await access.authenticate(request({ headers: { 'x-api-key': 'hello' } }))).toEqual(
      notAuthenticated,
    )
  })
})

test('a credential is good to the last millisecond of its time', async () => {
  const { access, request, vault } = await open({ expiresInMs: 1_000 })
  vault.clock.advance(999)
  expect((await access.authenticate(request())).ok).toBe(true)
})

describe('the public key', () => {
  const withPublicKey = { permission: 'tokenize', publicKey: true } as const

  test.each(['live', 'test'] as const)(
    'is accepted where it is the right one, for a %s tenant',
    async (environment) => {
      const { access, request, key, publicKey = '' } = await open({ environment })
      const headers = { 'x-api-key': key, 'x-pub-key': publicKey }
      expect((await access.authenticate(request({ headers, auth: withPublicKey }))).ok).toBe(true)
      expect((await access.authenticate(request({ headers }))).ok).toBe(true)
    },
  )

  test('may be missing for a test tenant', async () => {
    const { access, request } = await open({ environment: 'test' })
    expect((await access.authenticate(request({ auth: withPublicKey }))).ok).toBe(true)
  })

  test('may not be missing for a live tenant where the route asks for it', async () => {
    const { access, request, tenant, id, entries } = await open()
    expect(await access.authenticate(request({ auth: withPublicKey }))).toEqual(
      refuse({ type: 'MissingField', field: 'X-Pub-Key' }),
    )
    expect((await entries())[0]?.slice(2, 6)).toEqual([
      'access.refused',
      'failure',
      tenant.id,
      ['credential', id],
    ])
    expect((await access.authenticate(request())).ok).toBe(true)
  })
})

describe('what a credential may not do', () => {
  test('is refused and written down with its name', async () => {
    const { access, request, tenant, id, entries } = await open({ permissions: ['tokenize'] })
    const auth = { permission: 'forward', publicKey: false } as const
    expect(await access.authenticate(request({ auth }))).toEqual(refuse({ type: 'NotPermitted' }))
    expect((await entries())[0]?.slice(2)).toEqual([
      'access.refused',
      'failure',
      tenant.id,
      ['credential', id],
      '192.0.2.1',
      '00000000-0000-4000-8000-00000000f00d',
      null,
      { reason: 'NotPermitted', dialect: 'ozura' },
    ])
  })

  test('does not lock it out', async () => {
    const { access, request } = await open()
    const auth = { permission: 'detokenize', publicKey: false } as const
    for (let attempt = 0; attempt < 15; attempt++) await access.authenticate(request({ auth }))
    expect((await access.authenticate(request())).ok).toBe(true)
  })

  test('is nothing where any credential will do', async () => {
    const { access, request } = await open({ permissions: [] })
    expect((await access.authenticate(request({ auth: { permission: 'any', publicKey: false } }))).ok).toBe(
      true,
    )
    expect(await access.authenticate(request())).toEqual(refuse({ type: 'NotPermitted' }))
  })

  test.each([
    ['live', false],
    ['test', true],
  ] as const)('is what is for tests only, for a %s tenant; allowed: %s', async (environment, allowed) => {
    const { access, request } = await open({ environment })
    const auth = { permission: 'tokenize', publicKey: false, testOnly: true } as const
    expect((await access.authenticate(request({ auth }))).ok).toBe(allowed)
  })
})

describe('after ten failures', () => {
  const failTenTimes = async (bench: Awaited<ReturnType<typeof open>>) => {
    const headers = { 'x-api-key': wrongSecret(bench.key) }
    for (let attempt = 0; attempt < 10; attempt++)
      expect(await bench.access.authenticate(bench.request({ headers }))).toEqual(notAuthenticated)
    return headers
  }

  test('the right secret is refused too from that address, and nothing is proven', async () => {
    const bench = await open()
    await failTenTimes(bench)
    expect(bench.proofs()).toBe(10)
    expect(await bench.access.authenticate(bench.request())).toEqual(
      refuse({ type: 'LockedOut', retryAfterSeconds: 1_800 }),
    )
    expect(bench.proofs()).toBe(10)
  })

  test('the lock is written down once', async () => {
    const bench = await open()
    const headers = await failTenTimes(bench)
    for (let attempt = 0; attempt < 5; attempt++) await bench.access.authenticate(bench.request({ headers }))
    const actions = (await bench.entries()).map(([, , action]) => action)
    expect(actions).toEqual([...Array<string>(9).fill('access.refused'), 'access.locked'])
  })

  test('other addresses and other credentials are not locked', async () => {
    const bench = await open()
    await failTenTimes(bench)
    expect((await bench.access.authenticate(bench.request({ address: '192.0.2.2' }))).ok).toBe(true)
    const headers = { 'x-api-key': 'hello' }
    expect(await bench.access.authenticate(bench.request({ headers }))).toEqual(notAuthenticated)
  })

  test('texts without an id lock each other, and no credential', async () => {
    const bench = await open()
    for (let attempt = 0; attempt < 10; attempt++)
      await bench.access.authenticate(bench.request({ headers: { 'x-api-key': `hello ${attempt}` } }))
    expect(
      await bench.access.authenticate(bench.request({ headers: { 'x-api-key': 'again' } })),
    ).toMatchObject({
      error: { type: 'LockedOut' },
    })
    expect((await bench.access.authenticate(bench.request())).ok).toBe(true)
  })

  test('it ends after thirty minutes', async () => {
    const bench = await open()
    await failTenTimes(bench)
    bench.vault.clock.advance(30 * minuteMs - 1)
    expect(await bench.access.authenticate(bench.request())).toEqual(
      refuse({ type: 'LockedOut', retryAfterSeconds: 1 }),
    )
    bench.vault.clock.advance(1)
    expect((await bench.access.authenticate(bench.request())).ok).toBe(true)
  })

  test('a success in between begins the count anew', async () => {
    const bench = await open()
    const headers = { 'x-api-key': wrongSecret(bench.key) }
    for (let round = 0; round < 3; round++) {
      for (let attempt = 0; attempt < 9; attempt++)
        await bench.access.authenticate(bench.request({ headers }))
      expect((await bench.access.authenticate(bench.request())).ok).toBe(true)
    }
  })
})

describe('a refusal', () => {
  test('does not wait until it is written', async () => {
    const { accessTo, request, vault } = await open()
    const store = interceptCommits(vault.store, () => new Promise(() => {}))
    const headers = { 'x-api-key': 'hello' }
    expect(await accessTo(store).authenticate(request({ headers }))).toEqual(notAuthenticated)
  })

  test('that cannot be written is a refusal all the same, and the vault is told', async () => {
    const { accessTo, request, vault, auditFailures } = await open()
    const store = interceptCommits(vault.store, async () => {
      throw new Error('disk full')
    })
    const access = accessTo(store)
    expect(await access.authenticate(request({ headers: { 'x-api-key': 'hello' } }))).toEqual(
      notAuthenticated,
    )
    await vault.store.checkWritable()
    expect(auditFailures()).toBe(1)
  })
})

describe('a use', () => {
  test('is remembered to the day, and written once a day', async () => {
    const { accessTo, request, vault, id } = await open()
    let written = 0
    const access = accessTo(
      interceptCommits(vault.store, (changes, commit) => {
        if (changes.some(({ type }) => type === 'use-credential')) written++
        return commit()
      }),
    )
    const lastUsed = async () => {
      await vault.store.checkWritable()
      return (await vault.store.credential(id))?.lastUsedAt
    }
    const today = dayOf(vault.clock.now())
    for (let use = 0; use < 3; use++) await access.authenticate(request())
    expect(await lastUsed()).toBe(today)
    expect(written).toBe(1)
    vault.clock.advance(dayMs)
    await access.authenticate(request())
    expect(await lastUsed()).toBe(today + dayMs)
    expect(written).toBe(2)
  })

  test('is not one where the secret is wrong', async () => {
    const { access, request, key, vault, id } = await open()
    await access.authenticate(request({ headers: { 'x-api-key': wrongSecret(key) } }))
    await vault.store.checkWritable()
    expect((await vault.store.credential(id))?.lastUsedAt).toBeUndefined()
  })

  test('that cannot be written is written the next time', async () => {
    const { accessTo, request, vault, id } = await open()
    let isFull = true
    const access = accessTo(
      interceptCommits(vault.store, async (_changes, commit) => {
        if (isFull) throw new Error('disk full')
        return commit()
      }),
    )
    await access.authenticate(request())
    isFull = false
    await access.authenticate(request())
    await vault.store.checkWritable()
    expect((await vault.store.credential(id))?.lastUsedAt).toBe(dayOf(vault.clock.now()))
  })
})

describe('where a dialect takes access tokens', () => {
  const bearing: Dialect = {
    ...ozura,
    name: 'pismo',
    readCredential: () => undefined,
    readBearer: ({ authorization }) => (authorization ? new Secret(String(authorization)) : undefined),
  }

  const openBank = async (permissions: readonly Permission[] = ['issue', 'show', 'verify']) => {
    const bench = await open()
    const { vault, request } = bench
    const { tenantId } = await addIssuer(vault, 'bank')
    const tenant = await vault.store.tenant(tenantId)
    if (!tenant) throw new Error('an issuer without its tenant')
    const { id, secret } = mintCredential('pismo', 'test', vault.ids)
    await createCredential(vault, testOperator, tenant, {
      ...{ id, dialect: 'pismo', permissions, publicKey: undefined, expiresAt: undefined },
      hash: vault.credentials.hash(secret, id),
    })
    const tokenOf = async (
      wish: { readonly accountId?: number; readonly scopes?: readonly string[] } = {},
    ) => {
      const granted = await vault.passport.exchange(
        { origin: '192.0.2.1', requestId: '00000000-0000-4000-8000-00000000f00d' },
        { clientId: id, clientSecret: secret, accountId: undefined, scopes: undefined, ...wish },
      )
      if (!granted.ok) throw new Error(granted.error.type)
      return openSecret(granted.value.token, 'hand out')
    }
    const requestWith = (token: string, permission: Permission | 'any' = 'issue') =>
      request({
        ...{ dialect: bearing, auth: { permission, publicKey: false } },
        headers: { authorization: token },
      })
    const entries = async (since: number) => {
      await vault.store.checkWritable()
      const all = await vault.store.auditEntries(since, 200)
      return all.map(({ text }) => (JSON.parse(text) as unknown[]).slice(2))
    }
    return { ...bench, tenant, id, tokenOf, requestWith, entries }
  }

  test('one tells its tenant, its account and what its scope leaves', async () => {
    const { access, tenant, id, tokenOf, requestWith } = await openBank()
    expect(await access.authenticate(requestWith(await tokenOf({ accountId: 77 })))).toEqual({
      ok: true,
      value: { tenant, credentialId: id, permissions: ['issue', 'show', 'verify'], accountId: 77 },
    })
    const readOnly = await tokenOf({ scopes: ['pismo-v1:cards:r'] })
    expect(await access.authenticate(requestWith(readOnly, 'show'))).toEqual({
      ok: true,
      value: { tenant, credentialId: id, permissions: ['show'] },
    })
  })

  test('it opens no route that its scope or its credential leaves out, and that is written down', async () => {
    const { access, vault, tenant, id, tokenOf, requestWith, entries } = await openBank(['show', 'verify'])
    const token = await tokenOf({ scopes: ['pismo-v1:cards:r'] })
    const { seq } = await vault.store.auditHead()
    expect(await access.authenticate(requestWith(token, 'verify'))).toEqual(refuse({ type: 'NotPermitted' }))
    expect(await access.authenticate(requestWith(await tokenOf(), 'issue'))).toEqual(
      refuse({ type: 'NotPermitted' }),
    )
    const refused = (await entries(seq)).filter(([action]) => action === 'access.refused')
    expect(refused).toEqual(
      Array(2).fill([
        ...['access.refused', 'failure', tenant.id, ['credential', id], '192.0.2.1'],
        ...['00000000-0000-4000-8000-00000000f00d', null, { reason: 'NotPermitted', dialect: 'pismo' }],
      ]),
    )
  })

  test('none is refused, and proves and writes nothing', async () => {
    const { access, vault, request, proofs, entries } = await openBank()
    const { seq } = await vault.store.auditHead()
    const refused = await access.authenticate(request({ dialect: bearing, headers: {} }))
    expect(refused).toEqual(notAuthenticated)
    expect(proofs()).toBe(0)
    expect(await entries(seq)).toEqual([])
  })

  test('a bad one is written down, and however many come, a good one is taken from there', async () => {
    const { access, vault, tokenOf, requestWith, entries } = await openBank()
    const token = await tokenOf()
    const { seq } = await vault.store.auditHead()
    for (let attempt = 0; attempt < 20; attempt++)
      expect(await access.authenticate(requestWith(`${token}x`))).toEqual(notAuthenticated)
    expect(await entries(seq)).toEqual(
      Array(20).fill([
        ...['access.refused', 'failure', null, ['unknown', null], '192.0.2.1'],
        ...['00000000-0000-4000-8000-00000000f00d', null, { reason: 'NotAuthenticated', dialect: 'pismo' }],
      ]),
    )
    expect((await access.authenticate(requestWith(token))).ok).toBe(true)
  })

  test('one whose credential was revoked is refused as any other, and written down with its name', async () => {
    const { access, vault, tenant, id, tokenOf, requestWith, entries } = await openBank()
    const token = await tokenOf()
    const admitted = await access.authenticate(requestWith(token))
    await revokeCredential(vault, testOperator, id)
    const { seq } = await vault.store.auditHead()
    expect(await access.authenticate(requestWith(token))).toEqual(notAuthenticated)
    expect(admitted.ok && (await access.stillHolds(admitted.value))).toBe(false)
    expect((await entries(seq)).map(([action, , by, actor]) => [action, by, actor])).toEqual([
      ['access.refused', tenant.id, ['credential', id]],
    ])
  })

  test('its use is one of its credential', async () => {
    const { access, vault, id, tokenOf, requestWith } = await openBank()
    const today = dayOf(vault.clock.now())
    vault.clock.advance(dayMs - 15 * minuteMs)
    const token = await tokenOf()
    const lastUsed = async () => {
      await vault.store.checkWritable()
      return (await vault.store.credential(id))?.lastUsedAt
    }
    expect(await lastUsed()).toBe(today)
    vault.clock.advance(30 * minuteMs)
    await access.authenticate(requestWith(token))
    expect(await lastUsed()).toBe(today + dayMs)
  })

  test('a credential in its place is none, and a token is none where credentials are taken', async () => {
    const { access, request, key, tokenOf } = await openBank()
    const credential = { authorization: key, 'x-api-key': key }
    expect(await access.authenticate(request({ dialect: bearing, headers: credential }))).toEqual(
      notAuthenticated,
    )
    const token = await tokenOf()
    const headers = { authorization: `Bearer ${token}`, 'x-api-key': token }
    const auth = { permission: 'any', publicKey: false } as const
    expect(await access.authenticate(request({ auth, headers }))).toEqual(notAuthenticated)
  })
})
