import type { CodeAddress, HeldCode } from '@cardkeep/core/codes/held-code'
import { UnavailableError } from '@cardkeep/core/errors'
import type { SessionId } from '@cardkeep/core/kernel/ids'
import { openSecret, Secret } from '@cardkeep/core/kernel/secret'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { codeStoreConformance } from '@cardkeep/testing/conformance/codes'
import { createKeyFixture, placeAt, scopeOwner, tenantAt } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createCodeSealer } from '../keys/code-sealer.ts'
import { type CodeBackend, nameBytes, type SealedCode, sealedCodeBytes } from './backend.ts'
import { createCodeStore } from './code-store.ts'
import { createMemoryBackend } from './memory/memory-backend.ts'

codeStoreConformance('codes in memory', async ({ clock, limitPerTenant, scopes }) => {
  const owners = scopes.map((id) => ({ type: 'scope', id }) as const)
  const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() }, owners)
  const backend = createMemoryBackend({ clock, limitPerOwner: limitPerTenant })
  return { store: createCodeStore(createCodeSealer(keyring), backend), sweep: () => backend.sweep() }
})

describe('what a backend gets to see', () => {
  const place = placeAt(1, 1)
  const session: CodeAddress = {
    type: 'session',
    tenantId: tenantAt(1),
    sessionId: '00000000-0000-4000-8000-00000000beef' as SessionId,
  }
  const code: HeldCode = {
    address: session,
    place,
    tenantId: tenantAt(1),
    code: new Secret('9471'),
    ttlMs: 1_000,
    uses: 2,
    destinations: undefined,
  }
  const taker = { place, destination: 'https://shop.example' }

  /** A store whose backend keeps all that it is handed. */
  const openSpied = async () => {
    const clock = createFixedClock()
    const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() }, [scopeOwner(place)])
    const seen: SealedCode[] = []
    const memory = createMemoryBackend({ clock, limitPerOwner: 10 })
    const backend: CodeBackend = {
      ...memory,
      hold: (sealed) => {
        seen.push(sealed)
        return memory.hold(sealed)
      },
    }
    return { store: createCodeStore(createCodeSealer(keyring), backend), memory, seen }
  }

  test('is neither the code nor an id, and fits into a slot', async () => {
    const { store, seen } = await openSpied()
    await store.hold(code)
    await store.hold({ ...code, address: { type: 'token', tenantId: tenantAt(1), tokenId: place.tokenId } })
    expect(seen).toHaveLength(2)
    for (const { name, tokenName, sealed } of seen) {
      expect([name.length, tokenName.length]).toEqual([nameBytes, nameBytes])
      expect(sealed.length).toBeLessThanOrEqual(sealedCodeBytes)
      const bytes = Buffer.concat([name, tokenName, sealed])
      for (const hidden of ['9471', place.tokenId, session.sessionId, tenantAt(1)]) {
        expect(bytes.includes(hidden)).toBe(false)
        expect(bytes.includes(Buffer.from(hidden.replaceAll('-', ''), 'hex'))).toBe(false)
      }
    }
    expect(seen[0]?.name.equals(seen[1]?.name ?? Buffer.alloc(0))).toBe(false)
    expect(seen[1]?.name.equals(seen[1].tokenName)).toBe(false)
    expect(seen[1]?.tokenName.equals(seen[0]?.tokenName ?? Buffer.alloc(0))).toBe(true)
  })

  test('is a hash of where it may be sent to, which is another for every code', async () => {
    const { store, seen } = await openSpied()
    const destinations = ['https://a.example', 'https://b.example']
    await store.hold({ ...code, destinations })
    await store.hold({
      ...code,
      address: { type: 'token', tenantId: tenantAt(1), tokenId: place.tokenId },
      destinations,
    })
    const names = seen.flatMap((sealed) => sealed.destinations ?? [])
    expect(names.map((name) => name.length)).toEqual([nameBytes, nameBytes, nameBytes, nameBytes])
    expect(new Set(names.map((name) => name.toString('hex'))).size).toBe(4)
    expect(Buffer.concat(names).includes('example')).toBe(false)
  })

  test('is sealed anew each time, so that two equal codes look different', async () => {
    const { store, seen } = await openSpied()
    await store.hold(code)
    await store.hold(code)
    expect(Buffer.from(seen[0]?.sealed ?? []).equals(Buffer.from(seen[1]?.sealed ?? []))).toBe(false)
  })

  test('opens at its own address only: a backend that mixes two up hands out neither', async () => {
    const { store, memory, seen } = await openSpied()
    await store.hold(code)
    const [sealed] = seen
    if (!sealed) throw new Error('nothing was held')
    for (const tenantId of [tenantAt(1), tenantAt(2)]) {
      const elsewhere: CodeAddress = { type: 'token', tenantId, tokenId: place.tokenId }
      await store.hold({ ...code, address: elsewhere })
      await memory.hold({ ...sealed, name: seen.at(-1)?.name ?? Buffer.alloc(0) })
      await expect(store.take(elsewhere, taker)).rejects.toThrow('belong elsewhere')
    }
    const taken = await store.take(session, taker)
    expect(taken && openSecret(taken.code, 'check')).toBe('9471')
  })
})

test('a code whose key cannot be had just now is not lost', async () => {
  const place = placeAt(1, 1)
  const clock = createFixedClock()
  const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() }, [scopeOwner(place)])
  const sealer = createCodeSealer(keyring)
  let isReachable = false
  const store = createCodeStore(
    {
      ...sealer,
      open: (...sealed) => {
        if (!isReachable) throw new UnavailableError('no key service')
        return sealer.open(...sealed)
      },
    },
    createMemoryBackend({ clock, limitPerOwner: 10 }),
  )
  const address: CodeAddress = { type: 'token', tenantId: tenantAt(1), tokenId: place.tokenId }
  const code = new Secret('123')
  await store.hold({
    address,
    place,
    tenantId: tenantAt(1),
    code,
    ttlMs: 1_000,
    uses: 1,
    destinations: undefined,
  })
  const taker = { place, destination: 'https://shop.example' }
  await expect(store.take(address, taker)).rejects.toThrow(UnavailableError)
  isReachable = true
  const taken = await store.take(address, taker)
  expect(taken && openSecret(taken.code, 'check')).toBe('123')
})
