import { addIssuedCards, addIssuer } from '@cardkeep/testing/doubles/issuer'
import { openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { IssuerSettings } from '../../issuing/issuer.ts'
import { dayMs, epochMs, hourMs, minuteMs } from '../../kernel/time.ts'
import { bringRotationsNear } from './bring-rotations-near.ts'
import { rotateDueCvvs } from './rotate-due-cvvs.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async (settings: Partial<IssuerSettings> = {}) => {
  const vault = await openTestVault()
  opened.push(vault)
  const issuer = await addIssuer(vault, 'bank', settings)
  const rotateDue = async () => {
    const at = vault.clock.now()
    return rotateDueCvvs(
      vault,
      await vault.store.claimRotations({ at, until: epochMs(at + minuteMs), limit: 1_000 }),
    )
  }
  return { vault, issuer, rotateDue, store: vault.store, clock: vault.clock }
}

test('what a clock that was years ahead has put off is due within its interval again, in step', async () => {
  const { vault, issuer, rotateDue, store, clock } = await open()
  const nextAt = epochMs(clock.now() + hourMs)
  const cards = await addIssuedCards(vault, issuer, { count: 450, hours: 24, nextAt })
  clock.step(1_000 * dayMs)
  expect(await rotateDue()).toMatchObject({ rotated: 450 })
  clock.step(-1_000 * dayMs)
  expect(await bringRotationsNear(vault)).toBe(450)
  for (const { card } of cards.slice(0, 5)) {
    const found = await store.issuedCard(card.id)
    expect(found?.rotation).toMatchObject({ serial: 1, version: 3, dueAt: nextAt, schedule: { nextAt } })
  }
  expect(await bringRotationsNear(vault)).toBe(0)
  clock.advance(hourMs)
  expect(await rotateDue()).toMatchObject({ rotated: 450 })
})

test('what is as far as it may be stays', async () => {
  const { vault, issuer, rotateDue, clock } = await open()
  await addIssuedCards(vault, issuer, { count: 3, hours: 24, nextAt: clock.now() })
  expect(await rotateDue()).toMatchObject({ rotated: 3 })
  expect(await bringRotationsNear(vault)).toBe(0)
  clock.step(-59 * minuteMs)
  expect(await bringRotationsNear(vault)).toBe(0)
})

test('those that are a little ahead do not hide one that is far', async () => {
  const { vault, issuer, rotateDue, clock } = await open()
  await addIssuedCards(vault, issuer, { count: 210, hours: 24, nextAt: clock.now() })
  const nextAt = epochMs(clock.now() + 100 * dayMs)
  await addIssuedCards(vault, issuer, { count: 1, after: 210, hours: 24, nextAt })
  expect(await rotateDue()).toMatchObject({ rotated: 210 })
  clock.step(-59 * minuteMs)
  expect(await bringRotationsNear(vault)).toBe(1)
})

test('each keeps its part of the jitter', async () => {
  const { vault, issuer, rotateDue, store, clock } = await open({ jitterMs: 30 * minuteMs })
  const cards = await addIssuedCards(vault, issuer, { count: 20, hours: 2, nextAt: clock.now() })
  clock.step(50 * dayMs)
  await rotateDue()
  const delays = async () =>
    Promise.all(
      cards.map(async ({ card }) => {
        const rotation = (await store.issuedCard(card.id))?.rotation
        return Number(rotation?.dueAt) - Number(rotation?.schedule.nextAt)
      }),
    )
  const before = await delays()
  clock.step(-50 * dayMs)
  expect(await bringRotationsNear(vault)).toBe(20)
  expect(await delays()).toEqual(before)
  expect(Math.max(...before)).toBeGreaterThan(0)
})

test('one that somebody changes meanwhile is left to that', async () => {
  const { vault, issuer, rotateDue, store, clock } = await open()
  const [made] = await addIssuedCards(vault, issuer, { count: 1, hours: 24, nextAt: clock.now() })
  if (!made) throw new Error('no card')
  clock.step(100 * dayMs)
  await rotateDue()
  clock.step(-100 * dayMs)
  const farRotations: typeof store.farRotations = async (...wish) => {
    const far = await store.farRotations(...wish)
    const now = await store.issuedCard(made.card.id)
    if (now)
      await store.commit([
        { type: 'replace-rotation', rotation: { ...now.rotation, version: now.rotation.version + 1 } },
      ])
    return far
  }
  expect(await bringRotationsNear({ ...vault, store: { ...store, farRotations } })).toBe(0)
})
