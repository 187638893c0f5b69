import type { Change } from '@cardkeep/core/changes'
import { epochMs } from '@cardkeep/core/kernel/time'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { expect, test } from 'vitest'
import { byOrder, planList } from './plan-list.ts'

const records = createRecords()
const tenant = records.tenant()
const print = records.fingerprint(records.scope())
const token = records.token(tenant, print)
const ids = [1, 2, 3].map(() => records.webhook(tenant).id)
const health = { failures: 1, pausedUntil: undefined }

test('lists of many callers are written in one order everywhere, those that only add rows first', () => {
  const lists: readonly (readonly Change[])[] = [
    [{ type: 'put-fingerprint', fingerprint: print }, records.audit()],
    [{ type: 'replace-token', token }],
    [{ type: 'claim-idempotency', claim: records.claim(tenant) }],
    ...[1, 2, 3].map((): readonly Change[] => [
      { type: 'use-credential', id: records.credential(tenant).id, at: epochMs(1) },
    ]),
    [{ type: 'set-code-policy', tenantId: tenant.id, policy: undefined }],
    ids.map((id) => ({ type: 'set-webhook-health', id, health })),
  ]
  const order = (some: typeof lists) =>
    some
      .map(planList)
      .toSorted(byOrder)
      .map(({ order: row }) => row)
  expect(order(lists)).toEqual(order(lists.toReversed()))
  expect(new Set(order(lists)).size).toBe(lists.length)
  expect(lists.map(planList).toSorted(byOrder)[0]?.isLoose).toBe(true)
})

test('what a list says of several webhooks comes last and in one order', () => {
  const said = ids.map((id): Change => ({ type: 'set-webhook-health', id, health }))
  const steps = (changes: readonly Change[]) => planList(changes).steps.map(({ values }) => values)
  const settled: Change = { type: 'settle-delivery', no: 7 }
  expect(steps([...said.toReversed(), settled])).toEqual(steps([settled, ...said]))
})
