import { interceptCommits } from '@cardkeep/testing/doubles/commits'
import { openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { afterEach, describe, expect, test } from 'vitest'
import type { BinRecord } from '../../bins/bin.ts'
import { UnavailableError } from '../../errors.ts'
import { refuse } from '../../kernel/result.ts'
import { type BinSource, importBins } from './import-bins.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const open = async () => {
  const vault = await openTestVault()
  opened.push(vault)
  return vault
}

const binOf = (prefix: number, issuer: string): BinRecord => ({
  prefix: String(prefix),
  brand: 'Visa',
  funding: 'credit',
  segment: 'consumer',
  product: undefined,
  issuer,
  country: 'DE',
  currency: 'EUR',
})

interface Wish extends Partial<BinSource> {
  readonly rows?: number
  readonly before?: (batch: number) => Promise<unknown>
}

const sourceOf = (issuer: string, { rows = 5, before = async () => {}, ...parts }: Wish = {}): BinSource => ({
  sha256: 'ab'.repeat(32),
  isWhole: () => true,
  batches: (async function* () {
    for (let at = 0; at < rows; at += 2) {
      await before(at / 2)
      yield Array.from({ length: Math.min(2, rows - at) }, (_, more) => binOf(400_000 + at + more, issuer))
    }
  })(),
  ...parts,
})

const issuerOf = async ({ store }: TestVault, prefix = '400000') => (await store.bin([prefix]))?.issuer

test('a table takes the place of the one before, and the audit log keeps of which file', async () => {
  const vault = await open()
  await importBins(vault, testOperator, sourceOf('old', { rows: 9 }))
  vault.clock.advance(1_000)
  const imported = await importBins(vault, testOperator, sourceOf('new'))
  expect(imported).toMatchObject({ ok: true, value: { rows: 5, at: vault.clock.now() } })
  expect(await vault.store.binTable()).toEqual({ count: 5, at: vault.clock.now() })
  expect(await issuerOf(vault)).toBe('new')
  expect(await issuerOf(vault, '400008')).toBeUndefined()
  const [entry] = await vault.store.auditEntries((await vault.store.auditHead()).seq - 1, 1)
  expect((JSON.parse(entry?.text ?? '[]') as unknown[]).slice(2)).toEqual([
    'bins.imported',
    'success',
    null,
    ['operator', 'operator'],
    null,
    null,
    ['bins', imported.ok ? imported.value.set : ''],
    { rows: 5, sha256: 'ab'.repeat(32) },
  ])
})

describe('the old table answers', () => {
  test('while the new one is being written', async () => {
    const vault = await open()
    await importBins(vault, testOperator, sourceOf('old'))
    const seen: unknown[] = []
    await importBins(
      vault,
      testOperator,
      sourceOf('new', { rows: 8, before: async () => seen.push(await issuerOf(vault)) }),
    )
    expect(seen).toEqual(['old', 'old', 'old', 'old'])
    expect(await issuerOf(vault)).toBe('new')
  })

  test('after an import that broke, whose rows go with the next one', async () => {
    const vault = await open()
    await importBins(vault, testOperator, sourceOf('old'))
    const broken = sourceOf('broken', {
      before: async (batch) => {
        if (batch === 2) throw new Error('killed')
      },
    })
    await expect(importBins(vault, testOperator, broken)).rejects.toThrow('killed')
    expect(await issuerOf(vault)).toBe('old')
    await importBins(vault, testOperator, sourceOf('new', { rows: 1 }))
    expect(await vault.store.binTable()).toMatchObject({ count: 1 })
    expect(await issuerOf(vault, '400001')).toBeUndefined()
  })

  test('where the file changed while it was read, and nothing is written down', async () => {
    const vault = await open()
    await importBins(vault, testOperator, sourceOf('old'))
    const { seq } = await vault.store.auditHead()
    const changed = sourceOf('changed', { isWhole: () => false })
    expect(await importBins(vault, testOperator, changed)).toEqual(refuse({ type: 'BinFileChanged' }))
    expect(await issuerOf(vault)).toBe('old')
    expect((await vault.store.auditHead()).seq).toBe(seq)
  })

  test('where the last commit fails', async () => {
    const vault = await open()
    await importBins(vault, testOperator, sourceOf('old'))
    const store = interceptCommits(vault.store, (changes, commit) =>
      changes.some(({ type }) => type === 'use-bins')
        ? Promise.reject(new UnavailableError('no database'))
        : commit(),
    )
    await expect(importBins({ ...vault, store }, testOperator, sourceOf('new'))).rejects.toThrow(
      'no database',
    )
    expect(await issuerOf(vault)).toBe('old')
  })
})

describe('of two imports at once the one that ends first wins whole', () => {
  test.each([1, 2])('over one that goes on with batch %i', async (overtakenAt) => {
    const vault = await open()
    const begun: number[] = []
    const slow = sourceOf('slow', {
      rows: 9,
      before: async (batch) => {
        begun.push(batch)
        if (batch === overtakenAt) await importBins(vault, testOperator, sourceOf('quick', { rows: 3 }))
      },
    })
    expect(await importBins(vault, testOperator, slow)).toEqual(refuse({ type: 'Contended' }))
    expect(begun.at(-1)).toBe(overtakenAt)
    expect(await issuerOf(vault)).toBe('quick')
    expect(await vault.store.binTable()).toMatchObject({ count: 3 })
  })

  test('over one that has written everything', async () => {
    const vault = await open()
    const isWhole = { done: false }
    const store = interceptCommits(vault.store, async (changes, commit) => {
      if (!isWhole.done && changes.some(({ type }) => type === 'use-bins')) {
        isWhole.done = true
        await importBins(vault, testOperator, sourceOf('quick', { rows: 3 }))
      }
      return commit()
    })
    expect(await importBins({ ...vault, store }, testOperator, sourceOf('slow'))).toEqual(
      refuse({ type: 'Contended' }),
    )
    expect(await issuerOf(vault)).toBe('quick')
  })
})

test('of two rows of one prefix the later counts', async () => {
  const vault = await open()
  const batches = (async function* () {
    yield [binOf(400_000, 'first'), binOf(400_000, 'second')]
    yield [binOf(400_000, 'third')]
  })()
  expect(await importBins(vault, testOperator, sourceOf('', { batches }))).toMatchObject({
    value: { rows: 3 },
  })
  expect(await vault.store.binTable()).toMatchObject({ count: 1 })
  expect(await issuerOf(vault)).toBe('third')
})
