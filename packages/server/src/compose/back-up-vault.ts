import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, realpath, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Operator, operatorAudit } from '@cardkeep/core/operations/operator'
import type { Config } from '../config.ts'
import { checkpointAudit } from '../jobs/checkpoint-audit.ts'
import { hasCode, syncFolder } from '../keys/providers/files.ts'
import { copyDatabase } from '../storage/sqlite/database.ts'
import { prepareFile } from '../storage/sqlite/file.ts'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import { needsWholeVault } from '../storage/sqlite/whole.ts'
import { BackupFailure, checksumPathOf, hashFile, syncFile, writeChecksum } from './backup-file.ts'
import { type BackupWatch, sharesOf } from './backup-progress.ts'
import { examineLog } from './examine-log.ts'
import type { Vault } from './open-vault.ts'

export interface BackedUp {
  /** Absolute. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** The counter of the set of keys that it holds. */
  readonly keySet: number
  readonly auditEntries: number
}

/**
 * Copies the database of an embedded vault, which may be served meanwhile, into a file that is not there yet. The copy is of one
 * moment, and has its name only once it was gone through: its pages, its audit log. Throws `BackupFailure`.
 */
export const backUpVault = async (
  vault: Pick<Vault, 'config' | 'store' | 'clock' | 'auditSigner'>,
  operator: Operator,
  to: string,
  watch: BackupWatch,
): Promise<BackedUp> => {
  const { config, store, clock, auditSigner } = vault
  needsEmbedded(config)
  const file = resolve(to)
  await needsFreePlace(file, config)
  const shares = sharesOf(watch, { copy: 30, pages: 10, log: 50, hash: 10 })
  // Whoever has a backup has read everything (PCI DSS 10.2.1); the copy says so too, and is signed to its end.
  await store.commit([
    operatorAudit(operator, clock.now(), 'vault.backed-up', { type: 'vault', id: 'vault' }),
  ])
  await checkpointAudit(store, auditSigner, clock)

  const draft = `${file}.${randomUUID()}.tmp`
  try {
    prepareFile(draft)
    await copyDatabase(join(config.dataFolder, 'cardkeep.db'), draft, shares.copy)
    needsWholeVault(draft, 'the copy')
    shares.pages(1, 1)
    const facts = await examine(draft, shares.log)
    await syncFile(draft)
    const sha256 = await hashFile(draft, shares.hash)
    await giveName(draft, file)
    await writeChecksum(file, sha256)
    return { file, bytes: (await stat(file)).size, sha256, ...facts }
  } finally {
    for (const end of ['', '-wal', '-shm', '-journal']) await rm(`${draft}${end}`, { force: true })
  }
}

export const needsEmbedded = ({ database }: Pick<Config, 'database'>): void => {
  if (database.type !== 'sqlite')
    throw new BackupFailure(
      'the database is on PostgreSQL, which is backed up and put back by its own means: pg_dump, or base backups with WAL ' +
        '(docs/operations/backup.md)',
    )
}

const needsFreePlace = async (file: string, { rootKeyFile }: Config): Promise<void> => {
  for (const path of [file, checksumPathOf(file)])
    if (existsSync(path)) throw new BackupFailure(`${path} is there already`)
  const folder = await realpath(dirname(file)).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) throw new BackupFailure(`there is no folder ${dirname(file)}`)
    throw error
  })
  // PCI DSS 3.6.1: the key that encrypts keys is stored apart from what it protects.
  if (folder === (await realpath(dirname(rootKeyFile))))
    throw new BackupFailure('this is the folder of the root key: one copy of it would take both')
}

const examine = async (
  draft: string,
  share: Parameters<typeof examineLog>[1],
): Promise<Pick<BackedUp, 'keySet' | 'auditEntries'>> => {
  const copy = await openSqliteStore({ file: draft })
  try {
    const { entries } = await examineLog(copy, share)
    return { keySet: (await copy.keySet())?.counter ?? 0, auditEntries: entries }
  } finally {
    await copy.close()
  }
}

/** A link fails where the name is taken meanwhile; a rename would replace what stands there. */
const giveName = async (draft: string, file: string): Promise<void> => {
  try {
    await link(draft, file)
  } catch (error) {
    if (hasCode(error, 'EEXIST')) throw new BackupFailure(`${file} is there already`)
    throw error
  }
  await syncFolder(dirname(file))
}
