import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import {
  account,
  callerForAccount,
  type IssuingBench,
  issueCard,
  noUpdate,
  openIssuingBench,
} from '@cardkeep/testing/doubles/issued-card'
import { afterEach, describe, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import type { IssuerSettings } from '../../issuing/issuer.ts'
import { refuse } from '../../kernel/result.ts'
import { hourMs, minuteMs } from '../../kernel/time.ts'
import type { RotatingCard } from '../../ports.ts'
import { changeRotation, stopRotation } from './change-rotation.ts'
import { rotateCvv } from './rotate-cvv.ts'
import { updateIssuedCard } from './update-issued-card.ts'

const opened: IssuingBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const open = async (parts: Parameters<typeof issueCard>[1] = {}, settings: Partial<IssuerSettings> = {}) => {
  const bench = await openIssuingBench(settings)
  opened.push(bench)
  const made = await issueCard(bench, parts)
  bench.commits.splice(0)
  bench.vault.clock.advance(hourMs)
  return { ...bench, made, cardId: made.card.id }
}

type Bench = Awaited<ReturnType<typeof open>>

const change = ({ vault, caller, cardId }: Bench, hours: number) =>
  changeRotation(vault, caller, { cardId, hours })

const stop = ({ vault, caller, cardId }: Bench) => stopRotation(vault, caller, cardId)

const valueOf = async (made: ReturnType<typeof change>): Promise<RotatingCard> => {
  const result = await made
  if (!result.ok) throw new Error(result.error.type)
  return result.value
}

test.each([
  ['turned on', undefined],
  ['changed', 24],
])(
  'rotation that is %s comes next a whole interval from now, and the CVV stays',
  async (_, rotationHours) => {
    const bench = await open({ rotationHours })
    const now = bench.vault.clock.now()
    const { rotation } = await valueOf(change(bench, 72))
    expect(rotation).toEqual({
      ...bench.made.rotation,
      schedule: {
        ...{ intervalMs: 72 * hourMs, nextAt: now + 72 * hourMs, lastScheduledAt: now },
        lastRotatedAt: bench.made.card.createdAt,
      },
      dueAt: now + 72 * hourMs,
      version: 2,
    })
    const stored = await bench.vault.store.issuedCard(bench.cardId)
    expect(structuredClone(stored?.rotation)).toEqual(structuredClone(rotation))
  },
)

test('the change is told and written down in its commit', async () => {
  const bench = await open()
  const { rotation, card } = await valueOf(change(bench, 2))
  expect(bench.commits.map(nameChanges)).toEqual([
    ['replace-rotation', 'emit-event', 'audit cvv.schedule-changed success'],
  ])
  expect(bench.entries()).toEqual([['cvv.schedule-changed', String(card.id)]])
  expect(bench.events()).toMatchObject([
    {
      data: {
        ...{ operation: 'CHANGE_CVV_ROTATION', rotationType: 'MANUAL' },
        nextRotationAt: new Date(rotation.schedule.nextAt ?? 0).toISOString(),
      },
    },
  ])
})

test('a forced rotation less than two minutes after the change keeps the schedule', async () => {
  const bench = await open()
  const changed = await valueOf(change(bench, 2))
  bench.vault.clock.advance(2 * minuteMs - 1)
  const forced = await rotateCvv(bench.vault, bench.caller, { cardId: bench.cardId, serviceCode: undefined })
  expect(forced).toMatchObject({
    value: { rotation: { schedule: { nextAt: changed.rotation.schedule.nextAt } } },
  })
})

test('where the issuer chose a jitter the card waits its part of it', async () => {
  const bench = await open({}, { jitterMs: 30 * minuteMs })
  const { rotation } = await valueOf(change(bench, 2))
  const delayMs = (rotation.dueAt ?? 0) - (rotation.schedule.nextAt ?? 0)
  expect(delayMs).toBe((bench.made.rotation.dueAt ?? 0) - (bench.made.rotation.schedule.nextAt ?? 0))
})

test('rotation that is stopped is not due any more, and can be forced and started again', async () => {
  const bench = await open()
  const { rotation } = await valueOf(stop(bench))
  expect(rotation).toMatchObject({
    ...{ dueAt: undefined, serial: 0, version: 2 },
    schedule: { intervalMs: undefined, nextAt: undefined },
  })
  expect(bench.entries()).toEqual([['cvv.schedule-changed', String(bench.cardId)]])
  expect(bench.events()).toMatchObject([
    { data: { operation: 'DELETE_CVV_ROTATION', rotationType: 'MANUAL', nextRotationAt: null } },
  ])
  const forced = await rotateCvv(bench.vault, bench.caller, { cardId: bench.cardId, serviceCode: undefined })
  expect(forced).toMatchObject({ value: { rotation: { serial: 1, dueAt: undefined } } })
  expect((await valueOf(change(bench, 5))).rotation.dueAt).toBe(bench.vault.clock.now() + 5 * hourMs)
})

test('a card without rotation has none that could be stopped', async () => {
  const bench = await open({ rotationHours: undefined })
  expect(await stop(bench)).toEqual(refuse({ type: 'RotationNotFound' }))
  const other = await open()
  await stop(other)
  expect(await stop(other)).toEqual(refuse({ type: 'RotationNotFound' }))
  expect(other.events()).toHaveLength(1)
})

test('a change and a forced rotation at once are both there in the end', async () => {
  const bench = await open()
  const [changed, forced] = await Promise.all([
    change(bench, 7),
    rotateCvv(bench.vault, bench.caller, { cardId: bench.cardId, serviceCode: undefined }),
  ])
  expect([changed.ok, forced.ok]).toEqual([true, true])
  const stored = await bench.vault.store.issuedCard(bench.cardId)
  expect(stored?.rotation).toMatchObject({ serial: 1, version: 3, schedule: { intervalMs: 7 * hourMs } })
})

describe.each([
  ['changed', (bench: Bench) => change(bench, 2)],
  ['stopped', stop],
])('nothing is %s', (_, operation) => {
  const absent = refuse({ type: 'IssuedCardNotFound' })

  test('of another account', async () => {
    const bench = await open()
    expect(await operation({ ...bench, caller: callerForAccount(bench.caller, account + 1) })).toEqual(absent)
  })

  test('for the issuer without an account', async () => {
    const bench = await open()
    expect(await operation({ ...bench, caller: bench.issuerCaller })).toEqual(
      refuse({ type: 'NotPermitted' }),
    )
  })

  test('of a card that is cancelled', async () => {
    const bench = await open()
    const { vault, caller, cardId } = bench
    await updateIssuedCard(vault, caller, { ...noUpdate, cardId, status: 'CANCELED' })
    expect(await operation(bench)).toEqual(absent)
  })

  test('where others are first at every attempt', async () => {
    const bench = await open()
    const store = interceptCommits(bench.vault.store, async () =>
      refuse({ type: 'Conflict', change: 'replace-rotation' }),
    )
    await expect(operation({ ...bench, vault: { ...bench.vault, store } })).rejects.toThrow(UnavailableError)
  })
})
