import { join } from 'node:path'
import type { Change } from '@cardkeep/core/changes'
import { epochMs } from '@cardkeep/core/kernel/time'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, describe, expect, test } from 'vitest'
import { createRememberedTokens } from './remembered-tokens.ts'
import { openSqliteStore, type SqliteStore } from './store.ts'

const records = createRecords()
const scope = records.scope()
const tenant = records.tenant()
const fingerprint = records.fingerprint(scope)
const token = records.token(tenant, fingerprint)

describe('a token that was read', () => {
  const keepBoth = () => {
    const tokens = createRememberedTokens()
    const other = records.token(tenant, fingerprint)
    tokens.find(token.id, 1)
    tokens.keep(token)
    tokens.keep(other)
    return { tokens, other }
  }

  test('is remembered until another connection writes', () => {
    const { tokens } = keepBoth()
    expect(tokens.find(token.id, 1)).toBe(token)
    expect(tokens.find(token.id, 2)).toBeUndefined()
    expect(tokens.find(token.id, 2)).toBeUndefined()
  })

  test.each(['put-token', 'replace-token', 'erase-token'] as const)('is forgotten by its own %s', (type) => {
    const { tokens, other } = keepBoth()
    tokens.touched([{ type, token }])
    expect(tokens.find(token.id, 1)).toBeUndefined()
    expect(tokens.find(other.id, 1)).toBe(other)
  })

  /** These change its row or one that is read with it, or are so rare that nobody asks. A new type of change is among them. */
  test.each(['keep-fingerprint', 'purge-fingerprints', 'put-tenant', 'seal-vault', 'something new'])(
    'is forgotten by any %s',
    (type) => {
      const { tokens, other } = keepBoth()
      tokens.touched([{ type } as unknown as Change])
      expect([tokens.find(token.id, 1), tokens.find(other.id, 1)]).toEqual([undefined, undefined])
    },
  )

  test.each([
    'audit',
    'expect-token',
    'emit-event',
    'put-fingerprint',
    'put-network-token',
    'note-captured-ahead',
    'put-issued-card',
    'replace-issued-card',
    'replace-rotation',
    'put-cvv-tries',
  ])('outlives any %s', (type) => {
    const { tokens } = keepBoth()
    tokens.touched([{ type } as unknown as Change])
    expect(tokens.find(token.id, 1)).toBe(token)
  })

  test('is one of the last ten thousand', () => {
    const { tokens } = keepBoth()
    for (let at = 0; at < 9_999; at++) tokens.keep(records.token(tenant, fingerprint))
    expect(tokens.find(token.id, 1)).toBeUndefined()
  })
})

describe('a store that remembers tokens', () => {
  const open: SqliteStore[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((store) => store.close()))
  })
  const openTwo = async (): Promise<readonly [SqliteStore, SqliteStore]> => {
    const file = join(makeWorkspace().path, 'data', 'cardkeep.db')
    const [mine, other] = [await openSqliteStore({ file }), await openSqliteStore({ file })]
    open.push(mine, other)
    await mine.commit([
      { type: 'put-scope', scope },
      { type: 'put-tenant', tenant },
      { type: 'put-fingerprint', fingerprint },
      { type: 'put-token', token },
    ])
    expect(await mine.token(token.id)).toEqual(token)
    return [mine, other]
  }
  const suspended = { ...token, version: token.version + 1, status: 'suspended' as const }

  test('does not make the value of a row twice', async () => {
    const [mine] = await openTwo()
    expect(await mine.token(token.id)).toBe(await mine.token(token.id))
  })

  test.each([0, 1])('answers what connection %i of two has written, at once', async (by) => {
    const stores = await openTwo()
    await stores[by]?.commit([{ type: 'replace-token', token: suspended }])
    expect(await stores[0].token(token.id)).toEqual(suspended)
    await stores[by]?.commit([{ type: 'erase-token', token: suspended }])
    expect(await stores[0].token(token.id)).toBeUndefined()
  })

  test('answers what stood before where a list was refused', async () => {
    const [mine] = await openTwo()
    const refused = await mine.commit([
      { type: 'replace-token', token: suspended },
      { type: 'replace-token', token: suspended },
    ])
    expect(refused.ok).toBe(false)
    expect(await mine.token(token.id)).toEqual(token)
  })

  test('answers what is written while whoever wrote it has not heard of it', async () => {
    const [mine] = await openTwo()
    const together = mine.checkWritable().then(() => mine.token(token.id))
    const writing = mine.commit([{ type: 'replace-token', token: suspended }])
    expect(await together).toEqual(suspended)
    await writing
  })

  test('answers what is left after leftovers were removed, though it was read before that', async () => {
    const [mine] = await openTwo()
    await mine.commit([{ type: 'keep-fingerprint', fingerprint, until: epochMs(1_000) }])
    const purging = mine.commit([{ type: 'purge-fingerprints', before: epochMs(1_001) }])
    await mine.commit([records.audit()])
    await mine.token(token.id)
    await purging
    expect((await mine.token(token.id))?.fingerprint.analyticsUntil).toBeUndefined()
  })

  test('answers until when the id of its number is promised', async () => {
    const [mine] = await openTwo()
    const untilOf = async () => (await mine.token(token.id))?.fingerprint.analyticsUntil
    await mine.commit([{ type: 'keep-fingerprint', fingerprint, until: epochMs(1_000) }])
    expect(await untilOf()).toBe(1_000)
    await mine.commit([{ type: 'purge-fingerprints', before: epochMs(1_001) }])
    expect(await untilOf()).toBeUndefined()
  })
})
