import { hash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AuditChain } from '@cardkeep/core/audit/chain'
import type { Change } from '@cardkeep/core/changes'
import { dayMs, epochMs } from '@cardkeep/core/kernel/time'
import { openTestVault, type TestVault, testOperator } from '@cardkeep/testing/doubles/vault'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, expect, test } from 'vitest'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { archiveAudit, findCuts } from './archive.ts'
import { exportLines } from './export-file.ts'
import { readMaterial } from './material.ts'
import { readExport } from './read-export.ts'
import { verifyAudit } from './verify.ts'

const opened: TestVault[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((vault) => vault.close()))
})

const noteAt = (at: ReturnType<typeof epochMs>): Change => ({
  type: 'audit',
  entry: {
    at,
    action: 'tenant.changed',
    outcome: 'success',
    tenantId: undefined,
    actor: { type: 'operator', id: 'operator' },
    origin: undefined,
    requestId: undefined,
    subject: undefined,
    details: {},
  },
})

/** A vault with a day of entries and a signature on each of so many days. */
const openAfterDays = async (days: number): Promise<TestVault> => {
  const vault = await openTestVault()
  opened.push(vault)
  for (let day = 0; day < days; day++) {
    for (let entry = 0; entry < 3; entry++) await vault.store.commit([noteAt(vault.clock.now())])
    await checkpointAudit(vault.store, vault.signer, vault.clock)
    vault.clock.advance(dayMs)
  }
  return vault
}

const fileIn = (name = 'archive.jsonl'): string => join(makeWorkspace().path, name)
const verifyVault = async ({ store }: TestVault) => verifyAudit(await readMaterial(store))

test('what is older goes into a file that proves itself, and the vault proves the rest', async () => {
  const vault = await openAfterDays(5)
  const { seq } = await vault.store.auditHead()
  const cuts = await findCuts(vault.store, epochMs(vault.clock.now() - 3 * dayMs))
  if (!cuts) throw new Error('nothing is so old')
  const [cut] = cuts
  expect(cut.seq).toBeLessThan(seq)
  const path = fileIn()
  const sha256 = await archiveAudit(vault, testOperator, cuts, path)
  expect(sha256).toBe(hash('sha256', readFileSync(path)))
  expect(await verifyAudit(await readExport(path))).toMatchObject({
    ok: true,
    entries: cut.seq,
    signedUpTo: cut.seq,
  })
  expect(await verifyVault(vault)).toMatchObject({ ok: true, from: cut.seq + 1, entries: seq + 1 - cut.seq })
  expect((await vault.store.auditEntries(0, 1))[0]?.seq).toBe(cut.seq + 1)
})

test('a second archive goes on where the first ended, and an export of the rest says where it begins', async () => {
  const vault = await openAfterDays(6)
  const cutAt = (days: number) => findCuts(vault.store, epochMs(vault.clock.now() - days * dayMs))
  const first = await cutAt(5)
  if (!first) throw new Error('nothing is so old')
  await archiveAudit(vault, testOperator, first, fileIn())
  expect(await cutAt(5)).toBeUndefined()
  await checkpointAudit(vault.store, vault.signer, vault.clock)
  const second = await cutAt(2)
  if (!second) throw new Error('nothing is so old')
  const path = fileIn()
  await archiveAudit(vault, testOperator, second, path)
  expect(await verifyAudit(await readExport(path))).toMatchObject({ ok: true, from: first[0].seq + 1 })
  expect(await verifyVault(vault)).toMatchObject({ ok: true, from: second[0].seq + 1 })
  const exported = fileIn('rest.jsonl')
  writeFileSync(
    exported,
    (await Array.fromAsync(exportLines(vault.store))).map((line) => `${line}\n`).join(''),
  )
  expect(await verifyAudit(await readExport(exported))).toMatchObject({ ok: true, from: second[0].seq + 1 })
})

test('an archive that lost what another one moved away while it was written removes nothing', async () => {
  const vault = await openAfterDays(6)
  const cutAt = (days: number) => findCuts(vault.store, epochMs(vault.clock.now() - days * dayMs))
  const [early, late] = [await cutAt(5), await cutAt(2)]
  if (!early || !late) throw new Error('nothing is so old')
  let isFirst = true
  const overtaken = {
    ...vault.store,
    // As another command that ends between the first line of the file and its first entry.
    auditEntries: async (after: number, limit: number, chain?: AuditChain) => {
      if (isFirst) {
        isFirst = false
        await archiveAudit(vault, testOperator, early, fileIn())
      }
      return vault.store.auditEntries(after, limit, chain)
    },
  }
  const path = fileIn('late.jsonl')
  expect(await archiveAudit({ ...vault, store: overtaken }, testOperator, late, path)).toBeUndefined()
  expect(await vault.store.auditAnchor()).toMatchObject({ seq: early[0].seq })
  expect(existsSync(path)).toBe(false)
  expect(await verifyVault(vault)).toMatchObject({ ok: true, from: early[0].seq + 1 })
})

test('an archive that ends behind another never takes the cut back', async () => {
  const vault = await openAfterDays(6)
  const cutAt = (days: number) => findCuts(vault.store, epochMs(vault.clock.now() - days * dayMs))
  const [early, late] = [await cutAt(5), await cutAt(2)]
  if (!early || !late) throw new Error('nothing is so old')
  let isFirst = true
  const overtaken = {
    ...vault.store,
    // As another command that ends between the file of this one and its commit.
    commit: async (changes: readonly Change[]) => {
      if (isFirst) {
        isFirst = false
        await archiveAudit(vault, testOperator, late, fileIn())
      }
      return vault.store.commit(changes)
    },
  }
  expect(
    await archiveAudit({ ...vault, store: overtaken }, testOperator, early, fileIn('early.jsonl')),
  ).toBeUndefined()
  expect(await vault.store.auditAnchor()).toMatchObject({ seq: late[0].seq })
  expect(await verifyVault(vault)).toMatchObject({ ok: true, from: late[0].seq + 1 })
})

test('nothing is removed where the file is there already, or cannot be written', async () => {
  const vault = await openAfterDays(3)
  const { seq } = await vault.store.auditHead()
  const cuts = await findCuts(vault.store, vault.clock.now())
  if (!cuts) throw new Error('nothing is so old')
  const path = fileIn()
  writeFileSync(path, 'mine')
  await expect(archiveAudit(vault, testOperator, cuts, path)).rejects.toThrow('EEXIST')
  expect(readFileSync(path, 'utf8')).toBe('mine')
  const nowhere = join(makeWorkspace().path, 'nowhere', 'archive.jsonl')
  await expect(archiveAudit(vault, testOperator, cuts, nowhere)).rejects.toThrow('ENOENT')
  expect(existsSync(nowhere)).toBe(false)
  expect(await vault.store.auditHead()).toMatchObject({ seq })
  expect(await verifyVault(vault)).toMatchObject({ ok: true, from: 1 })
})

test('entries that are younger than the last signature before the day stay', async () => {
  const vault = await openAfterDays(1)
  expect(await findCuts(vault.store, epochMs(vault.clock.now() - 2 * dayMs))).toBeUndefined()
})
