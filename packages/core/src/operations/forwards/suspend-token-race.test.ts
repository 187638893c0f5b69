import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { createEgressDouble } from '@cardkeep/testing/doubles/egress'
import { type Bench, forward, openBench, withoutCode } from '@cardkeep/testing/doubles/forward'
import { testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, expect, test } from 'vitest'
import type { Change } from '../../changes.ts'
import { refuse } from '../../kernel/result.ts'
import { activateToken } from '../tokens/activate-token.ts'
import { deleteToken } from '../tokens/delete-token.ts'
import { suspendToken } from '../tokens/suspend-token.ts'

/* The two at their closest: what happens to a token between two steps of one forward. */

const opened: Bench[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ vault }) => vault.close()))
})

const open = async (): Promise<Bench> => {
  const bench = await openBench()
  opened.push(bench)
  return bench
}

const isForward = (changes: readonly Change[], outcome: string): boolean =>
  changes.some(
    (change) =>
      change.type === 'audit' && change.entry.action === 'card.forward' && change.entry.outcome === outcome,
  )

/** A store in which something happens once, just before such an entry is written. */
const beforeEntry = ({ vault }: Bench, outcome: string, happen: () => Promise<unknown>) => {
  let isDue = true
  return interceptCommits(vault.store, async (changes, commit) => {
    if (isDue && isForward(changes, outcome)) {
      isDue = false
      await happen()
    }
    return commit()
  })
}

const entriesOf = async ({ vault }: Bench): Promise<readonly (readonly unknown[])[]> =>
  (await vault.store.auditEntries(0, 1_000)).map(({ text }) => JSON.parse(text) as unknown[])

test.each([
  ['suspended', suspendToken],
  ['deleted', deleteToken],
])('a token that is %s just before the intent is written sends nothing', async (_, operation) => {
  const bench = await open()
  const egress = createEgressDouble()
  const store = beforeEntry(bench, 'intent', () => operation(bench.vault, testOperator, bench.tokenId))
  expect(await forward(bench, { store, egress })).toEqual(refuse({ type: 'TokenNotFound' }))
  expect(egress.sent).toEqual([])
  expect((await entriesOf(bench)).filter(([, , action]) => action === 'card.forward')).toEqual([])
})

test('a code that was taken before its token was suspended is not sent after it is active again', async () => {
  const bench = await open()
  const { vault, tokenId } = bench
  const egress = createEgressDouble()
  const store = beforeEntry(bench, 'intent', async () => {
    await suspendToken(vault, testOperator, tokenId)
    await activateToken(vault, testOperator, tokenId)
  })
  expect(await forward(bench, { store, egress })).toEqual(refuse({ type: 'CodeNotHeld' }))
  expect(egress.sent).toEqual([])
})

test('a forward without a code goes on where its token is active again', async () => {
  const bench = await open()
  const { vault, tokenId } = bench
  const store = beforeEntry(bench, 'intent', async () => {
    await suspendToken(vault, testOperator, tokenId)
    await activateToken(vault, testOperator, tokenId)
  })
  expect(await forward(bench, { store }, { template: withoutCode })).toMatchObject({ ok: true })
})

test('a token that is suspended just before the outcome is written is named in it', async () => {
  const bench = await open()
  const { vault, tokenId } = bench
  const { promise: settled, resolve } = Promise.withResolvers<void>()
  const suspending = beforeEntry(bench, 'success', () => suspendToken(vault, testOperator, tokenId))
  const store = interceptCommits(suspending, async (changes, commit) => {
    const result = await commit()
    if (result.ok && isForward(changes, 'success')) resolve()
    return result
  })
  expect(await forward(bench, { store })).toMatchObject({ ok: true })
  await settled
  const last = (await entriesOf(bench)).at(-1)
  expect([last?.[2], last?.[3], last?.[9]]).toMatchObject([
    'card.forward',
    'success',
    { sent: 'yes', tokenMeanwhile: 'suspended' },
  ])
})
