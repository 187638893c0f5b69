import { type IssuingBench, issueCard, openIssuingBench } from '@cardkeep/testing/doubles/issued-card'
import { addIssuedCards } from '@cardkeep/testing/doubles/issuer'
import { afterEach, expect, test } from 'vitest'
import { UnavailableError } from '../../errors.ts'
import type { IssuerSettings } from '../../issuing/issuer.ts'
import { decideRotation, dueAtOf } from '../../issuing/rotation.ts'
import { asServiceCode, drawableServiceCodes, type ServiceCode } from '../../issuing/service-code.ts'
import { openSecret } from '../../kernel/secret.ts'
import { epochMs, hourMs } from '../../kernel/time.ts'
import type { CvvDeriver, RotatingCard } from '../../ports.ts'
import { deriveCvv } from './derive-cvvs.ts'
import { planRotation, planRotations } from './plan-rotation.ts'

const opened: IssuingBench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const open = async (settings: Partial<IssuerSettings> = {}): Promise<IssuingBench> => {
  const bench = await openIssuingBench(settings)
  opened.push(bench)
  return bench
}

const addCards = ({ vault, issuer }: IssuingBench, count: number) =>
  addIssuedCards(vault, issuer, { count, hours: 1, nextAt: epochMs(vault.clock.now() + hourMs) })

const openCode = async ({ vault }: IssuingBench, { card, rotation }: RotatingCard): Promise<string> =>
  openSecret(await vault.issuedCards.openServiceCode(card, rotation.sealedServiceCode), 'check')

const openCvv = async (
  { vault, issuer }: IssuingBench,
  { card, rotation }: RotatingCard,
  instead?: ServiceCode,
): Promise<string> => {
  const pan = await vault.issuedCards.openNumber(card, card.sealedNumber)
  const serviceCode = instead ?? (await vault.issuedCards.openServiceCode(card, rotation.sealedServiceCode))
  return openSecret(await deriveCvv(vault.cvvs, issuer, { card, pan, serviceCode }), 'derive')
}

/** Draws these service codes, one after the other, and counts them. */
const drawing = (codes: readonly ServiceCode[]) => {
  let drawn = 0
  const places = codes.map((code) => drawableServiceCodes.indexOf(code))
  return { drawn: () => drawn, draws: { below: () => places[drawn++ % places.length] ?? 0 } }
}

/** Service codes with which the card's CVV stays, and others. */
const codesFor = async (bench: IssuingBench, card: RotatingCard) => {
  const before = await openCvv(bench, card)
  const all = await Promise.all(
    drawableServiceCodes.map(async (code) => ({ code, cvv: await openCvv(bench, card, code) })),
  )
  const same = all.filter(({ cvv }) => cvv === before).map(({ code }) => code)
  const others = all.filter(({ cvv }) => cvv !== before).map(({ code }) => code)
  return { same, others }
}

test('each card of a batch gets another service code, with which its CVV is another', async () => {
  const bench = await open()
  const cards = await addCards(bench, 200)
  const at = epochMs(bench.vault.clock.now() + hourMs)
  const planned = await planRotations(bench.vault, bench.issuer, cards, { cause: 'automatic', at })
  const codes = new Set<string>()
  for (const [index, plan] of planned.entries()) {
    const before = cards[index]
    if (!plan.ok || !before) throw new Error('not planned')
    const { card, rotation } = plan.value
    expect(card).toBe(before.card)
    const schedule = decideRotation(before.rotation.schedule, 'automatic', at)
    expect(rotation).toMatchObject({
      ...{ cardId: card.id, serial: 1, version: 2, previous: undefined },
      ...{ schedule, dueAt: dueAtOf(schedule, card.id, 0) },
    })
    expect(await openCvv(bench, plan.value)).not.toBe(await openCvv(bench, before))
    codes.add(await openCode(bench, plan.value))
  }
  expect(codes.size).toBeGreaterThan(150)
})

test('a code with which the CVV would stay is drawn again, for that card alone', async () => {
  const bench = await open()
  const cards = await addCards(bench, 3)
  const [one, two, three] = await Promise.all(cards.map((card) => codesFor(bench, card)))
  if (!one || !two || !three) throw new Error('no cards')
  const picked = [one.others[0], two.same[0], three.others[1], two.same[0], two.others[2]]
  const codes = picked.flatMap((code) => (code ? [code] : []))
  const { draws, drawn } = drawing(codes)
  const at = bench.vault.clock.now()
  const planned = await planRotations({ ...bench.vault, draws }, bench.issuer, cards, { cause: 'forced', at })
  const made = await Promise.all(
    planned.map(async (plan) => (plan.ok ? openCode(bench, plan.value) : 'none')),
  )
  expect(made).toEqual([codes[0], codes[4], codes[2]].map((code) => openSecret(code as ServiceCode, 'check')))
  expect(drawn()).toBe(5)
})

test('another service code that yields the same CVV is drawn again too', async () => {
  const bench = await open()
  for (const card of await addCards(bench, 50)) {
    const { same, others } = await codesFor(bench, card)
    const now = await openCode(bench, card)
    const alike = same.find((code) => openSecret(code, 'check') !== now)
    const [other] = others
    if (!alike || !other) continue
    const { draws, drawn } = drawing([alike, other])
    const wish = { cause: 'forced', at: bench.vault.clock.now() } as const
    const planned = await planRotation({ ...bench.vault, draws }, bench.issuer, card, wish)
    expect(drawn()).toBe(2)
    expect(await openCode(bench, planned)).toBe(openSecret(other, 'check'))
    return
  }
  throw new Error('no two service codes of fifty cards yield one CVV')
})

test('draws that always leave the CVV as it was are an error, not a loop', async () => {
  const bench = await open()
  const [card] = await addCards(bench, 1)
  if (!card) throw new Error('no card')
  const { same } = await codesFor(bench, card)
  const { draws } = drawing(same)
  const wish = { cause: 'forced', at: bench.vault.clock.now() } as const
  await expect(planRotation({ ...bench.vault, draws }, bench.issuer, card, wish)).rejects.toThrow(
    /every service code/,
  )
})

test('a code that was given is taken as it is; where the CVV stays so does the serial', async () => {
  const bench = await open()
  const made = await issueCard(bench)
  const at = bench.vault.clock.now()
  const first = { cause: 'forced', at, serviceCode: asServiceCode('201') } as const
  const rotated = await planRotation(bench.vault, bench.issuer, made, first)
  expect(await openCode(bench, rotated)).toBe('201')
  const again = await planRotation(bench.vault, bench.issuer, rotated, first)
  expect(await openCode(bench, again)).toBe('201')
  expect(again.rotation).toMatchObject({ serial: 1, version: 3 })
  const { same, others } = await codesFor(bench, again)
  for (const [codes, serial] of [
    [same, 1],
    [others.slice(0, 5), 2],
  ] as const)
    for (const serviceCode of codes) {
      const planned = await planRotation(bench.vault, bench.issuer, again, { ...first, serviceCode })
      expect(planned.rotation).toMatchObject({ serial, version: 4 })
    }
})

test('the code before is kept for as long as the issuer chose, and no longer than one rotation', async () => {
  const bench = await open({ graceMs: 60_000 })
  const made = await issueCard(bench)
  const at = bench.vault.clock.now()
  const once = await planRotation(bench.vault, bench.issuer, made, { cause: 'forced', at })
  expect(once.rotation.previous).toEqual({
    sealedServiceCode: made.rotation.sealedServiceCode,
    until: epochMs(at + 60_000),
  })
  const twice = await planRotation(bench.vault, bench.issuer, once, { cause: 'forced', at })
  expect(twice.rotation.previous?.sealedServiceCode).toEqual(once.rotation.sealedServiceCode)
})

test('where the issuer chose a jitter the card waits its part of it', async () => {
  const bench = await open({ jitterMs: 1_800_000 })
  const made = await issueCard(bench)
  const at = epochMs(bench.vault.clock.now() + 5 * hourMs)
  const { rotation } = await planRotation(bench.vault, bench.issuer, made, { cause: 'forced', at })
  expect(rotation.schedule.nextAt).toBe(at + 24 * hourMs)
  expect(rotation.dueAt).toBe(dueAtOf(rotation.schedule, made.card.id, 1_800_000))
})

test('a card that cannot be opened spoils no other', async () => {
  const bench = await open()
  const [one, two, three] = await addCards(bench, 3)
  if (!one || !two || !three) throw new Error('no cards')
  const spoiled = { ...two, card: { ...two.card, sealedNumber: one.card.sealedNumber } }
  const wish = { cause: 'automatic', at: bench.vault.clock.now() } as const
  const planned = await planRotations(bench.vault, bench.issuer, [one, spoiled, three], wish)
  expect(planned.map(({ ok }) => ok)).toEqual([true, false, true])
  expect(planned.map((plan) => plan.ok && plan.value.card.id)).toEqual([one.card.id, false, three.card.id])
  await expect(planRotation(bench.vault, bench.issuer, spoiled, wish)).rejects.toThrow(
    'sealed bytes were changed, or belong elsewhere',
  )
})

test('keys that cannot be reached are an outage, not cards that cannot be opened', async () => {
  const bench = await open()
  const cards = await addCards(bench, 2)
  const issuedCards = {
    ...bench.vault.issuedCards,
    openNumber: async () => {
      throw new UnavailableError('no keys')
    },
  }
  const wish = { cause: 'automatic', at: bench.vault.clock.now() } as const
  await expect(planRotations({ ...bench.vault, issuedCards }, bench.issuer, cards, wish)).rejects.toThrow(
    UnavailableError,
  )
})

test('many cards are derived in few steps', async () => {
  const bench = await open()
  const cards = await addCards(bench, 100)
  let steps = 0
  const cvvs: CvvDeriver = {
    ...bench.vault.cvvs,
    derive: (issuer, inputs) => {
      steps++
      return bench.vault.cvvs.derive(issuer, inputs)
    },
  }
  await planRotations({ ...bench.vault, cvvs }, bench.issuer, cards, {
    cause: 'automatic',
    at: bench.vault.clock.now(),
  })
  expect(steps).toBeLessThan(8)
})
