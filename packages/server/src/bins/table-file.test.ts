import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test } from 'vitest'
import { examineTable, openTable } from './table-file.ts'

const makeFile = (text: string) => {
  const file = join(makeWorkspace().path, 'table.csv')
  writeFileSync(file, text)
  return { file, sha256: createHash('sha256').update(text).digest('hex'), bytes: Buffer.byteLength(text) }
}

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, at) => `${400_000 + at},Bank ${at}\n`).join('')

const nothing = (): void => {}

test('a good table is counted and hashed, and every byte of it is told as progress', async () => {
  const { file, sha256, bytes } = makeFile(`bin,issuer,url\n${rowsOf(30_000).replaceAll('\n', ',x\n')}`)
  let read = 0
  const examined = await examineTable(file, 10, (more) => {
    read += more
  })
  expect(examined).toEqual({ sha256, rows: 30_000, ignored: ['url'], findings: [] })
  expect(read).toBe(bytes)
})

test('no more findings are listed than asked for', async () => {
  const { file } = makeFile(`bin\n${'4\n'.repeat(50)}`)
  const { findings } = await examineTable(file, 3, nothing)
  expect(findings.map(({ line }) => line)).toEqual([2, 3, 4])
})

test.each(['', '\n\n', 'bin,issuer\n', '\ufeff'])('a file without rows (%j) is none', async (text) => {
  const { findings } = await examineTable(makeFile(text).file, 3, nothing)
  expect(findings).toHaveLength(1)
})

test('rows come in batches of one commit each, in order and all of them', async () => {
  const { file, sha256 } = makeFile(`bin,issuer\n${rowsOf(1_234)}`)
  const source = openTable(file, sha256, nothing)
  const sizes: number[] = []
  const issuers: (string | undefined)[] = []
  for await (const batch of source.batches) {
    sizes.push(batch.length)
    issuers.push(...batch.map(({ issuer }) => issuer))
  }
  expect(sizes).toEqual([500, 500, 234])
  expect(issuers).toEqual(Array.from({ length: 1_234 }, (_, at) => `Bank ${at}`))
  expect(source.isWhole()).toBe(true)
})

test('a file that changed since it was examined is not taken for the same', async () => {
  const { file, sha256 } = makeFile(`bin,issuer\n${rowsOf(10)}`)
  const source = openTable(file, sha256, nothing)
  writeFileSync(file, `bin,issuer\n${rowsOf(11)}`)
  for await (const _ of source.batches) continue
  expect(source.isWhole()).toBe(false)
})

test('a file that is gone throws', async () => {
  const gone = join(makeWorkspace().path, 'gone.csv')
  await expect(examineTable(gone, 3, nothing)).rejects.toThrow('ENOENT')
})
