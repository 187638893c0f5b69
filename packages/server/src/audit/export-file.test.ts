import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Change } from '@cardkeep/core/changes'
import { epochMs } from '@cardkeep/core/kernel/time'
import { openTestVault, type TestVault } from '@cardkeep/testing/doubles/vault'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, describe, expect, test } from 'vitest'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { exportLines } from './export-file.ts'
import { readExport } from './read-export.ts'
import { verifyAudit } from './verify.ts'

const opened: TestVault[] = []
const open = async (): Promise<TestVault> => {
  const vault = await openTestVault()
  opened.push(vault)
  return vault
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const noteOf = (note: string): Change => ({
  type: 'audit',
  entry: {
    at: epochMs(1),
    action: 'tenant.changed',
    outcome: 'success',
    tenantId: undefined,
    actor: { type: 'operator', id: note },
    origin: undefined,
    requestId: undefined,
    subject: undefined,
    details: { note },
  },
})

const writeNotes = async ({ store, signer, clock }: TestVault, notes: readonly string[]): Promise<void> => {
  await Promise.all(notes.map((note) => store.commit([noteOf(note)])))
  await checkpointAudit(store, signer, clock)
}

const exportTo = async ({
  store,
}: TestVault): Promise<{ readonly path: string; readonly lines: readonly string[] }> => {
  const path = join(makeWorkspace().path, 'audit.jsonl')
  const lines = await Array.fromAsync(exportLines(store))
  writeFileSync(path, `${lines.join('\n')}\n`)
  return { path, lines }
}

const verifyFile = async (path: string) => verifyAudit(await readExport(path))

const writeLines = (lines: readonly string[]): string => {
  const path = join(makeWorkspace().path, 'audit.jsonl')
  writeFileSync(path, lines.join('\n'))
  return path
}

test('an exported log proves itself without the vault', async () => {
  const vault = await open()
  await writeNotes(vault, ['one', 'two'])
  await writeNotes(vault, ['three'])
  const { seq } = await vault.store.auditHead()
  const { path } = await exportTo(vault)
  await vault.close()
  expect(await verifyFile(path)).toEqual({
    ok: true,
    entries: seq,
    from: 1,
    checkpoints: 2,
    signedUpTo: seq,
    problem: undefined,
    chains: [{ chain: 0, entries: seq, from: 1, checkpoints: 2, signedUpTo: seq }],
  })
})

test('it has a line for the keys, then the signatures, then the entries', async () => {
  const vault = await open()
  await writeNotes(vault, ['one', 'two'])
  const { lines } = await exportTo(vault)
  const types = lines.map((line) => (JSON.parse(line) as { type: string }).type)
  const { seq } = await vault.store.auditHead()
  expect(types).toEqual(['audit', 'checkpoint', ...Array.from({ length: seq }, () => 'entry')])
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    type: 'audit',
    version: 1,
    public_keys: [{ key_id: expect.any(String), spki: expect.any(String) }],
  })
})

test('it keeps the public halves of keys that were retired', async () => {
  const vault = await open()
  await writeNotes(vault, ['one'])
  await vault.keyring.rotate({
    purpose: 'audit',
    owner: undefined,
    actor: { type: 'operator', id: 'operator' },
  })
  await writeNotes(vault, ['two'])
  const { path, lines } = await exportTo(vault)
  const { public_keys } = JSON.parse(lines[0] ?? '') as { public_keys: unknown[] }
  expect(public_keys).toHaveLength(2)
  expect(await verifyFile(path)).toMatchObject({ ok: true, checkpoints: 2 })
})

test('more entries than are read at a time come out whole and in order', async () => {
  const vault = await open()
  await writeNotes(
    vault,
    Array.from({ length: 2_345 }, (_, at) => `note ${at}`),
  )
  const { path } = await exportTo(vault)
  const { seq } = await vault.store.auditHead()
  expect(seq).toBeGreaterThanOrEqual(2_345)
  expect(await verifyFile(path)).toMatchObject({ ok: true, entries: seq, signedUpTo: seq })
})

test('text that could be taken for the end of a line comes through', async () => {
  const vault = await open()
  await writeNotes(vault, [
    'a\nb',
    'a\r\nb',
    'a\rb',
    'a\u2028b\u2029c',
    'a\u0085b',
    '"\\',
    '\ud800',
    'é😀',
    '\0',
  ])
  const { path } = await exportTo(vault)
  expect(await verifyFile(path)).toMatchObject({ ok: true, problem: undefined })
})

test('a log that went through a program that ends lines otherwise still proves itself', async () => {
  const vault = await open()
  await writeNotes(vault, ['one', 'two'])
  const { lines } = await exportTo(vault)
  expect(await verifyFile(writeLines(lines.map((line) => `${line}\r`)))).toMatchObject({ ok: true })
  expect(await verifyFile(writeLines(lines))).toMatchObject({ ok: true })
})

describe('an exported log that was changed does not hold', () => {
  test.each(Array.from({ length: 4 }, (_, at) => at))(
    'with line %i from the end changed',
    async (fromEnd) => {
      const vault = await open()
      await writeNotes(vault, ['one', 'two', 'three', 'four'])
      const { lines } = await exportTo(vault)
      const at = lines.length - 1 - fromEnd
      const changed = lines.with(at, (lines[at] ?? '').replaceAll(/one|two|three|four/g, 'other'))
      expect(changed).not.toEqual(lines)
      expect(await verifyFile(writeLines(changed))).toMatchObject({ ok: false })
    },
  )

  test('with its last lines cut off', async () => {
    const vault = await open()
    await writeNotes(vault, ['one', 'two', 'three'])
    const { lines } = await exportTo(vault)
    expect(await verifyFile(writeLines(lines.slice(0, -2)))).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/which were signed, are missing$/),
    })
  })
})

describe('what is no exported log is refused', () => {
  const folder = (): string => {
    const path = join(makeWorkspace().path, 'folder')
    mkdirSync(path)
    return path
  }
  test.each<readonly [string, () => string]>([
    ['a file that does not exist', () => join(makeWorkspace().path, 'nowhere')],
    ['a folder', folder],
    ['an empty file', () => writeLines([])],
    ['text', () => writeLines(['hello'])],
    ['JSON of something else', () => writeLines(['{"type":"other"}'])],
    ['a line of something else', () => writeLines(['{"type":"audit","public_keys":[]}', '{"type":"other"}'])],
    ['a list', () => writeLines(['[]'])],
    ['null', () => writeLines(['null'])],
    ['only entries', () => writeLines(['{"type":"entry","seq":1,"text":"[1]","hash":""}'])],
  ])('%s', async (_, make) => {
    await expect(verifyFile(make())).rejects.toThrow(Error)
  })

  test('a line that was cut off', async () => {
    const vault = await open()
    await writeNotes(vault, ['one'])
    const { path } = await exportTo(vault)
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -10))
    await expect(verifyFile(path)).rejects.toThrow(Error)
  })
})

describe('a log that was shipped in pieces', () => {
  const shipped = async (): Promise<readonly string[]> => {
    const vault = await open()
    await writeNotes(vault, ['one', 'two', 'three'])
    return (await exportTo(vault)).lines
  }

  test('holds with its signatures behind what they sign, and keys between', async () => {
    const [head = '', signature = '', ...entries] = await shipped()
    expect(await verifyFile(writeLines([head, ...entries, head, signature]))).toMatchObject({
      ok: true,
      checkpoints: 1,
      entries: entries.length,
    })
  })

  test('is read once where a piece came twice', async () => {
    const [head = '', signature = '', ...entries] = await shipped()
    const twice = [...entries.slice(0, 3), ...entries.slice(1)]
    expect(await verifyFile(writeLines([head, ...twice, signature]))).toMatchObject({
      ok: true,
      entries: entries.length,
    })
  })

  test('holds from the middle on, if the piece says what came before it', async () => {
    const [head = '', signature = '', ...entries] = await shipped()
    const before = JSON.parse(entries[1] ?? '') as { seq: number; hash: string }
    const after = { seq: before.seq, hash: before.hash, archived: false }
    const piece = [JSON.stringify({ ...JSON.parse(head), after }), ...entries.slice(2), signature]
    expect(await verifyFile(writeLines(piece))).toMatchObject({ ok: true, from: before.seq + 1 })
    const wrong = { ...after, hash: 'ff'.repeat(32) }
    const forged = [JSON.stringify({ ...JSON.parse(head), after: wrong }), ...entries.slice(2), signature]
    expect(await verifyFile(writeLines(forged))).toMatchObject({ ok: false })
  })
})
