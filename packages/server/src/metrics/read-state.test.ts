import { UnavailableError } from '@cardkeep/core/errors'
import { epochMs } from '@cardkeep/core/kernel/time'
import { createFixedClock } from '@cardkeep/testing/clock'
import { expect, test } from 'vitest'
import { createMemoryEphemeral } from '../ephemeral/memory/memory-ephemeral.ts'
import type { ListedKey } from '../keys/list-keys.ts'
import { createMetricsPage } from './metrics.ts'
import type { StateParts } from './read-state.ts'
import { createMeters } from './registry.ts'

const nothingDue = { oldestDueRotation: async () => undefined, countDueRotations: async () => 0 }

const open = (parts: Partial<StateParts> = {}) => {
  const clock = createFixedClock()
  const ephemeral = createMemoryEphemeral({ clock, limitPerOwner: 10 })
  const at = clock.now()
  const page = createMetricsPage(createMeters(), {
    store: {
      outboxState: async () => ({ waiting: 3, oldestAt: epochMs(at - 4_000), dead: 2 }),
      oldestDueRotation: async () => epochMs(at - 7_000),
      countDueRotations: async () => 12,
      auditChains: async () => [0],
      auditHead: async () => ({ chain: 0, seq: 100, hash: new Uint8Array(32) }),
      lastCheckpoint: async () => ({
        ...{ chain: 0, seq: 90, at: epochMs(at - 30_000), hash: new Uint8Array(32) },
        ...{ keyId: 'k' as never, signature: new Uint8Array(64) },
      }),
      auditShipments: async () => [{ sink: 'file:/a', chain: 0, seq: 95, at }],
    },
    keyring: { list: () => [] },
    readiness: { isSealed: () => false },
    ephemeral,
    clock,
    sinks: ['file:/a', 'https://b'],
    ...parts,
  })
  /** Every sample of the vault's own, by name and labels. */
  const read = async (): Promise<Readonly<Record<string, number>>> => {
    const lines = (await page()).text.split('\n').filter((line) => line.startsWith('cardkeep_'))
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), readNumber(line)]))
  }
  return { backend: ephemeral.codes, clock, page, read }
}

const readNumber = (line: string): number => Number(line.split(' ').at(-1))

test('what waits is told with how long it has waited', async () => {
  const { read } = open()
  expect(await read()).toMatchObject({
    cardkeep_outbox_waiting: 3,
    cardkeep_outbox_lag_seconds: 4,
    cardkeep_outbox_dead: 2,
    cardkeep_cvv_rotations_due: 12,
    cardkeep_cvv_rotation_lag_seconds: 7,
    cardkeep_audit_unsigned_entries: 10,
    cardkeep_audit_checkpoint_age_seconds: 30,
    'cardkeep_audit_unshipped_entries{sink="file:/a"}': 5,
    'cardkeep_audit_unshipped_entries{sink="https://b"}': 100,
    cardkeep_scrape_complete: 1,
    cardkeep_sealed: 0,
  })
})

test('of several chains all count, and the one that has waited longest for a signature', async () => {
  const at = createFixedClock().now()
  const seqs = [100, 20, 7]
  const signed = [
    { seq: 90, at: epochMs(at - 30_000) },
    { seq: 15, at: epochMs(at - 70_000) },
    // All signed, however long ago.
    { seq: 7, at: epochMs(0) },
  ]
  const { read } = open({
    store: {
      ...nothingDue,
      outboxState: async () => ({ waiting: 0, oldestAt: undefined, dead: 0 }),
      auditChains: async () => [0, 1, 2],
      auditHead: async (chain = 0) => ({ chain, seq: seqs[chain] ?? 0, hash: new Uint8Array(32) }),
      lastCheckpoint: async (chain = 0) => ({
        ...{ chain, seq: 0, at, hash: new Uint8Array(32), ...signed[chain] },
        ...{ keyId: 'k' as never, signature: new Uint8Array(64) },
      }),
      auditShipments: async () => [
        { sink: 'file:/a', chain: 0, seq: 95, at },
        { sink: 'file:/a', chain: 1, seq: 20, at },
        { sink: 'file:/a (signatures)', chain: 1, seq: 15, at },
      ],
    },
  })
  expect(await read()).toMatchObject({
    cardkeep_audit_unsigned_entries: 15,
    cardkeep_audit_checkpoint_age_seconds: 70,
    'cardkeep_audit_unshipped_entries{sink="file:/a"}': 12,
    'cardkeep_audit_unshipped_entries{sink="https://b"}': 127,
  })
})

test('a log of which all is signed has no lag, however long ago that was', async () => {
  const { read } = open({
    store: {
      ...nothingDue,
      outboxState: async () => ({ waiting: 0, oldestAt: undefined, dead: 0 }),
      auditChains: async () => [0],
      auditHead: async () => ({ chain: 0, seq: 90, hash: new Uint8Array(32) }),
      lastCheckpoint: async () => ({
        ...{ chain: 0, seq: 90, at: epochMs(0), hash: new Uint8Array(32) },
        ...{ keyId: 'k' as never, signature: new Uint8Array(64) },
      }),
      auditShipments: async () => [],
    },
  })
  expect(await read()).toMatchObject({
    cardkeep_outbox_lag_seconds: 0,
    cardkeep_cvv_rotations_due: 0,
    cardkeep_cvv_rotation_lag_seconds: 0,
    cardkeep_audit_unsigned_entries: 0,
    cardkeep_audit_checkpoint_age_seconds: 0,
  })
})

test('what cannot be read now is left out, and not told as it was', async () => {
  let isReachable = true
  const { read } = open({
    store: {
      ...nothingDue,
      outboxState: async () => {
        if (!isReachable) throw new UnavailableError('the disk is gone')
        return { waiting: 3, oldestAt: undefined, dead: 2 }
      },
      auditChains: async () => [0],
      auditHead: async () => ({ chain: 0, seq: 0, hash: new Uint8Array(32) }),
      lastCheckpoint: async () => undefined,
      auditShipments: async () => [],
    },
  })
  expect(await read()).toMatchObject({ cardkeep_outbox_waiting: 3, cardkeep_scrape_complete: 1 })
  isReachable = false
  const samples = await read()
  expect(samples).toMatchObject({
    cardkeep_scrape_complete: 0,
    'cardkeep_backend_up{backend="codes"}': 1,
    'cardkeep_backend_up{backend="database"}': 0,
    cardkeep_codes_held: 0,
  })
  expect(Object.keys(samples).filter((name) => /outbox|cvv|audit/.test(name))).toEqual([])
})

test('what was read before the database went away is left out with the rest', async () => {
  const { read } = open({
    store: {
      ...nothingDue,
      outboxState: async () => ({ waiting: 3, oldestAt: undefined, dead: 2 }),
      auditChains: async () => {
        throw new UnavailableError('the disk is gone')
      },
      auditHead: async () => ({ chain: 0, seq: 0, hash: new Uint8Array(32) }),
      lastCheckpoint: async () => undefined,
      auditShipments: async () => [],
    },
  })
  const samples = await read()
  expect(samples).toMatchObject({ cardkeep_scrape_complete: 0 })
  expect(Object.keys(samples).filter((name) => /outbox|cvv|audit/.test(name))).toEqual([])
})

test('a store of codes that is away is told, and the database all the same', async () => {
  const { read } = open({
    ephemeral: {
      count: async () => {
        throw new UnavailableError('no codes')
      },
      pastTheirTime: async () => 0,
    },
  })
  const samples = await read()
  expect(samples).toMatchObject({
    cardkeep_scrape_complete: 0,
    'cardkeep_backend_up{backend="codes"}': 0,
    'cardkeep_backend_up{backend="database"}': 1,
    cardkeep_outbox_waiting: 3,
  })
  expect(samples).not.toHaveProperty('cardkeep_codes_held')
  expect(samples).not.toHaveProperty('cardkeep_codes_past_their_time')
})

test('a code that no sweep has freed is past its time after five seconds, and not before', async () => {
  const { backend, clock, read } = open()
  const bytes = Buffer.alloc(16)
  await backend.hold({
    ...{ name: bytes, tokenName: bytes, owner: 'shop', sealed: bytes },
    ...{ ttlMs: 1_000, uses: 1, destinations: undefined },
  })
  clock.advance(1_000 + 4_999)
  expect(await read()).toMatchObject({ cardkeep_codes_held: 1, cardkeep_codes_past_their_time: 0 })
  clock.advance(1)
  expect(await read()).toMatchObject({ cardkeep_codes_past_their_time: 1 })
  backend.sweep()
  expect(await read()).toMatchObject({ cardkeep_codes_held: 0, cardkeep_codes_past_their_time: 0 })
})

test('of each purpose the active key that is oldest, and the one that is due first', async () => {
  const at = createFixedClock().now()
  const key = (parts: Partial<ListedKey>): ListedKey =>
    ({ purpose: 'card', state: 'active', createdAt: at, expiresAt: at, ...parts }) as ListedKey
  const keys = [
    key({ createdAt: epochMs(at - 50_000), expiresAt: epochMs(at + 9_000) }),
    key({ createdAt: epochMs(at - 10_000), expiresAt: epochMs(at - 7_000) }),
    key({ createdAt: epochMs(at - 90_000), expiresAt: epochMs(at - 90_000), state: 'decrypt-only' }),
  ]
  const { read } = open({ keyring: { list: () => keys } })
  expect(await read()).toMatchObject({
    'cardkeep_key_age_seconds{purpose="card"}': 50,
    'cardkeep_key_due_seconds{purpose="card"}': -7,
  })
})

test('those who ask at the same time share one look', async () => {
  let looks = 0
  const { page } = open({ readiness: { isSealed: () => looks++ < 0 } })
  const [one, other] = await Promise.all([page(), page()])
  expect([looks, one === other]).toEqual([1, true])
  await page()
  expect(looks).toBe(2)
})
