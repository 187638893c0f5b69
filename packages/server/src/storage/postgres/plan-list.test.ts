import type { Change } from '@cardkeep/core/changes'
import { noTries } from '@cardkeep/core/issuing/cvv-tries'
import type { IssuedCard } from '@cardkeep/core/issuing/issued-card'
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

test('a list that changes several rows names all of them beforehand, and one that changes a row none', () => {
  const other = records.token(tenant, records.fingerprint(records.scope()))
  const replace = (of: typeof token): Change => ({ type: 'replace-token', token: of })
  const release: Change = { type: 'release-fingerprint', fingerprint: print }
  const keep: Change = { type: 'keep-fingerprint', fingerprint: print, until: epochMs(1) }
  const several = (...changes: readonly Change[]) => planList(changes).rows.areSeveral
  expect(several(replace(token), records.audit())).toBe(false)
  expect(several({ type: 'put-token', token }, { type: 'put-fingerprint', fingerprint: print })).toBe(false)
  expect(several(replace(token), replace(other))).toBe(true)
  expect(several(replace(token), { type: 'erase-token', token: other })).toBe(true)
  expect(several(replace(token), release)).toBe(true)
  expect(several(keep, { type: 'put-token', token })).toBe(false)
  expect(several(keep, replace(token))).toBe(true)
  expect(several(keep, { type: 'expect-token', token })).toBe(true)
  expect(several({ type: 'expect-token', token }, records.audit())).toBe(false)
  expect(planList([replace(other), release]).rows.fingerprints.map(([, hash]) => hash)).toEqual([
    other.fingerprint.hash,
    print.hash,
  ])
})

test('a list with a promise waits for a row, and is not among those that only add some', () => {
  const keep: Change = { type: 'keep-fingerprint', fingerprint: print, until: epochMs(1) }
  expect(planList([{ type: 'put-token', token }, records.audit()]).isLoose).toBe(true)
  expect(planList([{ type: 'put-token', token }, keep]).isLoose).toBe(false)
})

test('changes of what belongs to one token or one number have one place in the order', () => {
  const orders = (...lists: readonly Change[]) => new Set(lists.map((change) => planList([change]).order))
  const networkToken = records.networkToken(token)
  expect(
    orders(
      { type: 'replace-token', token },
      { type: 'put-network-token', networkToken },
      { type: 'replace-network-token', networkToken, from: 'active' },
      { type: 'end-network-tokens', tokenId: token.id, at: epochMs(1) },
    ).size,
  ).toBe(1)
  expect(
    orders(
      { type: 'put-fingerprint', fingerprint: print },
      { type: 'keep-fingerprint', fingerprint: print, until: epochMs(1) },
      { type: 'release-fingerprint', fingerprint: print },
    ).size,
  ).toBe(1)
  const [one, two] = [records.scope(), records.scope()]
  const set = (scopeId: typeof one.id): Change => ({
    type: 'set-network-tokens',
    scopeId,
    settings: undefined,
  })
  expect(orders(set(one.id), set(two.id)).size).toBe(2)
})

test('rows of one card come in one order, and cards in that of their ids, however long those are', () => {
  const [short, long] = [9, 10].map((id) => records.issuedCard(tenant, { id: id as IssuedCard['id'] }))
  if (!short || !long) throw new Error('two cards')
  const changesOf = (card: IssuedCard): readonly Change[] => [
    { type: 'replace-issued-card', card },
    { type: 'replace-rotation', rotation: records.rotation(card) },
    { type: 'put-cvv-tries', tries: { ...noTries(card.id), version: 1 } },
  ]
  const inOrder = [...changesOf(short), ...changesOf(long)]
  const orders = inOrder.map((change) => planList([change]).order)
  expect(orders).toEqual(orders.toSorted())
  expect(new Set(orders).size).toBe(6)
})

test('a rotation and what it tells are among those that are written together', () => {
  const rotation = records.rotation(records.issuedCard(tenant))
  const told: Change = { type: 'emit-event', event: records.event(tenant) }
  expect(planList([{ type: 'replace-rotation', rotation }, told, records.audit()]).isLoose).toBe(true)
})

test('whoever counts components locks their issuer before', () => {
  const remove: Change = { type: 'remove-cvk-components', tenantId: tenant.id, count: 2 }
  expect(planList([remove]).steps[0]).toMatchObject({ statement: 'lockIssuer', expects: 'nothing' })
  expect(planList([remove]).order).toBe(
    planList([
      { type: 'replace-issuer', issuer: records.issuer(tenant), hadCvk: false, componentsBefore: undefined },
    ]).order,
  )
})

test('whoever adds a BIN keeps others from adding one before it looks at theirs', () => {
  const bin = { tenantId: tenant.id, bin: '400000', createdAt: records.at }
  const [first, ...rest] = planList([{ type: 'add-issuer-bin', bin }]).steps
  expect(first).toMatchObject({ statement: 'lockIssuerBins', expects: 'nothing' })
  expect(rest.map(({ statement }) => statement)).toEqual(['addIssuerBin'])
})

test('what a list says of several webhooks comes last and in one order', () => {
  const said = ids.map((id): Change => ({ type: 'set-webhook-health', id, health }))
  const steps = (changes: readonly Change[]) => planList(changes).steps.map(({ values }) => values)
  const settled: Change = { type: 'settle-delivery', no: 7 }
  expect(steps([...said.toReversed(), settled])).toEqual(steps([settled, ...said]))
})
