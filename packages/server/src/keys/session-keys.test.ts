import { createPrivateKey, type KeyObject } from 'node:crypto'
import { UnavailableError } from '@cardkeep/core/errors'
import type { CaptureId, CaptureRef, CredentialId, TenantId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import {
  type CaptureSession,
  type SessionPublicKey,
  sessionKeyMs,
  sessionLifetimeMs,
} from '@cardkeep/core/sessions/capture-session'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { sealPayload } from '@cardkeep/testing/keys/seal-payload'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { makePrivateKey, publicHalf, thumbprintOf } from './key-pair.ts'
import { createSessionKeySealer } from './session-key-sealer.ts'
import { createSessionKeys } from './session-keys.ts'
import { keysOfOneProcess, type SharedKeys } from './shared-keys.ts'

const notReadable = { ok: false, error: { type: 'PayloadNotReadable' } }

let pairs: readonly KeyObject[]
beforeAll(async () => {
  pairs = await Promise.all([makePrivateKey(), makePrivateKey(), makePrivateKey()])
})

const sessionFor = (key: SessionPublicKey): CaptureSession => ({
  id: '0000ca97-0000-4000-8000-000000000001' as CaptureId,
  ref: '00000ca9-0000-4000-8000-000000000001' as CaptureRef,
  tenantId: '00000e00-0000-4000-8000-000000000001' as TenantId,
  openedBy: '0000c0de-0000-4000-8000-000000000001' as CredentialId,
  wish: { type: 'tokenize', lifetimeMs: undefined },
  key,
})

/** Keeps what nodes share as a server does, but for its time. */
const createShelf = () => {
  const puts: { name: Buffer; sealed: Uint8Array; ttlMs: number }[] = []
  const shared: SharedKeys = {
    put: async (name, sealed, ttlMs) => void puts.push({ name, sealed, ttlMs }),
    find: async (name) => puts.find((put) => put.name.equals(name))?.sealed,
    isGood: async (name) => puts.some((put) => put.name.equals(name)),
    dropAll: async () => void puts.splice(0),
  }
  return { puts, shared }
}

const open = async (shared: SharedKeys = keysOfOneProcess) => {
  const clock = createFixedClock()
  const { keyring, another } = await createKeyFixture({ clock, ids: createCountingIds() })
  const made: KeyObject[] = []
  const world = { fails: false }
  const parts = {
    shared,
    clock,
    makeKey: async () => {
      if (world.fails) throw new Error('no entropy')
      const pair = pairs[made.length]
      if (!pair) throw new Error('a test makes more pairs than it has')
      made.push(pair)
      return pair
    },
  }
  return {
    clock,
    made,
    world,
    keyring,
    keys: createSessionKeys({ ...parts, sealer: createSessionKeySealer(keyring) }),
    openNode: async () => createSessionKeys({ ...parts, sealer: createSessionKeySealer(await another()) }),
  }
}

const textOf = async (keys: Awaited<ReturnType<typeof open>>['keys'], key: SessionPublicKey) => {
  const opened = await keys.open('live', sessionFor(key), await sealPayload(key, 'a text'))
  return opened.ok ? openSecret(opened.value.text, 'check') : opened.error.type
}

test('what was sealed for a session opens', async () => {
  const { keys } = await open()
  expect(await textOf(keys, await keys.current('live'))).toBe('a text')
})

test('a pair is an RSA key of 2048 bits, named by its thumbprint', async () => {
  const { keys, made } = await open()
  const key = await keys.current('live')
  expect(Buffer.from(key.modulus, 'base64url')).toHaveLength(256)
  expect(key.exponent).toBe('AQAB')
  expect(key.id).toMatch(/^[\w-]{43}$/)
  expect(made[0] && publicHalf(made[0])).toEqual(key)
})

test('the thumbprint is that of RFC 7638, 3.1', () => {
  const modulus =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
  expect(thumbprintOf({ modulus, exponent: 'AQAB' })).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

test('sessions of some minutes share a pair, and then get another', async () => {
  const { keys, clock, made } = await open()
  const first = await keys.current('live')
  clock.advance(sessionKeyMs - 1)
  expect(await keys.current('live')).toEqual(first)
  clock.advance(1)
  const second = await keys.current('live')
  expect(second.id).not.toBe(first.id)
  expect(made).toHaveLength(2)
})

test('many who ask at once, when none is there or its time is over, get the same', async () => {
  const { keys, clock, made } = await open()
  for (const count of [1, 2]) {
    const all = await Promise.all(Array.from({ length: 20 }, () => keys.current('live')))
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    expect(made).toHaveLength(count)
    clock.advance(sessionKeyMs)
  }
})

test('a pair opens until the last session is over that may have it, and is then forgotten', async () => {
  const { keys, clock } = await open()
  const key = await keys.current('live')
  const session = sessionFor(key)
  const payload = await sealPayload(key, 'a text')
  clock.advance(sessionKeyMs + sessionLifetimeMs)
  expect(await keys.open('live', session, payload)).toMatchObject({ ok: true })
  clock.advance(sessionKeyMs)
  expect(await keys.open('live', session, payload)).toEqual(notReadable)
  await keys.tend()
  expect(await keys.open('live', session, payload)).toEqual(notReadable)
})

test('a pair that was made ahead is the one that is handed out, and then the next is made', async () => {
  const { keys, clock, made } = await open()
  await keys.current('live')
  await keys.tend()
  await keys.tend()
  expect(made).toHaveLength(2)
  // However long it waits for its first session.
  clock.advance(10 * sessionKeyMs)
  const [, second] = made
  expect(await keys.current('live')).toEqual(second && publicHalf(second))
  expect(made).toHaveLength(2)
  await keys.tend()
  expect(made).toHaveLength(3)
  clock.advance(sessionKeyMs)
  const [, , third] = made
  expect(await keys.current('live')).toEqual(third && publicHalf(third))
})

describe('of each environment', () => {
  test('sessions get pairs that those of the other never get', async () => {
    const { keys, clock } = await open()
    const live = await keys.current('live')
    const test = await keys.current('test')
    expect(test.id).not.toBe(live.id)
    expect([await keys.current('live'), await keys.current('test')]).toEqual([live, test])
    clock.advance(sessionKeyMs)
    expect([live.id, test.id]).not.toContain((await keys.current('live')).id)
  })

  test.each([
    ['test', 'live'],
    ['live', 'test'],
  ] as const)('a session of %s opens nothing under a pair of %s, whatever it says', async (ours, theirs) => {
    const { shared } = createShelf()
    const { keys, openNode } = await open(shared)
    const other = await openNode()
    const key = await keys.current(theirs)
    await keys.current(ours)
    const [session, payload] = [sessionFor(key), await sealPayload(key, 'a text')]
    for (const node of [keys, other]) {
      expect(await node.open(ours, session, payload)).toEqual(notReadable)
      expect(await node.open(theirs, session, payload)).toMatchObject({ ok: true })
      // Also once it is known there.
      expect(await node.open(ours, session, payload)).toEqual(notReadable)
    }
  })

  test('a private key of the other, put where one of this is looked for, is not used', async () => {
    const { puts, shared } = createShelf()
    const { keys, keyring } = await open(shared)
    const key = await keys.current('test')
    const [put] = puts
    if (!put) throw new Error('nothing was shared')
    puts.push({ ...put, name: createSessionKeySealer(keyring).name({ environment: 'live', keyId: key.id }) })
    await expect(keys.open('live', sessionFor(key), await sealPayload(key, 'a text'))).rejects.toThrow(
      'belong elsewhere',
    )
  })

  test('none is made before a session needs one, and the next only where one did', async () => {
    const { keys, made } = await open()
    await keys.tend()
    expect(made).toHaveLength(0)
    await keys.current('test')
    await keys.tend()
    await keys.tend()
    expect(made).toHaveLength(2)
  })

  test('one that is expected is there before a session needs it', async () => {
    const { keys, made } = await open()
    await keys.tend(['live'])
    await keys.tend(['live'])
    expect(made).toHaveLength(1)
    const [first] = made
    expect(await keys.current('live')).toEqual(first && publicHalf(first))
    await keys.current('test')
    expect(made).toHaveLength(2)
  })
})

describe('after a seal', () => {
  test('no pair opens any more, here or at another node, and no session gets one of before', async () => {
    const { puts, shared } = createShelf()
    const { keys, openNode, made } = await open(shared)
    const other = await openNode()
    const key = await keys.current('live')
    await keys.tend()
    await keys.dropAll()
    expect(puts).toHaveLength(0)
    for (const node of [keys, other]) expect(await textOf(node, key)).toBe('PayloadNotReadable')
    // Not the one that was made ahead either.
    const fresh = await keys.current('live')
    expect(made.slice(0, 2).map((pair) => publicHalf(pair).id)).not.toContain(fresh.id)
    expect(await textOf(keys, fresh)).toBe('a text')
  })

  test('they are forgotten here also where the server cannot be told', async () => {
    const { keys } = await open({
      ...keysOfOneProcess,
      dropAll: async () => {
        throw new UnavailableError('no server')
      },
    })
    const key = await keys.current('live')
    await expect(keys.dropAll()).rejects.toThrow(UnavailableError)
    expect(await textOf(keys, key)).toBe('PayloadNotReadable')
  })

  test('none is made until a session needs one', async () => {
    const { keys, made } = await open()
    await keys.current('live')
    await keys.dropAll()
    await keys.tend()
    expect(made).toHaveLength(1)
  })

  test('what was under way is not known', async () => {
    const { shared } = createShelf()
    const late = Promise.withResolvers<void>()
    const { keys, made } = await open({
      ...shared,
      put: async (...put) => {
        if (made.length === 1) await late.promise
        return shared.put(...put)
      },
    })
    const slow = keys.current('live')
    await vi.waitFor(() => expect(made).toHaveLength(1))
    await keys.dropAll()
    late.resolve()
    const key = await slow
    expect((await keys.current('live')).id).not.toBe(key.id)
  })
})

test('one that could not be made is tried again', async () => {
  const { keys, world } = await open()
  world.fails = true
  await expect(keys.current('live')).rejects.toThrow('no entropy')
  await expect(keys.tend()).rejects.toThrow('no entropy')
  world.fails = false
  expect(await textOf(keys, await keys.current('live'))).toBe('a text')
})

test('a session of a key that nobody knows has nothing that could be read', async () => {
  const { keys } = await open()
  const stranger = publicHalf(await makePrivateKey())
  expect(await keys.open('live', sessionFor(stranger), await sealPayload(stranger, 'a text'))).toEqual(
    notReadable,
  )
})

test('a session of one pair does not open what was sealed for another', async () => {
  const { keys, clock } = await open()
  const first = await keys.current('live')
  clock.advance(sessionKeyMs)
  const second = await keys.current('live')
  expect(await keys.open('live', sessionFor(first), await sealPayload(second, 'a text'))).toEqual(notReadable)
  expect(await textOf(keys, first)).toBe('a text')
})

test('another node opens what was sealed for a session of this one, also after a rotation that it missed', async () => {
  const { puts, shared } = createShelf()
  const { keys, keyring, openNode, clock } = await open(shared)
  const other = await openNode()
  expect(await textOf(other, await keys.current('live'))).toBe('a text')
  await keyring.rotate({ purpose: 'code', owner: undefined, actor: { type: 'vault', id: undefined } })
  clock.advance(sessionKeyMs)
  expect(await textOf(other, await keys.current('live'))).toBe('a text')
  expect(puts).toHaveLength(2)
})

test('another node looks for a key once, and forgets it when its last session is over', async () => {
  const { shared } = createShelf()
  let looks = 0
  const counted: SharedKeys = {
    ...shared,
    find: (name) => {
      looks++
      return shared.find(name)
    },
  }
  const { keys, openNode, clock } = await open(counted)
  const other = await openNode()
  const key = await keys.current('live')
  for (let turn = 0; turn < 3; turn++) expect(await textOf(other, key)).toBe('a text')
  expect(looks).toBe(1)
  clock.advance(sessionLifetimeMs)
  await other.tend()
  await textOf(other, key)
  expect(looks).toBe(2)
})

test('another node knows a key also for a session that was opened long after it first looked for it', async () => {
  const { shared } = createShelf()
  const { keys, openNode, clock } = await open(shared)
  const other = await openNode()
  expect(await textOf(other, await keys.current('live'))).toBe('a text')
  clock.advance(sessionKeyMs - 1)
  const key = await keys.current('live')
  clock.advance(sessionLifetimeMs - 1)
  expect(await textOf(other, key)).toBe('a text')
})

test('what nodes share of a pair is no key to whoever reads it, and lives as long as its sessions', async () => {
  const { puts, shared } = createShelf()
  const { keys, made } = await open(shared)
  const key = await keys.current('live')
  const [put] = puts
  if (!put || !made[0]) throw new Error('nothing was shared')
  expect(put.name).toHaveLength(16)
  expect(put.ttlMs).toBeGreaterThanOrEqual(sessionKeyMs + sessionLifetimeMs)
  expect(put.ttlMs).toBeLessThan(sessionKeyMs + sessionLifetimeMs + sessionKeyMs)
  const { d = '', p = '' } = made[0].export({ format: 'jwk' })
  const bytes = Buffer.from(put.sealed)
  for (const hidden of [Buffer.from(d, 'base64url'), Buffer.from(p, 'base64url'), Buffer.from(key.id)])
    expect(bytes.includes(hidden)).toBe(false)
  expect(() => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })).toThrow('asn1')
})

test('no session gets a pair that the other nodes would not find', async () => {
  const { shared } = createShelf()
  let isAway = true
  const { keys, made } = await open({
    ...shared,
    put: async (...put) => {
      if (isAway) throw new UnavailableError('no server')
      return shared.put(...put)
    },
  })
  await expect(keys.current('live')).rejects.toThrow(UnavailableError)
  isAway = false
  await keys.current('live')
  expect(made).toHaveLength(1)
})

test('a pair that the server has lost is handed to no further session, and many who find out at once get one other', async () => {
  const { puts, shared } = createShelf()
  const { keys, made } = await open(shared)
  const lost = await keys.current('live')
  puts.splice(0)
  const all = await Promise.all(Array.from({ length: 20 }, () => keys.current('live')))
  expect(new Set(all.map(({ id }) => id)).size).toBe(1)
  expect(all[0]?.id).not.toBe(lost.id)
  expect(made).toHaveLength(2)
  expect(puts).toHaveLength(1)
})

test('whoever hears late that a pair is lost gets the one that is there by then', async () => {
  const { puts, shared } = createShelf()
  const late = Promise.withResolvers<void>()
  let asked = 0
  const { keys, made } = await open({
    ...shared,
    isGood: async (name) => {
      const isThere = await shared.isGood(name)
      if (++asked === 1) await late.promise
      return isThere
    },
  })
  await keys.current('live')
  puts.splice(0)
  const slow = keys.current('live')
  const other = await keys.current('live')
  late.resolve()
  expect(await slow).toEqual(other)
  expect(made).toHaveLength(2)
})

test('a server that cannot be asked for a key is an outage, and no payload that cannot be read', async () => {
  const { shared } = createShelf()
  const { keys, openNode } = await open({
    ...shared,
    find: async () => {
      throw new UnavailableError('no server')
    },
  })
  const key = await keys.current('live')
  const other = await openNode()
  await expect(textOf(other, key)).rejects.toThrow(UnavailableError)
})

test('a key of another pair, put where one is looked for, is not used', async () => {
  const { puts, shared } = createShelf()
  const { keys, openNode, clock } = await open(shared)
  const first = await keys.current('live')
  clock.advance(sessionKeyMs)
  await keys.current('live')
  const [one, two] = puts
  if (!one || !two) throw new Error('nothing was shared')
  puts.splice(0, 2, { ...one, sealed: two.sealed })
  await expect(textOf(await openNode(), first)).rejects.toThrow('belong elsewhere')
})
