import { type IssuingBench, issueCard, openIssuingBench } from '@cardkeep/testing/doubles/issued-card'
import { afterEach, describe, expect, test } from 'vitest'
import { openSecret } from '../../kernel/secret.ts'
import { type EpochMs, epochMs, hourMs, minuteMs } from '../../kernel/time.ts'
import { rotateCvv } from './rotate-cvv.ts'
import { rotateDueCvvs } from './rotate-due-cvvs.ts'
import { showPciInfo } from './show-pci-info.ts'

/* The words of the forced rotation's description, walked through with the store, the clock and the scheduler's own step. */

const opened: IssuingBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

/** A card that rotates daily since 2026-01-01T00:00:00Z. */
const open = async () => {
  const bench = await openIssuingBench()
  opened.push(bench)
  const { card } = await issueCard(bench)
  return { ...bench, cardId: card.id }
}

type Bench = Awaited<ReturnType<typeof open>>

const at = (text: string): EpochMs => epochMs(Date.parse(text))

const goTo = ({ vault: { clock } }: Bench, text: string): void => clock.advance(at(text) - clock.now())

const force = async ({ vault, caller, cardId }: Bench): Promise<void> => {
  const { ok } = await rotateCvv(vault, caller, { cardId, serviceCode: undefined })
  expect(ok).toBe(true)
}

/** What the scheduler does whenever it looks: how many it rotated. */
const look = async ({ vault }: Bench): Promise<number> => {
  const now = vault.clock.now()
  const claimed = await vault.store.claimRotations({ at: now, until: epochMs(now + 30_000), limit: 10 })
  return (await rotateDueCvvs(vault, claimed)).rotated
}

const nextOf = async ({ vault, cardId }: Bench): Promise<string> => {
  const found = await vault.store.issuedCard(cardId)
  return new Date(found?.rotation.dueAt ?? 0).toISOString()
}

const cvvOf = async ({ vault, caller, cardId }: Bench): Promise<string> => {
  const info = await showPciInfo(vault, caller, cardId)
  if (!info.ok) throw new Error(info.error.type)
  return openSecret(info.value.cvv, 'reveal')
}

/** Does it, and expects the CVV to be another. */
const rotating = async (bench: Bench, does: () => Promise<unknown>): Promise<void> => {
  const before = await cvvOf(bench)
  await does()
  expect(await cvvOf(bench)).not.toBe(before)
}

test('forced at 3 PM with an interval of 24 hours, it rotates at 3 PM the next day and on subsequent days', async () => {
  const bench = await open()
  goTo(bench, '2026-01-01T15:00:00Z')
  await rotating(bench, () => force(bench))
  for (const day of ['02', '03', '04', '05']) {
    goTo(bench, `2026-01-${day}T14:59:59.999Z`)
    expect(await look(bench)).toBe(0)
    goTo(bench, `2026-01-${day}T15:00:00Z`)
    await rotating(bench, async () => expect(await look(bench)).toBe(1))
    expect(await look(bench)).toBe(0)
  }
  expect(bench.events().map(({ data }) => data['rotationType'])).toEqual([
    ...['MANUAL', 'AUTOMATIC', 'AUTOMATIC', 'AUTOMATIC', 'AUTOMATIC'],
  ])
})

describe('two minutes between scheduling requests', () => {
  test('forced less than two minutes after an automatic one: the CVV is rotated and no new scheduling takes place', async () => {
    const bench = await open()
    goTo(bench, '2026-01-02T00:00:00Z')
    expect(await look(bench)).toBe(1)
    goTo(bench, '2026-01-02T00:01:59.999Z')
    await rotating(bench, () => force(bench))
    expect(await nextOf(bench)).toBe('2026-01-03T00:00:00.000Z')
    goTo(bench, '2026-01-02T00:02:00Z')
    await rotating(bench, () => force(bench))
    expect(await nextOf(bench)).toBe('2026-01-03T00:02:00.000Z')
  })

  test('automatic less than two minutes after a forced one: the CVV is rotated and no new scheduling takes place', async () => {
    const bench = await open()
    // A forced one that schedules puts the next off by an interval. So this comes about only where two nodes' clocks differ:
    // the last scheduling is as the other had it.
    goTo(bench, '2026-01-01T23:58:30Z')
    const due = await bench.vault.store.issuedCard(bench.cardId)
    if (!due) throw new Error('no card')
    const { schedule } = due.rotation
    const rotation = {
      ...due.rotation,
      schedule: { ...schedule, lastScheduledAt: bench.vault.clock.now() },
      version: due.rotation.version + 1,
    }
    await bench.vault.store.commit([{ type: 'replace-rotation', rotation }])
    await rotating(bench, () => force(bench))
    goTo(bench, '2026-01-02T00:00:00Z')
    await rotating(bench, async () => expect(await look(bench)).toBe(1))
    expect(await nextOf(bench)).toBe('2026-01-03T00:00:00.000Z')
    goTo(bench, '2026-01-02T00:00:30Z')
    await force(bench)
    expect(await nextOf(bench)).toBe('2026-01-03T00:00:30.000Z')
  })

  test('more than one forced call in less than two minutes: each rotates, and the first schedules', async () => {
    const bench = await open()
    goTo(bench, '2026-01-01T15:00:00Z')
    for (const _ of [1, 2, 3]) {
      await rotating(bench, () => force(bench))
      expect(await nextOf(bench)).toBe('2026-01-02T15:00:00.000Z')
      bench.vault.clock.advance(minuteMs - 1)
    }
    expect(bench.events()).toHaveLength(3)
  })
})

test('after a night in which nobody looked it rotates once, and keeps its phase', async () => {
  const bench = await open()
  bench.vault.clock.advance(3 * 24 * hourMs + 7 * hourMs)
  await rotating(bench, async () => expect(await look(bench)).toBe(1))
  expect(await look(bench)).toBe(0)
  expect(await nextOf(bench)).toBe('2026-01-05T00:00:00.000Z')
  expect(bench.events()).toHaveLength(1)
})

test('one that was claimed and then forced is not rotated for that due time', async () => {
  const bench = await open()
  const { vault } = bench
  goTo(bench, '2026-01-02T00:00:00Z')
  const now = vault.clock.now()
  const claimed = await vault.store.claimRotations({ at: now, until: epochMs(now + 30_000), limit: 10 })
  await force(bench)
  expect(await rotateDueCvvs(vault, claimed)).toMatchObject({ rotated: 0, overtaken: 1 })
  expect(await look(bench)).toBe(0)
  expect(bench.events()).toHaveLength(1)
})
