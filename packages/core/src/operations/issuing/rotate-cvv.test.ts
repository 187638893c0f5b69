import { interceptCommits, nameChanges } from '@cardkeep/testing/doubles/commits'
import {
  account,
  callerForAccount,
  type IssuingBench,
  issueCard,
  noUpdate,
  openIssuingBench,
} from '@cardkeep/testing/doubles/issued-card'
import { addIssuer } from '@cardkeep/testing/doubles/issuer'
import { callerOf } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import { asServiceCode } from '../../issuing/service-code.ts'
import type { IssuedCardId } from '../../kernel/ids.ts'
import { refuse } from '../../kernel/result.ts'
import { openSecret } from '../../kernel/secret.ts'
import { dayMs, hourMs, minuteMs } from '../../kernel/time.ts'
import type { RotatingCard } from '../../ports.ts'
import { rotateCvv } from './rotate-cvv.ts'
import { showPciInfo } from './show-pci-info.ts'
import { updateIssuedCard } from './update-issued-card.ts'

const opened: IssuingBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const open = async (parts: Parameters<typeof issueCard>[1] = {}) => {
  const bench = await openIssuingBench()
  opened.push(bench)
  const made = await issueCard(bench, parts)
  bench.commits.splice(0)
  return { ...bench, made, cardId: made.card.id }
}

type Bench = Awaited<ReturnType<typeof open>>

const force = async ({ vault, caller, cardId }: Bench, code?: string): Promise<RotatingCard> => {
  const serviceCode = code === undefined ? undefined : asServiceCode(code)
  const rotated = await rotateCvv(vault, caller, { cardId, serviceCode })
  if (!rotated.ok) throw new Error(rotated.error.type)
  return rotated.value
}

const infoOf = async ({ vault, caller, cardId }: Bench) => {
  const info = await showPciInfo(vault, caller, cardId)
  if (!info.ok) throw new Error(info.error.type)
  const { cvv, serviceCode } = info.value
  return { cvv: openSecret(cvv, 'reveal'), serviceCode: openSecret(serviceCode, 'reveal') }
}

test('the CVV is another at once, its event and its entry are in the commit, and none says what it is', async () => {
  const bench = await open()
  const before = await infoOf(bench)
  bench.commits.splice(0)
  bench.vault.clock.advance(hourMs)
  const { card, rotation } = await force(bench)
  const after = await infoOf(bench)
  expect(after.cvv).toMatch(/^\d{3}$/)
  expect(after.cvv).not.toBe(before.cvv)
  expect(after.serviceCode).not.toBe(before.serviceCode)
  expect(bench.commits.map(nameChanges)).toEqual([
    ['replace-rotation', 'emit-event', 'audit cvv.rotated success'],
    ['audit issued-card.shown success'],
  ])
  expect(bench.entries()[0]).toEqual(['cvv.rotated', String(card.id)])
  const next = new Date(bench.vault.clock.now() + dayMs).toISOString()
  expect(new Date(rotation.schedule.nextAt ?? 0).toISOString()).toBe(next)
  expect(bench.events()).toMatchObject([
    {
      ...{ type: 'rotate_cvv', tenantId: card.tenantId, at: bench.vault.clock.now() },
      subject: { type: 'issued-card', id: card.hash },
      data: {
        ...{ operation: 'ROTATE_CVV', rotationType: 'MANUAL', correlationId: bench.caller.requestId },
        ...{ cardId: card.id, accountId: account, nextRotationAt: next, last4: card.last4 },
      },
    },
  ])
  expect(Object.keys(bench.events()[0]?.data ?? {}).join(' ')).not.toMatch(/cvv|code|number/i)
})

test('of one who forces three times in two minutes each rotates, and the first schedules', async () => {
  const bench = await open()
  bench.vault.clock.advance(hourMs)
  const first = await force(bench)
  const seen = [(await infoOf(bench)).cvv]
  for (const _ of [1, 2]) {
    bench.vault.clock.advance(minuteMs - 1)
    const { rotation } = await force(bench)
    expect(rotation.schedule.nextAt).toBe(first.rotation.schedule.nextAt)
    expect(rotation.dueAt).toBe(first.rotation.dueAt)
    const { cvv } = await infoOf(bench)
    expect(cvv).not.toBe(seen.at(-1))
    seen.push(cvv)
  }
  expect(bench.events()).toHaveLength(3)
  bench.vault.clock.advance(2)
  expect((await force(bench)).rotation.schedule.nextAt).toBe(bench.vault.clock.now() + dayMs)
})

test('less than two minutes after its creation a card rotates and keeps its schedule', async () => {
  const bench = await open()
  bench.vault.clock.advance(2 * minuteMs - 1)
  expect((await force(bench)).rotation.schedule.nextAt).toBe(bench.made.rotation.schedule.nextAt)
})

test('a card without an interval rotates, and nothing is scheduled', async () => {
  const bench = await open({ rotationHours: undefined })
  const before = await infoOf(bench)
  const { rotation } = await force(bench)
  expect(rotation).toMatchObject({ dueAt: undefined, schedule: { nextAt: undefined }, serial: 1 })
  expect((await infoOf(bench)).cvv).not.toBe(before.cvv)
  expect(bench.events()).toMatchObject([{ data: { nextRotationAt: null } }])
})

test('a service code that is given is the one, also where it is the one already', async () => {
  const bench = await open()
  const given = await force(bench, '205')
  const once = await infoOf(bench)
  expect(once.serviceCode).toBe('205')
  expect((await force(bench, '205')).rotation).toMatchObject({
    ...{ serial: given.rotation.serial, version: given.rotation.version + 1 },
  })
  expect(await infoOf(bench)).toEqual(once)
  expect(bench.events()).toHaveLength(2)
})

test('of ten at once each rotates, one after the other', async () => {
  const bench = await open()
  const all = await Promise.all(Array.from({ length: 10 }, () => force(bench)))
  const serials = all.map(({ rotation }) => rotation.serial).toSorted((a, b) => a - b)
  expect(serials).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(bench.events()).toHaveLength(10)
})

test('it is given up where others are first at every attempt, and nothing is told', async () => {
  const bench = await open()
  const store = interceptCommits(bench.vault.store, async () =>
    refuse({ type: 'Conflict', change: 'replace-rotation' }),
  )
  await expect(force({ ...bench, vault: { ...bench.vault, store } })).rejects.toThrow(UnavailableError)
  expect(bench.events()).toEqual([])
})

describe('no CVV is rotated', () => {
  const absent = refuse({ type: 'IssuedCardNotFound' })
  const rotate = ({ vault, caller, cardId }: Bench, parts: Partial<Bench> = {}) =>
    rotateCvv(parts.vault ?? vault, parts.caller ?? caller, {
      cardId: parts.cardId ?? cardId,
      serviceCode: undefined,
    })

  test('of a card that nobody knows', async () => {
    const bench = await open()
    expect(await rotate(bench, { cardId: 2 as IssuedCardId })).toEqual(absent)
  })

  test('of another account', async () => {
    const bench = await open()
    expect(await rotate(bench, { caller: callerForAccount(bench.caller, account + 1) })).toEqual(absent)
  })

  test('of another issuer’s account of the same number', async () => {
    const bench = await open()
    const { tenantId } = await addIssuer(bench.vault, 'stranger')
    const tenant = await bench.vault.store.tenant(tenantId)
    if (!tenant) throw new Error('no tenant')
    expect(await rotate(bench, { caller: callerForAccount(callerOf(tenant), account) })).toEqual(absent)
  })

  test('for the issuer without an account', async () => {
    const bench = await open()
    expect(await rotate(bench, { caller: bench.issuerCaller })).toEqual(refuse({ type: 'NotPermitted' }))
  })

  test('of a card that has ended', async () => {
    const bench = await open()
    bench.vault.clock.advance(7 * 365 * dayMs)
    expect(await rotate(bench)).toEqual(absent)
  })

  test('of a card that is cancelled at this very moment', async () => {
    const bench = await open()
    const { vault, caller, cardId } = bench
    let isFirst = true
    const store = interceptCommits(vault.store, async (_, commit) => {
      if (isFirst) {
        isFirst = false
        await updateIssuedCard(vault, caller, { ...noUpdate, cardId, status: 'CANCELED' })
      }
      return commit()
    })
    expect(await rotate(bench, { vault: { ...vault, store } })).toEqual(absent)
    expect(bench.events()).toEqual([])
  })

  test('whose PCI data is not there yet', async () => {
    const bench = await openIssuingBench({ pciDelayMs: minuteMs })
    opened.push(bench)
    const { card } = await issueCard(bench)
    const command = { cardId: card.id, serviceCode: undefined }
    expect(await rotateCvv(bench.vault, bench.caller, command)).toEqual(absent)
    bench.vault.clock.advance(minuteMs)
    expect(await rotateCvv(bench.vault, bench.caller, command)).toMatchObject({ ok: true })
  })

  test('while the issuer’s keys are not complete', async () => {
    const bench = await open()
    const issuer = async () => ({ ...bench.issuer, cvk: undefined })
    const vault = { ...bench.vault, store: { ...bench.vault.store, issuer } }
    expect(await rotate(bench, { vault })).toEqual(refuse({ type: 'IssuerNotReady', reason: 'no CVK' }))
  })
})
