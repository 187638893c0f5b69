import type { CodeAddress, CodeTaker, HeldCode } from '@cardkeep/core/codes/held-code'
import { UnavailableError } from '@cardkeep/core/errors'
import type { ScopeId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import { ok } from '@cardkeep/core/kernel/result'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { CodeStore, StoredAuditEntry } from '@cardkeep/core/ports'
import { expect, test } from 'vitest'
import { createDropFollower, followDrops } from './follow-drops.ts'

const tokenAt = (at: number): TokenId => `00000700-0000-4000-8000-${String(at).padStart(12, '0')}` as TokenId
const token = tokenAt(1)

/** A log that this process and others write to, and a counter that moves with what others write. */
const createLog = () => {
  const entries: StoredAuditEntry[] = []
  let version = 1
  let reads = 0
  let isOut = false
  const needsStore = (): void => {
    if (isOut) throw new UnavailableError('no database')
  }
  const write = (action: string, id: TokenId): void => {
    const seq = (entries.at(-1)?.seq ?? 0) + 1
    const text = JSON.stringify([seq, 0, action, 'success', null, ['x', null], null, null, ['token', id], {}])
    entries.push({ seq, text, hash: new Uint8Array() })
  }
  return {
    own: (action: string, id = token) => write(action, id),
    other: (action: string, id = token) => {
      write(action, id)
      version++
    },
    /** As if these had been archived. */
    forget: (count: number) => void entries.splice(0, count),
    reads: () => reads,
    fail: (out: boolean) => {
      isOut = out
    },
    store: {
      dataVersion: async () => {
        needsStore()
        return version
      },
      auditHead: async () => {
        needsStore()
        return { chain: 0, seq: entries.at(-1)?.seq ?? 0, hash: new Uint8Array() }
      },
      auditEntries: async (afterSeq: number, limit: number) => {
        needsStore()
        const found = entries.filter(({ seq }) => seq > afterSeq).slice(0, limit)
        reads += found.length
        return found
      },
    },
  }
}

const open = async () => {
  const log = createLog()
  log.own('token.suspended', tokenAt(99))
  const calls: string[] = []
  let slowDrop = Promise.resolve()
  const codes: CodeStore = {
    hold: async () => {
      calls.push('hold')
      return ok({ hold: undefined })
    },
    undoHold: async () => {
      throw new Error('a hold was undone that nobody made')
    },
    take: async () => {
      calls.push('take')
      return undefined
    },
    giveBack: async () => {
      calls.push('giveBack')
      return true
    },
    drop: async () => {
      throw new Error('one code was dropped in the place of all')
    },
    dropToken: async (tokenId) => {
      // Whoever waits for a look must wait for its end.
      await slowDrop
      calls.push(`drop ${tokenId}`)
      return true
    },
    dropTokenOf: async () => {
      throw new Error("one tenant's codes were dropped in the place of all")
    },
    isHeldBy: async () => false,
    dropAll: async () => void calls.push('drop all'),
  }
  const follower = await createDropFollower(log.store, codes)
  return {
    log,
    calls,
    follower,
    followed: followDrops(codes, follower),
    /** Whoever drops stands still until the answer is called. */
    holdUpDrops: (): (() => void) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      slowDrop = promise
      return resolve
    },
  }
}

const tenantId = 'tenant' as TenantId
const address: CodeAddress = { type: 'token', tenantId, tokenId: token }
const place = { scopeId: 'scope' as ScopeId, environment: 'live', tokenId: token } as const
const taker: CodeTaker = { place, destination: 'https://psp.example' }
const held: HeldCode = {
  address,
  place,
  tenantId,
  code: new Secret('123'),
  ttlMs: 1,
  uses: 1,
  destinations: undefined,
}

test.each(['token.suspended', 'token.invalidated', 'token.deleted', 'token.expired'])(
  'codes go with %s by another process',
  async (action) => {
    const { log, calls, follower } = await open()
    log.other(action)
    await follower.follow()
    expect(calls).toEqual([`drop ${token}`])
    await follower.follow()
    expect(calls).toHaveLength(1)
  },
)

test.each(['token.created', 'token.updated', 'token.activated', 'token.shown', 'card.forward'])(
  'codes stay with %s by another process',
  async (action) => {
    const { log, calls, follower } = await open()
    log.other(action)
    await follower.follow()
    expect(calls).toEqual([])
  },
)

test('a token that is active again by now has lost its codes all the same', async () => {
  const { log, calls, followed } = await open()
  log.other('token.suspended')
  log.other('token.activated')
  await followed.take(address, taker)
  expect(calls).toEqual([`drop ${token}`, 'take'])
})

test('a vault that is open again by now has lost all its codes', async () => {
  const { log, calls, followed } = await open()
  log.other('vault.sealed')
  log.other('vault.unsealed')
  await followed.take(address, taker)
  expect(calls).toEqual(['drop all', 'take'])
})

test('a code that comes after the end of others stays', async () => {
  const { log, calls, followed, follower } = await open()
  log.other('token.suspended')
  log.other('token.activated')
  await followed.hold(held)
  await follower.keepUp()
  expect(calls).toEqual([`drop ${token}`, 'hold'])
})

test('whoever comes while another looks waits for what is dropped', async () => {
  const { log, calls, followed } = await open()
  for (let at = 1; at <= 20; at++) log.other('token.deleted', tokenAt(at))
  await Promise.all([followed.take(address, taker), followed.take(address, taker)])
  expect(calls.slice(-2)).toEqual(['take', 'take'])
  expect(calls.filter((call) => call.startsWith('drop'))).toHaveLength(20)
})

test('what another writes while somebody looks is seen by whoever comes after it', async () => {
  const { log, calls, followed, holdUpDrops } = await open()
  const goOn = holdUpDrops()
  log.other('token.suspended', tokenAt(2))
  const first = followed.take(address, taker)
  // The first has read the log by now and stands at dropping.
  await new Promise(setImmediate)
  log.other('token.suspended')
  const second = followed.take(address, taker)
  goOn()
  await Promise.all([first, second])
  expect(calls).toEqual([`drop ${tokenAt(2)}`, 'take', `drop ${token}`, 'take'])
})

test('what another writes while somebody looks is seen by the next look', async () => {
  const { log, calls, follower, holdUpDrops } = await open()
  const goOn = holdUpDrops()
  log.other('token.suspended', tokenAt(2))
  const looking = follower.follow()
  await new Promise(setImmediate)
  log.other('token.suspended')
  goOn()
  await looking
  await follower.follow()
  expect(calls).toEqual([`drop ${tokenAt(2)}`, `drop ${token}`])
})

test('where nobody else writes, nothing is read', async () => {
  const { log, follower } = await open()
  for (let at = 0; at < 1_000; at++) log.own('card.forward')
  await follower.follow()
  expect(log.reads()).toBe(0)
})

test('a job keeps up, so that little is read when somebody else writes', async () => {
  const { log, calls, follower } = await open()
  for (let at = 0; at < 2_000; at++) log.own('card.forward')
  await follower.keepUp()
  log.other('token.deleted')
  await follower.follow()
  expect(log.reads()).toBe(1)
  expect(calls).toEqual([`drop ${token}`])
})

test('a log that is longer than one reading is read to its end', async () => {
  const { log, calls, follower } = await open()
  for (let at = 0; at < 1_234; at++) log.own('card.forward')
  log.other('token.deleted')
  await follower.follow()
  expect(calls).toEqual([`drop ${token}`])
})

test('entries that were archived unread may have ended any code', async () => {
  const { log, calls, follower } = await open()
  log.other('token.deleted')
  log.other('card.forward')
  log.forget(2)
  await follower.follow()
  expect(calls).toEqual(['drop all'])
})

test('a look that fails is made again, and no code is given out in between', async () => {
  const { log, calls, followed } = await open()
  log.other('token.suspended')
  log.fail(true)
  await expect(followed.take(address, taker)).rejects.toThrow(UnavailableError)
  expect(calls).toEqual([])
  expect(await followed.giveBack({ code: new Secret('123'), receipt: undefined })).toBe(true)
  log.fail(false)
  await followed.take(address, taker)
  expect(calls).toEqual(['giveBack', `drop ${token}`, 'take'])
})

test('a reading that breaks off goes on where it stopped', async () => {
  const { log, calls, follower } = await open()
  for (let at = 1; at <= 501; at++) log.other('token.suspended', tokenAt(at))
  const { auditEntries } = log.store
  let readings = 0
  log.store.auditEntries = async (afterSeq, limit) => {
    if (++readings === 2) throw new UnavailableError('no database')
    return auditEntries(afterSeq, limit)
  }
  await expect(follower.follow()).rejects.toThrow(UnavailableError)
  expect(calls).toHaveLength(500)
  await follower.follow()
  expect(calls).toHaveLength(501)
})
