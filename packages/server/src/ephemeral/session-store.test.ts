import { UnavailableError } from '@cardkeep/core/errors'
import type { CaptureId, CaptureRef, CredentialId, TenantId, TokenId } from '@cardkeep/core/kernel/ids'
import type { CaptureSession } from '@cardkeep/core/sessions/capture-session'
import { createCountingIds, createFixedClock } from '@cardkeep/testing/clock'
import { sessionConformance } from '@cardkeep/testing/conformance/sessions'
import { createKeyFixture } from '@cardkeep/testing/keys/fixture'
import { describe, expect, test } from 'vitest'
import { createSessionSealer } from '../keys/session-sealer.ts'
import { nameBytes } from './backend.ts'
import { createMemorySessions } from './memory/memory-sessions.ts'
import type { SealedMark, SealedSession, SessionBackend } from './session-backend.ts'
import { createSessionStore } from './session-store.ts'

sessionConformance('sessions in memory', async ({ clock, limitPerTenant }) => {
  const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() })
  const backend = createMemorySessions(clock, limitPerTenant)
  const store = createSessionStore(createSessionSealer(keyring), backend)
  return { store, another: store, sweep: () => backend.sweep() }
})

const session: CaptureSession = {
  id: '0000ca97-0000-4000-8000-00000000beef' as CaptureId,
  ref: '00000ca9-0000-4000-8000-00000000feed' as CaptureRef,
  tenantId: '00000e00-0000-4000-8000-00000000cafe' as TenantId,
  openedBy: '0000c0de-0000-4000-8000-00000000babe' as CredentialId,
  wish: {
    type: 'refresh code',
    tokenId: '00000700-0000-4000-8000-00000000face' as TokenId,
    card: {
      issuerNumber: '424242',
      last4: '4242',
      length: 16,
      scheme: 'visa',
      expiryMonth: 4,
      expiryYear: 2033,
    },
  },
  key: { id: 'a-key', modulus: 'm'.repeat(342), exponent: 'AQAB' },
}

const openStore = async (change: (memory: SessionBackend) => Partial<SessionBackend> = () => ({})) => {
  const clock = createFixedClock()
  const { keyring } = await createKeyFixture({ clock, ids: createCountingIds() })
  const sealer = createSessionSealer(keyring)
  const memory = createMemorySessions(clock)
  const backend = { ...memory, ...change(memory) }
  return { sealer, memory, backend, store: createSessionStore(sealer, backend) }
}

describe('what a backend gets to see', () => {
  test('is no id, no card and no end', async () => {
    const seen: SealedSession[] = []
    const marks: SealedMark[] = []
    const ends: Uint8Array[] = []
    const { store } = await openStore((memory) => ({
      open: (sealed) => {
        seen.push(sealed)
        return memory.open(sealed)
      },
      admit: (receipt, mark) => {
        marks.push(mark)
        return memory.admit(receipt, mark)
      },
      end: (receipt, sealedEnd) => {
        ends.push(sealedEnd)
        return memory.end(receipt, sealedEnd)
      },
    }))
    await store.open(session)
    const claim = await store.claim(session.id)
    if (claim?.type !== 'claimed') throw new Error('a test could not claim its session')
    const mark = new Uint8Array(32).fill(0xab)
    await store.admit(claim, mark)
    await store.end(claim, { type: 'success', tokenId: '00000700-0000-4000-8000-00000000face' as TokenId })
    expect([seen.length, marks.length, ends.length]).toEqual([1, 1, 1])
    expect([seen[0]?.name.length, marks[0]?.name.length]).toEqual([nameBytes, nameBytes])
    const everything = Buffer.concat([
      ...seen.flatMap(({ name, sealed }) => [name, sealed]),
      ...marks.map(({ name }) => name),
      ...ends,
    ])
    for (const id of [
      session.id,
      session.ref,
      session.tenantId,
      session.openedBy,
      '00000700-0000-4000-8000-00000000face',
    ]) {
      expect(everything.includes(id)).toBe(false)
      expect(everything.includes(Buffer.from(id.replaceAll('-', ''), 'hex'))).toBe(false)
    }
    for (const text of ['4242', 'visa', 'success', 'mmmm']) expect(everything.includes(text)).toBe(false)
    expect(everything.includes(Buffer.from(mark.subarray(0, 8)))).toBe(false)
  })

  test('opens under its own name only: one that mixes two up hands out neither', async () => {
    const { store, memory, sealer } = await openStore()
    await store.open(session)
    const found = await memory.find(sealer.name(session.id))
    if (!found) throw new Error('nothing was opened')
    const other = '0000ca97-0000-4000-8000-000000000002' as CaptureId
    await memory.open({ name: sealer.name(other), owner: 'shop', sealed: found.sealed, ttlMs: 1_000 })
    await expect(store.find(other)).rejects.toThrow('belong elsewhere')
    await expect(store.claim(other)).rejects.toThrow('belong elsewhere')
  })
})

test('a session whose key cannot be had just now keeps nobody waiting', async () => {
  const { sealer, backend } = await openStore()
  let isReachable = false
  const store = createSessionStore(
    {
      ...sealer,
      open: async (...sealed) => {
        if (!isReachable) throw new UnavailableError('no key service')
        return sealer.open(...sealed)
      },
    },
    backend,
  )
  await store.open(session)
  await expect(store.claim(session.id)).rejects.toThrow(UnavailableError)
  isReachable = true
  expect(await store.claim(session.id)).toMatchObject({ type: 'claimed' })
})
