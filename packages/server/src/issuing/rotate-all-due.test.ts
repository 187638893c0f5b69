import type { AuditEntry } from '@cardkeep/core/audit/entry'
import { epochMs, minuteMs, secondMs } from '@cardkeep/core/kernel/time'
import { rotateDueCvvs } from '@cardkeep/core/operations/issuing/rotate-due-cvvs'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addIssuedCards, addIssuer } from '@cardkeep/testing/doubles/issuer'
import { openTestVault } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { type AllDue, rotateAllDue } from './rotate-all-due.ts'

const closings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close()
})

/** Cards that have been due for a minute. */
const open = async (count: number) => {
  const vault = await openTestVault()
  closings.push(() => vault.close())
  const { clock, store } = vault
  const issuer = await addIssuer(vault, 'bank')
  const nextAt = epochMs(clock.now() + minuteMs)
  const cards = await addIssuedCards(vault, issuer, { count, hours: 1, nextAt })
  clock.advance(2 * minuteMs)
  const stop = new AbortController()
  let heard = 0
  const rests: number[] = []
  /** Time passes while it rests. */
  const rest = async (ms: number): Promise<void> => {
    rests.push(ms)
    clock.advance(ms)
  }
  return {
    ...{ vault, store, clock, issuer, cards, stop, rests, rest },
    heard: () => heard,
    countDue: () => store.countDueRotations(clock.now(), undefined),
    run: (fields: Partial<AllDue> = {}, ports = vault as Parameters<typeof rotateAllDue>[0]) =>
      rotateAllDue(ports, {
        ...{ at: clock.now(), tenantId: undefined, stopped: stop.signal, rest },
        actor: { type: 'operator', id: 'jo' },
        isSealed: () => store.isSealed(),
        heard: (amount) => (heard += amount),
        ...fields,
      }),
    claim: (limit: number, ms: number) =>
      store.claimRotations({ at: clock.now(), until: epochMs(clock.now() + ms), limit }),
  }
}

const none = { rotated: 0, overtaken: 0, ended: 0, failed: 0, stillDue: 0 }

test('all that is due at one time rotates, of one issuer if it is told so', async () => {
  const { vault, run, heard, clock, store } = await open(300)
  const other = await addIssuer(vault, 'other bank')
  const others = await addIssuedCards(vault, other, { count: 3, hours: 1, nextAt: clock.now() })
  expect(await run({ tenantId: other.tenantId })).toMatchObject({ ...none, rotated: 3 })
  const found = await Promise.all(others.map(({ card }) => store.issuedCard(card.id)))
  expect(found.map((card) => card?.rotation.serial)).toEqual([1, 1, 1])
  expect(heard()).toBe(3)
  expect(await run()).toMatchObject({ ...none, rotated: 300 })
  expect(heard()).toBe(303)
  expect(await run()).toMatchObject(none)
})

test('cards that fail hold up no others, and it is told why', async () => {
  const { cards, store, run, rests } = await open(40)
  const [broken] = cards
  if (!broken) throw new Error('no card')
  const sealedServiceCode = new Uint8Array(broken.rotation.sealedServiceCode.length)
  await store.commit([
    { type: 'replace-rotation', rotation: { ...broken.rotation, sealedServiceCode, version: 2 } },
  ])
  const all = await run()
  expect(all).toMatchObject({ ...none, rotated: 39, failed: 1, stillDue: 1 })
  expect(all.failure).toBeInstanceOf(Error)
  expect(rests).toEqual([])
})

test('what others have claimed is waited for, and taken when the claim of one who died ends', async () => {
  const { claim, run, clock, countDue, heard } = await open(60)
  await claim(20, 25 * secondMs)
  const begun = clock.now()
  expect(await run()).toMatchObject({ ...none, rotated: 60 })
  expect(clock.now() - begun).toBe(25 * secondMs)
  expect(await countDue()).toBe(0)
  expect(heard()).toBe(60)
})

test('what others rotate meanwhile is not waited for any longer', async () => {
  const { claim, vault, run, rests } = await open(60)
  const claimed = await claim(20, 25 * secondMs)
  const all = await run({
    rest: async (ms) => {
      rests.push(ms)
      await rotateDueCvvs(vault, claimed)
    },
  })
  expect(all).toMatchObject({ ...none, rotated: 40 })
  expect(rests).toHaveLength(1)
})

test('it waits no longer than a claim lasts', async () => {
  const { claim, run, clock, rest } = await open(60)
  await claim(20, 30 * secondMs)
  const begun = clock.now()
  // Somebody claims them anew each time, and never rotates them.
  const all = await run({
    rest: async (ms) => {
      await rest(ms)
      await claim(20, 30 * secondMs)
    },
  })
  expect(all).toMatchObject({ ...none, rotated: 40, stillDue: 20 })
  expect(clock.now() - begun).toBe(30 * secondMs)
})

test('a stop ends it after the part under way, and what it had claimed is free for others', async () => {
  const { vault, run, stop, store, claim } = await open(300)
  const stopping = interceptCommits(store, (_, commit) => {
    stop.abort()
    return commit()
  })
  const all = await run({}, { ...vault, store: stopping })
  expect(all).toMatchObject({ ...none, rotated: 32, stillDue: 268 })
  expect(await claim(1_000, 30 * secondMs)).toHaveLength(268)
})

test('a stop ends the wait for others', async () => {
  const { claim, run, stop } = await open(60)
  await claim(20, 25 * secondMs)
  const all = await run({ rest: async () => stop.abort() })
  expect(all).toMatchObject({ ...none, rotated: 40, stillDue: 20 })
})

test('it stops where the vault is sealed meanwhile', async () => {
  const { run, claim } = await open(300)
  expect(await run({ isSealed: async () => true })).toMatchObject({ ...none, rotated: 32, stillDue: 268 })
  expect(await claim(1_000, 30 * secondMs)).toHaveLength(268)
})

test('the log has who ran it', async () => {
  const { vault, run, store } = await open(5)
  const entries: AuditEntry[] = []
  const watched = interceptCommits(store, (changes, commit) => {
    for (const change of changes) if (change.type === 'audit') entries.push(change.entry)
    return commit()
  })
  await run({}, { ...vault, store: watched })
  expect(entries.map(({ action, actor, details }) => [action, actor, details['cards']])).toEqual([
    ['cvv.rotated-due', { type: 'operator', id: 'jo' }, 5],
  ])
})
