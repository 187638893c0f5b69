import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addIssuedCards, addIssuer } from '@cardkeep/testing/doubles/issuer'
import { callerOf, openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { AuditEntry } from '../../audit/entry.ts'
import type { Change } from '../../changes.ts'
import { UnavailableError } from '../../errors.ts'
import type { VaultEvent } from '../../events/event.ts'
import { cvvInputOf } from '../../issuing/cvv.ts'
import type { IssuerSettings, ReadyIssuer } from '../../issuing/issuer.ts'
import { openSecret } from '../../kernel/secret.ts'
import { dayMs, epochMs, hourMs, minuteMs, secondMs } from '../../kernel/time.ts'
import type { RotatingCard } from '../../ports.ts'
import { rotateCvv } from './rotate-cvv.ts'
import { type RotateDuePorts, rotateDueCvvs } from './rotate-due-cvvs.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const claimMs = 30 * secondMs

/** A vault with an issuer that keeps what it commits. */
const open = async (settings: Partial<IssuerSettings> = {}) => {
  const vault = await openTestVault()
  opened.push(vault)
  const issuer = await addIssuer(vault, 'bank', settings)
  const committed: Change[] = []
  const store = interceptCommits(vault.store, async (changes, commit) => {
    const result = await commit()
    if (result.ok) committed.push(...changes)
    return result
  })
  const ports = { ...vault, store, readiness: { isSealed: () => false } }
  return {
    ...{ vault, issuer, ports, store, clock: vault.clock },
    events: (): readonly VaultEvent[] =>
      committed.flatMap((change) => (change.type === 'emit-event' ? [change.event] : [])),
    entries: (): readonly AuditEntry[] =>
      committed.flatMap((change) => (change.type === 'audit' ? [change.entry] : [])),
    /** Cards that are due in an hour, and then every so many hours. */
    add: (count: number, wish: { readonly hours?: number; readonly after?: number } & Wish = {}) =>
      addIssuedCards(vault, wish.issuer ?? issuer, {
        ...{ count, hours: 24, after: 0, nextAt: epochMs(vault.clock.now() + hourMs), ...wish },
      }),
  }
}
type Wish = { readonly issuer?: ReadyIssuer; readonly parts?: Partial<RotatingCard['card']> }

const claim = ({ store, clock }: Pick<RotateDuePorts, 'store' | 'clock'>, limit = 1_000) =>
  store.claimRotations({ at: clock.now(), until: epochMs(clock.now() + claimMs), limit })

const rotateDue = async (ports: RotateDuePorts) => rotateDueCvvs(ports, await claim(ports))

const read = async (
  { store }: Pick<RotateDuePorts, 'store'>,
  cards: readonly RotatingCard[],
): Promise<readonly RotatingCard[]> =>
  Promise.all(
    cards.map(async ({ card }) => {
      const found = await store.issuedCard(card.id)
      if (!found) throw new Error('a card is gone')
      return found
    }),
  )

const cvvOf = async (ports: RotateDuePorts, issuer: ReadyIssuer, { card, rotation }: RotatingCard) => {
  const pan = await ports.issuedCards.openNumber(card, card.sealedNumber)
  const code = await ports.issuedCards.openServiceCode(card, rotation.sealedServiceCode)
  const [cvv] = await ports.cvvs.derive(issuer, [cvvInputOf(card, pan, code)])
  return cvv ? openSecret(cvv, 'check') : undefined
}

test('a card that is due gets another CVV and its next time, with an event in the same commit', async () => {
  const { ports, issuer, clock, add, events } = await open()
  const [before] = await add(1)
  if (!before) throw new Error('no card')
  clock.advance(hourMs)
  const at = clock.now()
  expect(await rotateDue(ports)).toEqual({
    ...{ rotated: 1, overtaken: 0, ended: 0, failed: 0, failure: undefined },
  })
  const [after] = await read(ports, [before])
  expect(after?.rotation).toMatchObject({
    ...{ serial: 1, version: 2, dueAt: at + dayMs, previous: undefined },
    schedule: { intervalMs: dayMs, nextAt: at + dayMs, lastScheduledAt: at, lastRotatedAt: at },
  })
  expect(after && (await cvvOf(ports, issuer, after))).not.toBe(await cvvOf(ports, issuer, before))
  expect(events()).toMatchObject([
    {
      ...{ type: 'rotate_cvv', at, subject: { type: 'issued-card', id: before.card.hash } },
      data: {
        ...{ operation: 'ROTATE_CVV', rotationType: 'AUTOMATIC', cardId: before.card.id },
        nextRotationAt: new Date(at + dayMs).toISOString(),
      },
    },
  ])
})

test('one entry tells of all that an issuer had rotated in one round', async () => {
  const { vault, ports, issuer, clock, add, entries } = await open()
  const other = await addIssuer(vault, 'other bank')
  await add(7)
  await add(3, { issuer: other })
  clock.advance(hourMs)
  expect(await rotateDue(ports)).toMatchObject({ rotated: 10 })
  const told = entries().map(({ action, tenantId, actor, details }) => ({
    action,
    tenantId,
    actor,
    cards: details['cards'],
  }))
  const entry = { action: 'cvv.rotated-due', actor: { type: 'vault', id: undefined } }
  expect(told).toHaveLength(2)
  expect(told).toContainEqual({ ...entry, tenantId: issuer.tenantId, cards: 7 })
  expect(told).toContainEqual({ ...entry, tenantId: other.tenantId, cards: 3 })
})

test('after a time in which nobody looked it rotates once, and goes on in step', async () => {
  const { ports, clock, add, events } = await open()
  const cards = await add(1, { hours: 4 })
  const nextAt = clock.now() + hourMs
  clock.advance(hourMs + 10 * dayMs + 17 * minuteMs)
  expect(await rotateDue(ports)).toMatchObject({ rotated: 1 })
  expect(await rotateDue(ports)).toMatchObject({ rotated: 0 })
  expect(events()).toHaveLength(1)
  const [after] = await read(ports, cards)
  expect(after?.rotation.schedule.nextAt).toBe(nextAt + 10 * dayMs + 4 * hourMs)
})

test('a card that was forced between its claim and its turn is left to that, and the others rotate', async () => {
  const { vault, ports, issuer, clock, add, events, entries } = await open()
  const cards = await add(9)
  clock.advance(hourMs)
  const claimed = await claim(ports)
  const forced = cards[4]
  const tenant = await vault.store.tenant(issuer.tenantId)
  if (!forced || !tenant) throw new Error('no card')
  const caller = callerOf(tenant)
  const principal = { ...caller.principal, permissions: ['issue'] as const, accountId: 1 }
  const result = await rotateCvv(
    ports,
    { ...caller, principal },
    { cardId: forced.card.id, serviceCode: undefined },
  )
  expect(result.ok).toBe(true)
  const [byForce] = await read(ports, [forced])
  expect(await rotateDueCvvs(ports, claimed)).toMatchObject({ rotated: 8, overtaken: 1, failed: 0 })
  expect(await read(ports, [forced])).toEqual([byForce])
  expect(new Set(events().map(({ subject }) => subject.id))).toHaveLength(9)
  expect(events()).toHaveLength(9)
  const counted = entries().flatMap(({ action, details }) =>
    action === 'cvv.rotated-due' ? [details['cards']] : [],
  )
  expect(counted.reduce<number>((sum, cards) => sum + Number(cards), 0)).toBe(8)
  expect(await claim(ports)).toEqual([])
})

test('two that have the same claim rotate each card once', async () => {
  const { ports, clock, add, events } = await open()
  const cards = await add(20)
  clock.advance(hourMs)
  const claimed = await claim(ports)
  const batches = await Promise.all([rotateDueCvvs(ports, claimed), rotateDueCvvs(ports, claimed.slice(5))])
  expect(batches[0].rotated + batches[1].rotated).toBe(20)
  expect(batches[0].overtaken + batches[1].overtaken).toBe(15)
  expect((await read(ports, cards)).map(({ rotation }) => rotation.serial)).toEqual(cards.map(() => 1))
  expect(new Set(events().map(({ subject }) => subject.id))).toHaveLength(20)
  expect(events()).toHaveLength(20)
})

test('what somebody claimed and did not rotate is due again when the claim has run out, and rotates once', async () => {
  const { ports, clock, add, events } = await open()
  await add(6)
  clock.advance(hourMs)
  const lost = await claim(ports, 4)
  expect(lost).toHaveLength(4)
  expect(await rotateDue(ports)).toMatchObject({ rotated: 2 })
  clock.advance(claimMs - 1)
  expect(await rotateDue(ports)).toMatchObject({ rotated: 0 })
  clock.advance(1)
  expect(await rotateDue(ports)).toMatchObject({ rotated: 4 })
  // The one that was taken for dead wakes up.
  expect(await rotateDueCvvs(ports, lost)).toMatchObject({ rotated: 0, overtaken: 4 })
  expect(events()).toHaveLength(6)
})

test('a card that has ended has its schedule stopped, and nothing is told', async () => {
  const { ports, clock, add, events, entries } = await open()
  const ended = await add(2, { parts: { expiryMonth: 12, expiryYear: 2025 } })
  const cancelled = await add(1, { after: 2, parts: { status: 'CANCELED' } })
  const live = await add(1, { after: 3, parts: { status: 'BLOCKED' } })
  clock.advance(hourMs)
  expect(await rotateDue(ports)).toMatchObject({ rotated: 1, ended: 3 })
  for (const { rotation } of await read(ports, [...ended, ...cancelled])) {
    expect(rotation).toMatchObject({ serial: 0, dueAt: undefined, version: 2 })
    expect(rotation.schedule).toMatchObject({ intervalMs: undefined, nextAt: undefined })
  }
  expect(events().map(({ subject }) => subject.id)).toEqual(live.map(({ card }) => card.hash))
  expect(entries()).toMatchObject([{ details: { cards: 1, ended: 3 } }])
  clock.advance(10 * dayMs)
  expect(await claim(ports)).toHaveLength(1)
})

test('a card that cannot be opened stays as it is, and the others rotate', async () => {
  const { vault, ports, clock, add } = await open()
  const [broken, ...others] = await add(5)
  if (!broken) throw new Error('no card')
  const sealed = Uint8Array.from(broken.rotation.sealedServiceCode)
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1
  const tampered = { ...broken.rotation, sealedServiceCode: sealed, version: 2 }
  await vault.store.commit([{ type: 'replace-rotation', rotation: tampered }])
  clock.advance(hourMs)
  const batch = await rotateDue(ports)
  expect(batch).toMatchObject({ rotated: 4, failed: 1, failure: expect.any(Error) as unknown })
  expect(await read(ports, [broken])).toMatchObject([{ rotation: { serial: 0, version: 2 } }])
  expect((await read(ports, others)).every(({ rotation }) => rotation.serial === 1)).toBe(true)
  expect(await claim(ports)).toEqual([])
  clock.advance(claimMs)
  expect(await claim(ports)).toMatchObject([{ card: { id: broken.card.id } }])
})

test('an issuer whose keys cannot be used holds up no other', async () => {
  const { vault, ports, clock, add } = await open()
  const other = await addIssuer(vault, 'other bank')
  await add(3)
  await add(2, { issuer: other })
  clock.advance(hourMs)
  const claimed = await claim(ports)
  const store = {
    ...ports.store,
    issuer: async (tenantId: ReadyIssuer['tenantId']) =>
      tenantId === other.tenantId ? { ...other, cvk: undefined } : ports.store.issuer(tenantId),
  }
  expect(await rotateDueCvvs({ ...ports, store }, claimed)).toMatchObject({ rotated: 3, failed: 2 })
  expect(await rotateDueCvvs(ports, claimed)).toMatchObject({ rotated: 2, overtaken: 3 })
})

test('where the store cannot be reached that is thrown, and nothing has rotated', async () => {
  const { vault, ports, clock, add } = await open()
  const cards = await add(3)
  clock.advance(hourMs)
  const claimed = await claim(ports)
  const store = interceptCommits(vault.store, async () => {
    throw new UnavailableError('the disk is full')
  })
  await expect(rotateDueCvvs({ ...ports, store }, claimed)).rejects.toThrow(UnavailableError)
  expect((await read(ports, cards)).every(({ rotation }) => rotation.serial === 0)).toBe(true)
})

test('what a clock that was set back has made not due any more waits for its time', async () => {
  const { ports, clock, add, events } = await open()
  const cards = await add(2)
  clock.advance(hourMs)
  const claimed = await claim(ports)
  clock.step(-1)
  expect(await rotateDueCvvs(ports, claimed)).toMatchObject({ rotated: 0, overtaken: 2 })
  expect(events()).toEqual([])
  clock.step(1)
  expect(await rotateDueCvvs(ports, claimed)).toMatchObject({ rotated: 2 })
  expect((await read(ports, cards)).map(({ rotation }) => rotation.serial)).toEqual([1, 1])
})

test('an issuer that chose a grace keeps the code before for it, and its jitter delays each card by its own part', async () => {
  const { ports, clock, add } = await open({ graceMs: 60 * secondMs, jitterMs: 10 * minuteMs })
  const cards = await add(30)
  clock.advance(hourMs)
  await rotateDue(ports)
  const after = await read(ports, cards)
  for (const [index, { rotation }] of after.entries()) {
    expect(rotation.previous?.until).toBe(clock.now() + 60 * secondMs)
    expect(Buffer.from(rotation.previous?.sealedServiceCode ?? [])).toEqual(
      cards[index]?.rotation.sealedServiceCode,
    )
  }
  const delays = after.map(({ rotation }) => Number(rotation.dueAt) - Number(rotation.schedule.nextAt))
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...delays)).toBeLessThan(10 * minuteMs)
  expect(new Set(delays).size).toBeGreaterThan(20)
})
