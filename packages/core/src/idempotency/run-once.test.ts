import { createRequestMarker } from '@cardkeep/server/keys/idempotency-hasher'
import { createReplySealer } from '@cardkeep/server/keys/reply-sealer'
import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { Change } from '../changes.ts'
import { UnavailableError } from '../errors.ts'
import type { ScopeId } from '../kernel/ids.ts'
import { ok, type Result, refuse } from '../kernel/result.ts'
import { Secret } from '../kernel/secret.ts'
import type { Alongside } from '../operations/alongside.ts'
import type { Store } from '../ports.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { claimLifetimeMs, type KeptReply, replyLifetimeMs, type StoredReply } from './claim.ts'
import { purgeClaims } from './purge-claims.ts'
import { runOnce } from './run-once.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Wish {
  readonly key?: string
  readonly route?: string
  readonly content?: string
  readonly tenant?: Tenant
  readonly store?: Store
}

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const marker = createRequestMarker(vault.keyring)
  const { clock, ids } = vault
  const ports = { store: vault.store, clock, ids, replySealer: createReplySealer(vault.keyring) }
  const markOf = ({ key = 'k-1', route = 'ozura POST /things', content = 'a thing', ...wish }: Wish = {}) =>
    marker.mark({
      tenantId: (wish.tenant ?? tenant).id,
      route,
      key,
      content: new Secret(content),
      at: clock.now(),
    })
  const scopes: ScopeId[] = []
  /** Makes a scope, which stands for whatever an operation makes, and answers how many there are. */
  const make = (wish: Wish, meanwhile?: () => Promise<unknown>) => async (settle: Alongside<KeptReply>) => {
    const id = ids.uuid() as ScopeId
    const own = scopes.push(id)
    await meanwhile?.()
    const reply = { status: 201, body: `{"made":${own}}` }
    const changes: Change[] = [
      {
        type: 'put-scope',
        scope: {
          id,
          environment: 'live',
          deduplicates: false,
          networkTokens: undefined,
          createdAt: clock.now(),
        },
      },
      ...settle(reply),
    ]
    const committed = await (wish.store ?? vault.store).commit(changes)
    if (!committed.ok) throw new UnavailableError('others changed it at every attempt')
    return ok(own)
  }
  const once = (wish: Wish = {}, meanwhile?: () => Promise<unknown>) =>
    runOnce(
      { ...ports, store: wish.store ?? vault.store },
      (wish.tenant ?? tenant).id,
      markOf(wish),
      make(wish, meanwhile),
    )
  return { vault, ports, tenant, clock, once, markOf, scopes }
}

const ran = (value: number) => ({ ok: true, value: { type: 'ran', value } })
const replayed = (made: number) => ({
  ok: true,
  value: { type: 'replayed', reply: { status: 201, body: `{"made":${made}}` } },
})
const inUse = refuse({ type: 'IdempotencyKeyInUse' })
const reused = refuse({ type: 'IdempotencyKeyReused' })

describe('under one key', () => {
  test('a request runs once, and its reply comes again', async () => {
    const { once, scopes } = await open()
    expect(await once()).toEqual(ran(1))
    expect(await once()).toEqual(replayed(1))
    expect(await once()).toEqual(replayed(1))
    expect(scopes).toHaveLength(1)
  })

  test('another request is refused, whether the first is still under way or not', async () => {
    const { once, scopes } = await open()
    expect(
      await once({}, async () => {
        expect(await once({ content: 'another thing' })).toEqual(reused)
      }),
    ).toEqual(ran(1))
    expect(await once({ content: 'another thing' })).toEqual(reused)
    expect(scopes).toHaveLength(1)
  })

  test('the same request is refused while the first is under way', async () => {
    const { once } = await open()
    const result = await once({}, async () => {
      expect(await once()).toEqual(inUse)
    })
    expect(result).toEqual(ran(1))
  })

  test('of fifty at once one runs', async () => {
    const { once, scopes } = await open()
    const results = await Promise.all(Array.from({ length: 50 }, () => once()))
    expect(results.filter((result) => result.ok && result.value.type === 'ran')).toHaveLength(1)
    expect(
      results
        .filter((result) => !result.ok)
        .every((result) => JSON.stringify(result) === JSON.stringify(inUse)),
    ).toBe(true)
    expect(scopes).toHaveLength(1)
  })
})

test('another key, another route and another tenant are other requests', async () => {
  const { vault, once } = await open()
  const stranger = await addTenant(vault, 'stranger')
  expect(await once()).toEqual(ran(1))
  expect(await once({ key: 'k-2' })).toEqual(ran(2))
  expect(await once({ route: 'ozura POST /others' })).toEqual(ran(3))
  expect(await once({ tenant: stranger })).toEqual(ran(4))
  expect(await once({ tenant: stranger, content: 'another thing' })).toEqual(reused)
  expect(await once()).toEqual(replayed(1))
})

test('the reply is written in the commit that makes it true', async () => {
  const { vault, once } = await open()
  const commits: string[][] = []
  const store = interceptCommits(vault.store, (changes, commit) => {
    commits.push([...nameChanges(changes)])
    return commit()
  })
  await once({ store })
  expect(commits).toEqual([['claim-idempotency'], ['put-scope', 'settle-idempotency']])
})

describe('a request that was not answered well leaves its key free:', () => {
  test('one that was refused may be corrected and sent again', async () => {
    const { vault, ports, tenant, once, markOf } = await open()
    const refusal = refuse({ type: 'InvalidCardNumber' } as const)
    const marks = markOf({ content: 'a thing with a mistake' })
    expect(await runOnce(ports, tenant.id, marks, async () => refusal)).toEqual(refusal)
    expect(await vault.store.idempotencyClaim(marks[0]?.name ?? new Uint8Array())).toBeUndefined()
    expect(await once()).toEqual(ran(1))
  })

  test.each([
    ['an outage', new UnavailableError('no database')],
    ['a bug', new Error('a bug')],
  ])('%s', async (_, error) => {
    const { ports, tenant, once, markOf } = await open()
    await expect(
      runOnce(ports, tenant.id, markOf(), async () => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(await once()).toEqual(ran(1))
  })

  test('one whose release fails too is answered as it would be, and its claim opens in time', async () => {
    const { vault, clock, once } = await open()
    const outages: Error[] = []
    const store = interceptCommits(vault.store, (changes, commit) => {
      if (outages.length === 0 && !changes.some(({ type }) => type === 'put-scope')) return commit()
      const outage = new UnavailableError(`outage ${outages.length + 1}`)
      outages.push(outage)
      return Promise.reject(outage)
    })
    await expect(once({ store })).rejects.toThrow('outage 1')
    expect(outages).toHaveLength(2)
    expect(await once()).toEqual(inUse)
    clock.advance(claimLifetimeMs)
    expect(await once()).toEqual(ran(2))
  })

  test('but one that was committed after all keeps its reply, though nobody was told', async () => {
    const { vault, once } = await open()
    const store = interceptCommits(vault.store, async (changes, commit) => {
      const result = await commit()
      if (changes.some(({ type }) => type === 'put-scope')) throw new UnavailableError('the connection broke')
      return result
    })
    await expect(once({ store })).rejects.toThrow('the connection broke')
    expect(await once()).toEqual(replayed(1))
  })
})

describe('time', () => {
  test('opens a claim that nobody settled after two minutes and not before', async () => {
    const { vault, ports, tenant, clock, once, markOf } = await open()
    const never = () => new Promise<Result<number, never>>(() => {})
    void runOnce(ports, tenant.id, markOf(), never)
    // The claim is made in a group of its own, and what comes behind it waits for it.
    await vault.store.checkWritable()
    clock.advance(claimLifetimeMs - 1)
    expect(await once()).toEqual(inUse)
    clock.advance(1)
    expect(await once()).toEqual(ran(1))
  })

  test('ends a reply after a day and not before', async () => {
    const { clock, once } = await open()
    await once()
    clock.advance(replyLifetimeMs - 1)
    expect(await once()).toEqual(replayed(1))
    clock.advance(1)
    expect(await once({ content: 'another thing' })).toEqual(ran(2))
  })

  test('lets a request whose claim was taken over commit nothing', async () => {
    const { vault, clock, once, scopes } = await open()
    const late = once({}, async () => {
      clock.advance(claimLifetimeMs)
      expect(await once()).toEqual(ran(2))
    })
    await expect(late).rejects.toThrow('others changed it')
    expect(await once()).toEqual(replayed(2))
    expect(await vault.store.scope(scopes[0] as ScopeId)).toBeUndefined()
    expect(await vault.store.scope(scopes[1] as ScopeId)).toBeDefined()
  })

  test('lets a purge remove what is past it and nothing else', async () => {
    const { vault, clock, once, markOf } = await open()
    await once({ key: 'old' })
    clock.advance(1)
    await once({ key: 'young' })
    clock.advance(replyLifetimeMs)
    await purgeClaims(vault)
    const find = (key: string) => vault.store.idempotencyClaim(markOf({ key })[0]?.name ?? new Uint8Array())
    expect(await find('old')).toBeUndefined()
    expect(await find('young')).toBeDefined()
  })
})

describe('while the key of the vault is rotated', () => {
  const rotate = ({ keyring }: TestVault) =>
    keyring.rotate({ purpose: 'idempotency', owner: undefined, actor: { type: 'vault', id: undefined } })

  test('a reply from before comes again after it, and another request is still refused', async () => {
    const { vault, once } = await open()
    expect(await once()).toEqual(ran(1))
    await rotate(vault)
    expect(await once()).toEqual(replayed(1))
    expect(await once({ content: 'another thing' })).toEqual(reused)
  })

  test('of two requests, one marked before and one after it, one runs', async () => {
    const { vault, ports, tenant, once, markOf } = await open()
    const before = markOf()
    await rotate(vault)
    const early = () =>
      runOnce(ports, tenant.id, before, async () => {
        throw new Error('both ran')
      })
    const result = await once({}, async () => {
      expect(await early()).toEqual(inUse)
    })
    expect(result).toEqual(ran(1))
    expect(await early()).toEqual(replayed(1))
  })

  test('a key that was retired two days ago has no claims left and is not looked under', async () => {
    const { vault, clock, markOf } = await open()
    await rotate(vault)
    clock.advance(2 * replyLifetimeMs - 1)
    expect(markOf()).toHaveLength(2)
    clock.advance(1)
    expect(markOf()).toHaveLength(1)
  })
})

describe('a reply that does not open is thrown, nothing runs again and its claim stays:', () => {
  test.each<readonly [string, (reply: StoredReply) => StoredReply]>([
    ['one that was changed', (reply) => ({ ...reply, sealedBody: reply.sealedBody.map(flipLast) })],
    [
      'one in clear',
      (reply) => ({ ...reply, sealedBody: Buffer.from('{"made":1}, and then a little more') }),
    ],
    ['one that is empty', (reply) => ({ ...reply, sealedBody: new Uint8Array() })],
    ['one with another status', (reply) => ({ ...reply, status: 200 })],
  ])('%s', async (_, change) => {
    const { vault, once, scopes } = await open()
    await once()
    const store: Store = {
      ...vault.store,
      idempotencyClaim: async (name) => {
        const found = await vault.store.idempotencyClaim(name)
        return found?.reply && { ...found, reply: change(found.reply) }
      },
    }
    await expect(once({ store })).rejects.toThrow('sealed bytes')
    expect(await once({ store, content: 'another thing' })).toEqual(reused)
    expect(scopes).toHaveLength(1)
    expect(await once()).toEqual(replayed(1))
  })

  test('that of another request', async () => {
    const { vault, once, markOf, scopes } = await open()
    await once()
    await once({ key: 'k-2' })
    const [other] = markOf({ key: 'k-2' })
    const foreign = await vault.store.idempotencyClaim(other?.name ?? new Uint8Array())
    const store: Store = {
      ...vault.store,
      idempotencyClaim: async (name) => {
        const found = await vault.store.idempotencyClaim(name)
        return found && { ...found, reply: foreign?.reply }
      },
    }
    await expect(once({ store })).rejects.toThrow('belong elsewhere')
    expect(scopes).toHaveLength(2)
  })
})

const flipLast = (byte: number, at: number, { length }: Uint8Array): number =>
  at === length - 1 ? byte ^ 1 : byte

test('an operation that forgets to settle is a bug, and no claim of it stays', async () => {
  const { ports, tenant, once, markOf } = await open()
  await expect(runOnce(ports, tenant.id, markOf(), async () => ok(1))).rejects.toThrow(
    'did not commit the reply',
  )
  expect(await once()).toEqual(ran(1))
})
