import {
  addCaptureKey,
  capturePortsOf,
  type TestCaptureKey,
  type Typed,
  visaCard,
} from '@cardkeep/testing/doubles/captures'
import { addTenant, callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { SealedCapture } from '../../captures/captured-card.ts'
import { refuse } from '../../kernel/result.ts'
import { hourMs, minuteMs } from '../../kernel/time.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { openCapture } from './open-capture.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

interface Bench {
  readonly vault: TestVault
  readonly tenant: Tenant
  readonly key: TestCaptureKey
  /** How often something was decrypted. */
  readonly count: () => number
  readonly open: (capture: SealedCapture, tenant?: Tenant) => ReturnType<typeof openCapture>
}

const begin = async (): Promise<Bench> => {
  const vault = await openTestVault()
  opened.push(vault)
  const tenant = await addTenant(vault, 'shop')
  const key = await addCaptureKey(vault, tenant)
  vault.clock.advance(hourMs)
  let decrypted = 0
  const captures: TestVault['captures'] = {
    open: async (...capture) => {
      decrypted++
      return vault.captures.open(...capture)
    },
  }
  const open: Bench['open'] = (capture, by = tenant) =>
    openCapture({ ...capturePortsOf(vault), captures }, callerOf(by), capture, vault.clock.now())
  return { vault, tenant, key, count: () => decrypted, open }
}

const notFound = refuse({ type: 'CaptureKeyNotFound' })

describe('a key', () => {
  test('opens what was encrypted for it', async () => {
    const { vault, key, open } = await begin()
    const result = await open(key.seal(visaCard))
    expect(result.ok && result.value.card).toMatchObject({
      capturedAt: vault.clock.now(),
      expiryMonth: 12,
      expiryYear: { year: 2030, yearDigits: 4 },
    })
    expect(result.ok && result.value.mark).toHaveLength(32)
  })

  test.each(['', 'a', '=', 'ä', 'a'.repeat(26), '7'.repeat(26), 'a'.repeat(10_000)])(
    'is not found by the alias %j, and nothing is decrypted',
    async (alias) => {
      const { key, open, count } = await begin()
      expect(await open({ ...key.seal(visaCard), alias })).toEqual(notFound)
      expect(count()).toBe(0)
    },
  )

  test('is not found in capitals: of a key there is one alias', async () => {
    const { key, open } = await begin()
    const capture = key.seal(visaCard)
    expect(await open({ ...capture, alias: capture.alias.toUpperCase() })).toEqual(notFound)
  })

  test('of another tenant looks as if there were none', async () => {
    const { vault, key, open, count } = await begin()
    const stranger = await addTenant(vault, 'stranger')
    expect(await open(key.seal(visaCard), stranger)).toEqual(notFound)
    expect(count()).toBe(0)
  })

  test('that was retired opens what came before for seventeen minutes, and not a millisecond more', async () => {
    const { vault, key, open, count } = await begin()
    const { clock, store } = vault
    await store.commit([{ type: 'retire-capture-key', id: key.key.id, at: clock.now() }])
    const capturedAt = clock.now() + 2 * minuteMs
    clock.advance(17 * minuteMs)
    expect(await open(key.seal({ ...visaCard, capturedAt }))).toMatchObject({ ok: true })
    clock.advance(1)
    expect(await open(key.seal({ ...visaCard, capturedAt }))).toEqual(notFound)
    expect(count()).toBe(1)
  })

  test('that was retired opens nothing that was captured after it', async () => {
    const { vault, key, open } = await begin()
    const { clock, store } = vault
    await store.commit([{ type: 'retire-capture-key', id: key.key.id, at: clock.now() }])
    clock.advance(2 * minuteMs)
    expect(await open(key.seal(visaCard))).toMatchObject({ ok: true })
    clock.advance(1)
    expect(await open(key.seal(visaCard))).toEqual(notFound)
  })
})

describe('a captured card', () => {
  const refused = (fault: string) => ({ ok: false, error: { type: 'CaptureRefused', fault } })

  test.each<[string, number, object]>([
    ['fifteen minutes old', -15 * minuteMs, { ok: true }],
    ['a millisecond older', -15 * minuteMs - 1, refused('too old')],
    ['of now', 0, { ok: true }],
    ['two minutes ahead', 2 * minuteMs, { ok: true }],
    ['a millisecond further ahead', 2 * minuteMs + 1, refused('ahead of time')],
  ])('that is %s', async (_, by, expected) => {
    const { vault, key, open } = await begin()
    expect(await open(key.seal({ ...visaCard, capturedAt: vault.clock.now() + by }))).toMatchObject(expected)
  })

  test('that cannot be opened says why', async () => {
    const { key, open } = await begin()
    expect(await open({ ...key.seal(visaCard), ciphertext: 'fault:altered' })).toEqual(refused('altered'))
  })

  test('that cannot be read is refused in the words of its reader, before its time is looked at', async () => {
    const { key, open } = await begin()
    const typed: Typed = { ...visaCard, number: '4111', capturedAt: 0 }
    expect(await open(key.seal(typed))).toEqual(refuse({ type: 'InvalidCardNumber' }))
  })
})
