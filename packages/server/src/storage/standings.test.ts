import type { TokenId } from '@cardkeep/core/kernel/ids'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { expect, test } from 'vitest'
import { createStandings } from './standings.ts'

const records = createRecords()
const scope = records.scope()
const tenant = records.tenant()
const fingerprint = records.fingerprint(scope)
const tokenOf = (status: 'active' | 'suspended') => records.token(tenant, fingerprint, { status })

/** Tokens as a database has them, and how often they were read. */
const open = (token = tokenOf('active')) => {
  const rows = new Map([[token.id, token]])
  let reads = 0
  let hold: Promise<void> | undefined
  const standings = createStandings(async (id) => {
    reads++
    const found = rows.get(id)
    await hold
    return found
  })
  return {
    token,
    rows,
    standings,
    reads: () => reads,
    holdUntil: (promise: Promise<void> | undefined) => {
      hold = promise
    },
  }
}

test('a token is read once, and again after it was changed here', async () => {
  const { token, rows, standings, reads } = open()
  expect(await standings.standing(token.id)).toBe(token)
  expect(await standings.standing(token.id)).toBe(token)
  expect(reads()).toBe(1)
  const suspended = { ...token, status: 'suspended' as const, version: 2 }
  standings.touched([{ type: 'replace-token', token: suspended }])
  rows.set(token.id, suspended)
  expect(await standings.standing(token.id)).toBe(suspended)
})

test('and again after it was erased here, or another process wrote', async () => {
  const { token, rows, standings } = open()
  await standings.standing(token.id)
  rows.delete(token.id)
  standings.touched([{ type: 'erase-token', token }])
  expect(await standings.standing(token.id)).toBeUndefined()
  rows.set(token.id, token)
  expect(await standings.standing(token.id)).toBe(token)
  rows.delete(token.id)
  standings.forget()
  expect(await standings.standing(token.id)).toBeUndefined()
})

test.each([
  [
    'a change of it',
    ({ token, standings }: ReturnType<typeof open>) => standings.touched([{ type: 'replace-token', token }]),
  ],
  ['another process', ({ standings }: ReturnType<typeof open>) => standings.forget()],
])('what was read while %s overtook it is not remembered', async (_, overtake) => {
  const bench = open()
  const { token, rows, standings, holdUntil } = bench
  const held = Promise.withResolvers<void>()
  holdUntil(held.promise)
  const reading = standings.standing(token.id)
  const suspended = { ...token, status: 'suspended' as const, version: 2 }
  rows.set(token.id, suspended)
  overtake(bench)
  held.resolve()
  await reading
  expect(await standings.standing(token.id)).toBe(suspended)
})

test('changes of others leave it alone', async () => {
  const { token, standings, reads } = open()
  await standings.standing(token.id)
  standings.touched([{ type: 'put-token', token: tokenOf('active') }, records.audit()])
  await standings.standing(token.id)
  expect(reads()).toBe(1)
})

test('what does not exist is asked for each time', async () => {
  const { standings, reads } = open()
  const unknown = '00000000-0000-4000-8000-0000deadbeef' as TokenId
  for (let look = 0; look < 3; look++) expect(await standings.standing(unknown)).toBeUndefined()
  expect(reads()).toBe(3)
})

test('of many the oldest are forgotten', async () => {
  let reads = 0
  const standings = createStandings(async (id) => {
    reads++
    return { ...tokenOf('active'), id }
  })
  const ids = Array.from({ length: 10_001 }, () => tokenOf('active').id)
  for (const id of ids) await standings.standing(id)
  expect(reads).toBe(10_001)
  await standings.standing(ids[10_000] as TokenId)
  expect(reads).toBe(10_001)
  await standings.standing(ids[0] as TokenId)
  expect(reads).toBe(10_002)
})
