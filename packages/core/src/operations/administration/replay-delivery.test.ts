import { createRecords } from '@cardkeep/testing/conformance/records'
import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { addTenant, openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import { done, refuse } from '../../kernel/result.ts'
import { dayMs, epochMs, minuteMs } from '../../kernel/time.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { purgeDeadDeliveries, replayDeliveries, replayDelivery } from './replay-delivery.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

/** Two tenants with a webhook each, and a way to have deliveries given up. */
const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  const { store, clock } = vault
  const records = createRecords()
  const tenants = [await addTenant(vault, 'one'), await addTenant(vault, 'two')] as const
  const webhooks = tenants.map((tenant) => records.webhook(tenant))
  await store.commit(webhooks.map((webhook) => ({ type: 'put-webhook', webhook })))
  const claim = () =>
    store.claimDeliveries({ at: clock.now(), until: epochMs(clock.now() + minuteMs), limit: 10_000 })
  const giveUp = async (tenant: Tenant, count: number): Promise<readonly number[]> => {
    const events = Array.from({ length: count }, () => records.event(tenant, { at: clock.now() }))
    await store.commit(events.map((event) => ({ type: 'emit-event', event })))
    const claimed = await claim()
    await store.commit(
      claimed.map(({ no }) => ({
        type: 'give-up-delivery',
        no,
        attempts: 19,
        at: clock.now(),
        failure: 'answered 500',
      })),
    )
    return claimed.map(({ no }) => no)
  }
  return { vault, tenants, webhooks, claim, giveUp }
}

const auditEntries = async ({ store }: TestVault, action: string): Promise<readonly unknown[][]> =>
  (await store.auditEntries(0, 10_000))
    .map(({ text }) => JSON.parse(text) as unknown[])
    .filter((entry) => entry[2] === action)

test('a delivery that was given up is due again under its number, from the first attempt', async () => {
  const { vault, tenants, webhooks, claim, giveUp } = await open()
  const [no = 0, other = 0] = await giveUp(tenants[0], 2)
  expect(await replayDelivery(vault, testOperator, no)).toEqual(done)
  expect(await claim()).toMatchObject([{ no, attempts: 0 }])
  expect(await vault.store.deadDeliveries(undefined, 10)).toMatchObject([{ no: other }])
  const entries = await auditEntries(vault, 'webhook.replayed')
  expect(entries.map((entry) => entry.slice(4))).toEqual([
    [tenants[0].id, ['operator', 'operator'], null, null, ['webhook', webhooks[0]?.id], { deliveries: 1 }],
  ])
})

test('all are replayed where each is given up again at once, however many', async () => {
  const { vault, tenants, claim, giveUp } = await open()
  await giveUp(tenants[0], 1_700)
  const { store, clock } = vault
  clock.advance(minuteMs)
  // The endpoint is gone: what is replayed comes back as the newest of those that were given up.
  const gone = {
    ...store,
    commit: async (changes: Parameters<typeof store.commit>[0]) => {
      const committed = await store.commit(changes)
      clock.advance(1)
      const claimed = await claim()
      await store.commit(
        claimed.map(({ no }) => ({
          type: 'give-up-delivery',
          no,
          attempts: 1,
          at: clock.now(),
          failure: 'answered 410',
        })),
      )
      return committed
    },
  }
  expect(await replayDeliveries({ store: gone, clock }, testOperator, undefined)).toBe(1_700)
})

test('what was not given up is not replayed', async () => {
  const { vault, tenants, giveUp } = await open()
  const [no = 0] = await giveUp(tenants[0], 1)
  expect(await replayDelivery(vault, testOperator, no + 1)).toEqual(refuse({ type: 'DeadDeliveryNotFound' }))
  await replayDelivery(vault, testOperator, no)
  expect(await replayDelivery(vault, testOperator, no)).toEqual(refuse({ type: 'DeadDeliveryNotFound' }))
  expect(await auditEntries(vault, 'webhook.replayed')).toHaveLength(1)
})

test('all of a tenant are replayed, however many, and of others none', async () => {
  const { vault, tenants, giveUp, claim } = await open()
  await giveUp(tenants[0], 1_200)
  const others = await giveUp(tenants[1], 3)
  expect(await replayDeliveries(vault, testOperator, tenants[0].id)).toBe(1_200)
  expect(await claim()).toHaveLength(1_200)
  expect((await vault.store.deadDeliveries(undefined, 10)).map(({ no }) => no)).toEqual(others.toReversed())
  expect(await replayDeliveries(vault, testOperator, undefined)).toBe(3)
})

test('what is given up again meanwhile is not replayed for ever', async () => {
  const { vault, tenants, giveUp } = await open()
  await giveUp(tenants[0], 5)
  const { store, clock } = vault
  let rounds = 0
  const again = interceptCommits(store, async (changes, commit) => {
    const committed = await commit()
    if (++rounds > 10) throw new Error('it does not end')
    clock.advance(1)
    await store.commit(
      changes.flatMap((change) =>
        change.type === 'replay-delivery'
          ? { type: 'give-up-delivery', no: change.no, attempts: 1, at: clock.now(), failure: 'answered 410' }
          : [],
      ),
    )
    return committed
  })
  expect(await replayDeliveries({ ...vault, store: again }, testOperator, undefined)).toBe(5)
  expect(await store.deadDeliveries(undefined, 10)).toHaveLength(5)
})

test('what was given up is forgotten after thirty days and not before', async () => {
  const { vault, tenants, giveUp } = await open()
  await giveUp(tenants[0], 2)
  vault.clock.advance(30 * dayMs)
  await purgeDeadDeliveries(vault)
  expect(await vault.store.deadDeliveries(undefined, 10)).toHaveLength(2)
  vault.clock.advance(1)
  await purgeDeadDeliveries(vault)
  expect(await vault.store.deadDeliveries(undefined, 10)).toEqual([])
})
