import { interceptCommits } from '@cardkeep/testing/doubles/commits'
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
import { openSecret } from '../../kernel/secret.ts'
import { dayMs, minuteMs } from '../../kernel/time.ts'
import { deriveCvv } from './derive-cvvs.ts'
import { rotateCvv } from './rotate-cvv.ts'
import { showIssuedCard } from './show-issued-card.ts'
import { showPciInfo } from './show-pci-info.ts'
import { updateIssuedCard } from './update-issued-card.ts'

const opened: IssuingBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const open = async (settings: Partial<IssuerSettings> = {}) => {
  const bench = await openIssuingBench(settings)
  opened.push(bench)
  const made = await issueCard(bench)
  bench.commits.splice(0)
  return { ...bench, made, cardId: made.card.id }
}

type Bench = Awaited<ReturnType<typeof open>>

const info = ({ vault, caller, cardId }: Bench) => showPciInfo(vault, caller, cardId)
const absent = refuse({ type: 'IssuedCardNotFound' })

test('number, service code and the CVV that comes of them are told, and printed nowhere', async () => {
  const bench = await open()
  const shown = await info(bench)
  if (!shown.ok) throw new Error(shown.error.type)
  const { card, rotation, pan, serviceCode, cvv } = shown.value
  expect(structuredClone({ card, rotation })).toEqual(structuredClone(bench.made))
  const number = openSecret(pan, 'reveal')
  expect(number.slice(-4)).toBe(card.last4)
  const derived = await deriveCvv(bench.vault.cvvs, bench.issuer, { card, pan, serviceCode })
  expect(openSecret(cvv, 'reveal')).toBe(openSecret(derived, 'reveal'))
  expect(JSON.stringify(shown)).not.toContain(number)
})

test('that it was asked for is durable before it is told', async () => {
  const bench = await open()
  await info(bench)
  expect(bench.entries()).toEqual([['issued-card.shown', String(bench.cardId)]])
  const store = interceptCommits(bench.vault.store, async () => {
    throw new UnavailableError('disk full')
  })
  await expect(info({ ...bench, vault: { ...bench.vault, store } })).rejects.toThrow(UnavailableError)
})

test('the CVV is that of the last rotation', async () => {
  const bench = await open()
  const cvvs: string[] = []
  for (const _ of [1, 2, 3, 4]) {
    const shown = await info(bench)
    if (shown.ok) cvvs.push(openSecret(shown.value.cvv, 'reveal'))
    await rotateCvv(bench.vault, bench.caller, { cardId: bench.cardId, serviceCode: undefined })
  }
  expect(cvvs).toHaveLength(4)
  for (const [index, cvv] of cvvs.entries()) expect(cvv).not.toBe(cvvs[index - 1])
})

describe('nothing is told', () => {
  test('of another account', async () => {
    const bench = await open()
    expect(await info({ ...bench, caller: callerForAccount(bench.caller, account + 1) })).toEqual(absent)
    expect(bench.entries()).toEqual([])
  })

  test('to the issuer without an account', async () => {
    const bench = await open()
    expect(await info({ ...bench, caller: bench.issuerCaller })).toEqual(refuse({ type: 'NotPermitted' }))
  })

  test('before the PCI data is there', async () => {
    const bench = await open({ pciDelayMs: minuteMs })
    bench.vault.clock.advance(minuteMs - 1)
    expect(await info(bench)).toEqual(absent)
    bench.vault.clock.advance(1)
    expect(await info(bench)).toMatchObject({ ok: true })
  })

  test('of a card that has ended', async () => {
    const bench = await open()
    bench.vault.clock.advance(7 * 365 * dayMs)
    expect(await info(bench)).toEqual(absent)
    expect(bench.entries()).toEqual([])
  })

  test('of a card that is cancelled', async () => {
    const bench = await open()
    const { vault, caller, cardId } = bench
    await updateIssuedCard(vault, caller, { ...noUpdate, cardId, status: 'CANCELED' })
    expect(await info(bench)).toEqual(absent)
  })

  test('while the issuer’s keys are not complete', async () => {
    const bench = await open()
    const issuer = async () => ({ ...bench.issuer, cvk: undefined })
    const vault = { ...bench.vault, store: { ...bench.vault.store, issuer } }
    expect(await info({ ...bench, vault })).toEqual(refuse({ type: 'IssuerNotReady', reason: 'no CVK' }))
  })

  test('by a vault that was shut meanwhile', async () => {
    const bench = await open()
    const vault = { ...bench.vault, readiness: { isSealed: () => true } }
    expect(await info({ ...bench, vault })).toEqual(refuse({ type: 'Sealed' }))
  })
})

describe('the record of a card', () => {
  const show = ({ vault, caller, cardId }: Bench) => showIssuedCard(vault, caller, cardId)

  test('is told without an entry, to its account alone', async () => {
    const bench = await open({ pciDelayMs: minuteMs })
    const shown = await show(bench)
    expect(shown.ok && structuredClone(shown.value)).toEqual(structuredClone(bench.made))
    expect(bench.entries()).toEqual([])
    expect(await show({ ...bench, caller: callerForAccount(bench.caller, account + 1) })).toEqual(absent)
    expect(await show({ ...bench, caller: bench.issuerCaller })).toEqual(refuse({ type: 'NotPermitted' }))
  })

  test('can still be read when the card has ended', async () => {
    const bench = await open()
    const { vault, caller, cardId } = bench
    await updateIssuedCard(vault, caller, { ...noUpdate, cardId, status: 'CANCELED' })
    bench.vault.clock.advance(7 * 365 * dayMs)
    expect(await show(bench)).toMatchObject({ value: { card: { status: 'CANCELED' } } })
  })
})
