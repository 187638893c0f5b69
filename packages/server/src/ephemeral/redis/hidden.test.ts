import { marksOf, marksOfVisitor } from '@cardkeep/core/codes/guesses'
import type { CodeAddress } from '@cardkeep/core/codes/held-code'
import type { CaptureId, CaptureRef, CredentialId, SessionId } from '@cardkeep/core/kernel/ids'
import { Secret } from '@cardkeep/core/kernel/secret'
import type { SessionStore } from '@cardkeep/core/ports'
import {
  type CaptureSession,
  type SessionClaim,
  sessionKeyMs,
  sessionLifetimeMs,
} from '@cardkeep/core/sessions/capture-session'
import { pairOf } from '@cardkeep/core/tenants/lockout'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { createKeyFixture, placeAt, scopeOwner, tenantAt } from '@cardkeep/testing/keys/fixture'
import { drawPrivateKey } from '@cardkeep/testing/keys/session-key'
import { drawPrefix, openOnRedis } from '@cardkeep/testing/servers/redis-ephemeral'
import { describeOnRedis } from '@cardkeep/testing/servers/shared'
import { Redis } from 'ioredis'
import { expect, test } from 'vitest'
import { createCodeSealer } from '../../keys/code-sealer.ts'
import { createNameHash } from '../../keys/name-hash.ts'
import { createSessionKeySealer } from '../../keys/session-key-sealer.ts'
import { createSessionKeys } from '../../keys/session-keys.ts'
import { createSessionSealer } from '../../keys/session-sealer.ts'
import { nameBytes } from '../backend.ts'
import { createCaptureMarks } from '../capture-marks.ts'
import { createCodeStore } from '../code-store.ts'
import { createSessionStore } from '../session-store.ts'

const place = placeAt(1, 1)
const tenantId = tenantAt(1)
const sessionId = '00000000-0000-4000-8000-00000000beef' as SessionId
const session: CodeAddress = { type: 'session', tenantId, sessionId }
const origin = 'https://shop.example'
const credential = '00000000-0000-4000-8000-00000000c0de'
const address = '198.51.100.77'
const digits = '9471'

const mark = new Uint8Array(32).fill(0xab)

const capture: Omit<CaptureSession, 'key'> = {
  id: '0000ca97-0000-4000-8000-00000000beef' as CaptureId,
  ref: '00000ca9-0000-4000-8000-00000000feed' as CaptureRef,
  tenantId,
  openedBy: credential as CredentialId,
  wish: {
    type: 'refresh code',
    tokenId: place.tokenId,
    card: {
      issuerNumber: '424242',
      last4: '4242',
      length: 16,
      scheme: 'visa',
      expiryMonth: 4,
      expiryYear: 2033,
    },
  },
}

const claimOf = async (sessions: SessionStore): Promise<SessionClaim> => {
  const claim = await sessions.claim(capture.id)
  if (claim?.type !== 'claimed') throw new Error('a test could not claim its session')
  return claim
}

/** In clear, as the bytes of an id, and as text that was encoded in the ways at hand. */
const formsOf = (text: string): readonly Buffer[] => {
  const bytes = [Buffer.from(text), Buffer.from(text.replaceAll('-', ''), 'hex')].filter(
    ({ length }) => length > 3,
  )
  return bytes.flatMap((form) => [
    form,
    Buffer.from(form.toString('base64url')),
    Buffer.from(form.toString('hex')),
  ])
}

describeOnRedis('what stands on the server', (server) => {
  const open = async () => {
    const clock = createFixedClock()
    const prefix = drawPrefix()
    const ephemeral = await openOnRedis({ url: server.url(), clock, prefix })
    const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() }, [scopeOwner(place)])
    const operator = new Redis(server.url())
    return {
      clock,
      marks: createCaptureMarks(createNameHash(keyring), ephemeral.marks),
      ephemeral,
      operator,
      prefix,
      store: createCodeStore(createCodeSealer(keyring), ephemeral.codes),
      sessions: createSessionStore(createSessionSealer(keyring), ephemeral.sessions),
      sessionKeys: createSessionKeys({
        sealer: createSessionKeySealer(keyring),
        shared: ephemeral.sessionKeys,
        clock,
        makeKey: drawPrivateKey,
      }),
      keys: () => operator.keys(`${prefix}*`),
      close: async () => {
        operator.disconnect()
        await ephemeral.close()
      },
    }
  }

  const held = { place, tenantId, code: new Secret(digits), ttlMs: 60_000, uses: 1, destinations: [origin] }

  test('and what is said to it has neither a code nor an id, an origin or an address in it', async () => {
    const { clock, ephemeral, operator, store, sessions, sessionKeys, marks, keys, close } = await open()
    const said: string[] = []
    const monitor = await operator.monitor()
    const heardAll = new Promise<void>((resolve) => {
      monitor.on('monitor', (_: string, words: readonly string[]) => {
        said.push(words.join(' '))
        if (words.includes('the end')) resolve()
      })
    })

    await store.hold({ address: session, ...held })
    await store.hold({ address: { type: 'token', tenantId, tokenId: place.tokenId }, ...held, uses: 3 })
    const taken = await store.take(session, { place, destination: origin })
    await ephemeral.guesses.failed(marksOf({ tenantId, tokenId: place.tokenId, sessionId, origin: address }))
    await ephemeral.guesses.failed(marksOfVisitor({ origin: address }))
    await ephemeral.lockouts.fail(pairOf(credential, address))
    const key = await sessionKeys.current('live')
    await sessions.open({ ...capture, key })
    const claim = await claimOf(sessions)
    await sessions.admit(claim, mark)
    expect(await marks.admit({ mark, tenantId, capturedAt: clock.now() })).toBe(true)
    const seen: Buffer[] = []
    for (const key of await keys()) seen.push(Buffer.from(key), await operator.dumpBuffer(key))
    if (taken) await store.giveBack(taken)
    for (const key of await keys()) seen.push(Buffer.from(key), await operator.dumpBuffer(key))
    await store.drop(session)
    await sessions.end(claim, { type: 'success', tokenId: place.tokenId })
    for (const key of await keys()) seen.push(Buffer.from(key), await operator.dumpBuffer(key))
    await sessions.find(capture.id)
    await store.dropAll()
    await sessions.dropAll()
    await operator.echo('the end')
    await heardAll
    monitor.disconnect()

    const everything = Buffer.concat([...seen, ...said.map((text) => Buffer.from(text))])
    expect(said.join('\n')).toContain('evalsha')
    expect(seen.length).toBeGreaterThan(20)
    for (const hidden of [
      place.tokenId,
      place.scopeId,
      tenantId,
      sessionId,
      credential,
      address,
      origin,
      'shop.example',
      capture.id,
      capture.ref,
    ])
      for (const form of formsOf(hidden))
        expect(everything.includes(form), `${hidden} is there as ${form.toString()}`).toBe(false)
    // Four digits stand by chance within what was drawn or hashed; a code that is told stands by itself.
    expect(everything.toString('latin1')).not.toMatch(new RegExp(`(?<![\\w+/-])${digits}(?![\\w+/-])`))
    const { d = '' } = (await drawPrivateKey()).export({ format: 'jwk' })
    for (const form of [d, Buffer.from(d, 'base64url'), key.modulus, key.id, Buffer.from(mark)])
      expect(everything.includes(form)).toBe(false)
    await close()
  })

  test('of a code whose last use was taken are no sealed bytes, and nothing at all after its time', async () => {
    const { operator, prefix, store, keys, close } = await open()
    await store.hold({ address: session, ...held, ttlMs: 900_000 })
    const [key = ''] = await operator.keys(`${prefix}c:*`)
    const before = (await operator.get(key)) ?? ''
    const sealed = before.slice(-51)
    await store.take(session, { place, destination: origin })
    const after = (await operator.get(key)) ?? ''
    expect(after).not.toBe('')
    expect(after).not.toContain(sealed.slice(0, 20))
    expect(after).not.toContain(sealed.slice(-20))
    expect(await operator.pttl(key)).toBeLessThanOrEqual(120_000)
    expect(await operator.pttl(key)).toBeGreaterThan(110_000)
    await store.drop(session)
    expect(
      (await keys()).filter((name) => !/:(epoch|owners|run|session-epoch|marks-since)$/.test(name)),
    ).toEqual([])
    await close()
  })

  test('everything has an end by itself, but for who has codes, how often all were dropped, and which server it is since when', async () => {
    const { clock, ephemeral, operator, store, sessions, sessionKeys, marks, prefix, keys, close } =
      await open()
    await marks.admit({ mark, tenantId, capturedAt: clock.now() })
    await store.hold({ address: session, ...held })
    await store.dropAll()
    await store.hold({ address: session, ...held })
    await ephemeral.guesses.failed(marksOf({ tenantId, tokenId: place.tokenId, sessionId, origin: address }))
    await ephemeral.guesses.failed(marksOfVisitor({ origin: address }))
    await ephemeral.lockouts.fail(pairOf(credential, address))
    await sessions.open({ ...capture, key: await sessionKeys.current('live') })
    await sessions.dropAll()
    await sessions.open({ ...capture, key: await sessionKeys.current('live') })
    await sessions.admit(await claimOf(sessions), mark)
    const endless: string[] = []
    for (const key of await keys())
      if ((await operator.pttl(key)) === -1) endless.push(key.slice(prefix.length).replace(/^o:.*/, 'o:'))
    expect(endless.toSorted()).toEqual(['epoch', 'marks-since', 'o:', 'owners', 'run', 'session-epoch'])
    await close()
  })

  test('of a session is gone with it, and of all of them when they are dropped, but for what was admitted', async () => {
    const { operator, prefix, sessions, sessionKeys, keys, close } = await open()
    const key = await sessionKeys.current('live')
    await sessions.open({ ...capture, key })
    await sessions.drop(capture.id)
    expect(await operator.keys(`${prefix}[sw]:*`)).toEqual([])
    await sessions.open({ ...capture, key })
    const [name = ''] = await operator.keys(`${prefix}s:*`)
    const [list = ''] = await operator.keys(`${prefix}w:*`)
    for (const one of [name, list]) {
      expect(await operator.pttl(one)).toBeGreaterThan(sessionLifetimeMs - 10_000)
      expect(await operator.pttl(one)).toBeLessThanOrEqual(sessionLifetimeMs)
    }
    await sessions.admit(await claimOf(sessions), mark)
    expect(await operator.pttl(name)).toBeLessThanOrEqual(sessionLifetimeMs)
    const [admitted = ''] = await operator.keys(`${prefix}p:*`)
    expect(await operator.pttl(admitted)).toBeGreaterThan(sessionLifetimeMs + sessionKeyMs)
    await sessions.dropAll()
    expect(await operator.keys(`${prefix}s:*`)).toEqual([])
    expect(await keys()).toContain(admitted)
    await close()
  })

  test('of all keys is void when they are dropped, at once and also where a scan would not find it', async () => {
    const { operator, prefix, sessions, ephemeral, sessionKeys, close } = await open()
    const name = Buffer.alloc(nameBytes, 1)
    const sealed = Buffer.from('sealed')
    await ephemeral.sessionKeys.put(name, sealed, 60_000)
    const [key = ''] = await operator.keys(`${prefix}k:*`)
    const kept = await operator.dumpBuffer(key)
    await sessions.open({ ...capture, key: await sessionKeys.current('live') })
    await ephemeral.sessionKeys.dropAll()
    expect(await operator.keys(`${prefix}k:*`)).toEqual([])
    expect(await sessions.find(capture.id)).toBeUndefined()
    await operator.restore(key, 0, kept)
    expect(await ephemeral.sessionKeys.find(name)).toBeUndefined()
    // One that is put while a scan is still to come stays.
    const dropping = ephemeral.sessionKeys.dropAll()
    await ephemeral.sessionKeys.put(name, sealed, 60_000)
    await dropping
    expect(await ephemeral.sessionKeys.find(name)).toEqual(sealed)
    await close()
  })

  test('of a key is void for other nodes and new sessions once all sessions were dropped', async () => {
    const { sessions, ephemeral, close } = await open()
    const name = Buffer.alloc(nameBytes, 1)
    await ephemeral.sessionKeys.put(name, Buffer.from('sealed'), 60_000)
    expect(await ephemeral.sessionKeys.find(name)).toEqual(Buffer.from('sealed'))
    expect(await ephemeral.sessionKeys.isGood(name)).toBe(true)
    await sessions.dropAll()
    expect(await ephemeral.sessionKeys.find(name)).toBeUndefined()
    expect(await ephemeral.sessionKeys.isGood(name)).toBe(false)
    await close()
  })

  test('in the list of a token is forgotten when its codes are, however many come after', async () => {
    const { operator, prefix, store, close } = await open()
    await store.hold({ address: session, ...held, ttlMs: 1 })
    const long = { ...held, ttlMs: 600_000 }
    await store.hold({ address: { type: 'token', tenantId, tokenId: place.tokenId }, ...long })
    const [list = ''] = await operator.keys(`${prefix}t:*`)
    expect(await operator.pttl(list)).toBeGreaterThan(500_000)
    while ((await operator.keys(`${prefix}c:*`)).length > 1);
    await store.hold({ address: { ...session, sessionId: credential as SessionId }, ...held })
    expect(await operator.zcard(list)).toBe(2)
    expect(await operator.pttl(list)).toBeGreaterThan(500_000)
    await close()
  })

  test('in the list of a token is no reason to drop what another token has held there since', async () => {
    const { operator, prefix, store, close } = await open()
    const other = placeAt(1, 2)
    await store.hold({ address: session, ...held })
    // As when its reservation has ended: the list of its token names it until the code would have.
    await operator.del(await operator.keys(`${prefix}c:*`))
    await store.hold({ address: session, ...held, place: other })
    expect(await store.dropToken(place.tokenId)).toBe(false)
    expect(await store.take(session, { place: other, destination: origin })).toBeDefined()
    await close()
  })

  test('is counted, and a sweep forgets owners who hold nothing', async () => {
    const { ephemeral, operator, prefix, store, close } = await open()
    await store.hold({ address: session, ...held, ttlMs: 1 })
    await store.hold({
      address: { type: 'token', tenantId: tenantAt(2), tokenId: place.tokenId },
      ...held,
      tenantId: tenantAt(2),
    })
    while ((await operator.keys(`${prefix}c:*`)).length > 1);
    expect([await ephemeral.count(), await operator.scard(`${prefix}owners`)]).toEqual([1, 2])
    await ephemeral.sweep()
    expect([await ephemeral.count(), await operator.scard(`${prefix}owners`)]).toEqual([1, 1])
    expect(await operator.keys(`${prefix}o:*`)).toHaveLength(1)
    await close()
  })
})
