import { existsSync, statSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { captureSkewMs } from '@cardkeep/core/captures/capture-key'
import { epochMs } from '@cardkeep/core/kernel/time'
import { type Operator, operatorAudit } from '@cardkeep/core/operations/operator'
import type { Clock } from '@cardkeep/core/ports'
import { systemClock } from '../clock.ts'
import type { Config } from '../config.ts'
import { openFileRootKey } from '../keys/providers/file.ts'
import { syncFolder } from '../keys/providers/files.ts'
import type { RootKeyProvider } from '../keys/providers/provider.ts'
import { type PutBackKeys, planPutBackKeys } from '../keys/put-back-keys.ts'
import type { ServerStore } from '../storage/server-store.ts'
import { DatabaseBusy, openDatabase } from '../storage/sqlite/database.ts'
import { lockFolder } from '../storage/sqlite/lock.ts'
import { openSqliteStore } from '../storage/sqlite/store.ts'
import { needsWholeVault } from '../storage/sqlite/whole.ts'
import { needsEmbedded } from './back-up-vault.ts'
import { BackupFailure, copyAndHash, readChecksum } from './backup-file.ts'
import { type BackupWatch, type Share, sharesOf } from './backup-progress.ts'
import { examineLog } from './examine-log.ts'
import { createClock, openStore } from './open-vault.ts'

/*
 * A backup is prepared beside the database: copied, compared with its hash, gone through, made the newest set of keys, with an
 * entry that says so. Then what stood there goes into a folder of its own, and the draft takes its name. A crash in between
 * leaves no database, which no vault takes for a first start: the counter beside its root key stands.
 */

export interface RestoreWish {
  readonly from: string
  /** Whether a database that stands there may be put aside. */
  readonly replace: boolean
  /** In hex; `undefined`: as the file beside the backup says. */
  readonly sha256: string | undefined
}

export interface Restored extends Omit<PutBackKeys, 'changes'> {
  readonly database: string
  /** Where the database of before is now. */
  readonly replaced: string | undefined
  readonly auditEntries: number
}

/** Puts a backup into the place of an embedded vault that does not run. Throws `BackupFailure` or `KeyError`, and then changed nothing. */
export const restoreVault = async (
  config: Config,
  operator: Operator,
  wish: RestoreWish,
  watch: BackupWatch,
): Promise<Restored> => {
  needsEmbedded(config)
  const { dataFolder } = config
  const from = resolve(wish.from)
  if (!statSync(from, { throwIfNoEntry: false })?.isFile())
    throw new BackupFailure(`there is no file ${from}`)
  needsOwner(dataFolder)
  const database = join(dataFolder, 'cardkeep.db')
  const draft = `${database}.restoring`
  if (isSameFile(from, draft))
    throw new BackupFailure(`${from} is where a restore prepares its own copy: move it elsewhere`)
  const lock = lockFolder(dataFolder)
  try {
    if (existsSync(database) && !wish.replace)
      throw new BackupFailure(`there is a database in ${dataFolder} already: --replace puts it aside`)
    needsUnused(database)
    await removeDatabase(draft)
    const provider = await openRootKey(config)
    const prepared = await prepare({ ...{ from, draft, provider, operator }, sha256: wish.sha256 }, watch)
    needsUnused(database)
    const replaced = await putAside(dataFolder, database)
    needsFree(database, replaced)
    await rename(draft, database)
    await syncFolder(dataFolder)
    await provider.rememberCounter(prepared.counter)
    return { ...prepared, database, replaced }
  } finally {
    await removeDatabase(draft)
    lock.release()
  }
}

/** The same for a database that was put back by other means, and stands where it is to be. No vault may run. */
export const adoptDatabase = async (config: Config, operator: Operator): Promise<Restored> => {
  const isEmbedded = config.database.type === 'sqlite'
  const database = isEmbedded ? join(config.dataFolder, 'cardkeep.db') : 'PostgreSQL'
  if (isEmbedded) {
    needsOwner(config.dataFolder)
    if (!existsSync(database)) throw new BackupFailure(`there is no database in ${config.dataFolder}`)
  }
  const lock = isEmbedded ? lockFolder(config.dataFolder) : undefined
  try {
    const clock = createClock(config)
    const store = await openStore(config, 'command', clock)
    try {
      const provider = await openRootKey(config)
      const { entries } = await examineLog(store, () => {})
      const adopted = await adopt(store, provider, operator, clock)
      await provider.rememberCounter(adopted.counter)
      return { ...adopted, database, replaced: undefined, auditEntries: entries }
    } finally {
      await store.close()
    }
  } finally {
    lock?.release()
  }
}

/** A database of another user is one that the vault cannot open. */
const needsOwner = (dataFolder: string): void => {
  const owner = statSync(dataFolder, { throwIfNoEntry: false })?.uid
  if (owner !== undefined && process.getuid?.() !== undefined && owner !== process.getuid())
    throw new BackupFailure(`${dataFolder} is of another user: run this as the user of the vault`)
}

const isSameFile = (a: string, b: string): boolean => {
  const [one, other] = [a, b].map((path) => statSync(path, { throwIfNoEntry: false }))
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino
}

/**
 * That no vault serves does not say that no command runs. Who leaves a database as the last takes its log into it; while
 * another has it open, that is refused.
 */
const needsUnused = (database: string): void => {
  if (!existsSync(database)) return
  let opened: ReturnType<typeof openDatabase> | undefined
  try {
    opened = openDatabase(database)
    opened.exec('pragma journal_mode = delete')
  } catch (error) {
    if (error instanceof DatabaseBusy)
      throw new BackupFailure('another process has the database open: wait for its end', { cause: error })
    // It may be what is to be replaced because it cannot be opened any more.
  } finally {
    opened?.close()
  }
}

/** A command that runs meanwhile finds no database and makes an empty one, whose log would be taken for that of the draft. */
const needsFree = (database: string, replaced: string | undefined): void => {
  if (endsOf(database).length === 0) return
  const before = replaced === undefined ? '' : `; that of before is in ${replaced}`
  throw new BackupFailure(
    `another process made a database in ${database} meanwhile${before}: stop it and say this again`,
  )
}

const openRootKey = ({ rootKeyFile, database, dataFolder }: Config): Promise<RootKeyProvider> =>
  openFileRootKey({
    path: rootKeyFile,
    forbiddenFolder: database.type === 'sqlite' ? dataFolder : undefined,
    mayCreate: false,
    mayCountAnew: true,
  })

interface Draft {
  readonly from: string
  readonly draft: string
  readonly sha256: string | undefined
  readonly provider: RootKeyProvider
  readonly operator: Operator
}

type Prepared = Omit<Restored, 'database' | 'replaced'>

const prepare = async (
  { from, draft, sha256, provider, operator }: Draft,
  watch: BackupWatch,
): Promise<Prepared> => {
  const shares = sharesOf(watch, { copy: 30, pages: 10, log: 60 })
  const wanted = sha256 ?? (await readChecksum(from))
  if ((await copyAndHash(from, draft, shares.copy)) !== wanted)
    throw new BackupFailure(`${from} is damaged, or is another file: its SHA-256 is not ${wanted}`)
  needsWholeVault(draft, from)
  shares.pages(1, 1)
  return inDraft(draft, provider, operator, shares.log)
}

const inDraft = async (
  draft: string,
  provider: RootKeyProvider,
  operator: Operator,
  share: Share,
): Promise<Prepared> => {
  // Brings an older schema up to date; one that needs a newer program is refused.
  const store = await openSqliteStore({ file: draft })
  let prepared: Prepared
  try {
    const { entries } = await examineLog(store, share)
    prepared = { ...(await adopt(store, provider, operator, systemClock)), auditEntries: entries }
  } finally {
    await store.close()
  }
  // Who cannot take the log into the database closes it without a word, and the draft alone is half of both.
  if (existsSync(`${draft}-wal`))
    throw new BackupFailure('what was written is not all in the draft: see whether the disk is full')
  return prepared
}

const adopt = async (
  store: ServerStore,
  provider: RootKeyProvider,
  operator: Operator,
  clock: Pick<Clock, 'now'>,
): Promise<Omit<PutBackKeys, 'changes'>> => {
  const { changes, ...sets } = await planPutBackKeys({ store, provider })
  const { held, remembered, counter } = sets
  const now = clock.now()
  const details = { keySet: held, remembered, as: counter }
  const subject = { type: 'vault', id: 'vault' } as const
  const { ok } = await store.commit([
    ...changes,
    // What clients captured by clocks that are ahead was noted in the database that is gone: no such code may come again.
    { type: 'note-captured-ahead', until: epochMs(now + captureSkewMs) },
    operatorAudit(operator, now, 'vault.restored', subject, undefined, details),
  ])
  if (!ok) throw new BackupFailure('another process changes the keys of this database: stop every vault')
  return sets
}

/** What SQLite keeps beside a database goes by its name alone: left from another one, it is written into the next. */
const ends = ['', '-wal', '-shm', '-journal'] as const

const endsOf = (file: string): readonly string[] => ends.filter((end) => existsSync(`${file}${end}`))

/**
 * The database first: a vault that starts in the middle finds none, and does not take one without its log for whole. Also what
 * is left of one that is gone.
 */
const putAside = async (dataFolder: string, database: string): Promise<string | undefined> => {
  const found = endsOf(database)
  if (found.length === 0) return undefined
  const time = new Date(systemClock.now()).toISOString().replaceAll(/[:.]/g, '-')
  const folder = join(dataFolder, `replaced-${time}`)
  await mkdir(folder, { mode: 0o700 })
  for (const end of found) await rename(`${database}${end}`, join(folder, `cardkeep.db${end}`))
  await syncFolder(folder)
  return folder
}

const removeDatabase = async (file: string): Promise<void> => {
  for (const end of ends) await rm(`${file}${end}`, { force: true })
}
