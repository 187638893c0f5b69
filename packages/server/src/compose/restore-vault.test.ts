import { hash } from 'node:crypto'
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { captureSkewMs } from '@cardkeep/core/captures/capture-key'
import { createTenant } from '@cardkeep/core/operations/administration/create-tenant'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { describe, expect, test, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { type Config, readConfig } from '../config.ts'
import { beginMove } from '../storage/move/source.ts'
import { openDatabase } from '../storage/sqlite/database.ts'
import { backUpVault } from './back-up-vault.ts'
import type { BackupWatch } from './backup-progress.ts'
import { openVault, type Vault } from './open-vault.ts'
import { adoptDatabase, restoreVault } from './restore-vault.ts'

const operator = { name: 'ada' }
const silent: BackupWatch = { total: () => {}, add: () => {} }

const withVault = async <T>(config: Config, run: (vault: Vault) => Promise<T>): Promise<T> => {
  const vault = await openVault(config)
  try {
    return await run(vault)
  } finally {
    await vault.close()
  }
}

const addTenant = (config: Config, name: string) =>
  withVault(config, (vault) =>
    createTenant(vault.operatorPorts, operator, { name, environment: 'test', deduplicates: true }),
  )

const namesIn = (config: Config) =>
  withVault(config, async ({ store }) => (await store.tenants()).map(({ name }) => name).toSorted())

const configIn = (folder: string): Config => readConfig({ CARDKEEP_DATA: join(folder, 'data') })

const makeVault = async () => {
  const { path: folder } = makeWorkspace()
  const config = configIn(folder)
  await addTenant(config, 'first')
  const file = join(folder, 'backup.db')
  const backup = await withVault(config, (vault) => backUpVault(vault, operator, file, silent))
  await addTenant(config, 'second')
  return { folder, backup }
}

let made: ReturnType<typeof makeVault> | undefined

/** A vault with one tenant, a backup of it, and another tenant since: made once, and a copy for each test. */
const setUp = async () => {
  const { folder: original, backup } = await (made ??= makeVault())
  const { path: folder } = makeWorkspace()
  cpSync(original, folder, { recursive: true })
  const config = configIn(folder)
  const file = join(folder, 'backup.db')
  const restore = (from = file, sha256?: string) =>
    restoreVault(config, operator, { from, replace: true, sha256 }, silent)
  return { folder, config, file, backup, restore }
}

const sha256Of = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

/** What somebody with a tool for databases makes of a backup. */
const edited = (file: string, sql: string): Uint8Array => {
  const copy = join(makeWorkspace().path, 'edited.db')
  cpSync(file, copy)
  const database = new DatabaseSync(copy)
  database.exec(`pragma journal_mode = delete; pragma foreign_keys = off; ${sql}`)
  database.close()
  return readFileSync(copy)
}

describe('a backup is refused', () => {
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1)
  const pageBytes = 4096

  /** https://www.sqlite.org/fileformat.html: the size of a database in pages stands in its header, at 28. */
  const withPageMore = (bytes: Buffer): Uint8Array => {
    bytes.writeUInt32BE(bytes.length / pageBytes + 1, 28)
    return Buffer.concat([bytes, Buffer.alloc(pageBytes)])
  }

  test.each<readonly [string, (file: string) => Uint8Array, string]>([
    ['that lacks its end', (file) => readFileSync(file).subarray(0, -pageBytes), 'is damaged'],
    [
      'with a page of something else',
      (file) => readFileSync(file).fill(7, 2 * pageBytes, 3 * pageBytes),
      'is damaged',
    ],
    [
      'with a page that belongs to nothing',
      (file) => withPageMore(readFileSync(file)),
      'its pages do not fit',
    ],
    ['that is empty', () => new Uint8Array(), 'is not the database of a vault'],
    ['that is no database', () => new Uint8Array(pageBytes * 2).fill(65), 'is no database'],
    [
      'of something else',
      (file) => edited(file, 'drop table schema_version'),
      'is not the database of a vault',
    ],
    [
      'whose audit log lacks an entry',
      (file) => edited(file, 'delete from audit_entries where seq = 2'),
      'the audit log of the copy does not hold',
    ],
    [
      'that lacks a row which others need',
      (file) => edited(file, 'delete from tenants'),
      'rows are missing that others refer to',
    ],
    ['that lacks a key', (file) => edited(file, "delete from keys where purpose = 'audit'"), 'does not hold'],
    [
      'whose keys are not those that the vault wrote',
      (file) => edited(file, "update keys set state = 'decrypt-only' where purpose = 'card'"),
      'are not the set that the vault wrote',
    ],
  ])('%s, and nothing is changed', async (_, spoil, wanted) => {
    const { folder, config, file, restore } = await setUp()
    const spoilt = join(folder, 'spoilt.db')
    const bytes = spoil(file)
    writeFileSync(spoilt, bytes)
    await expect(restore(spoilt, sha256Of(bytes))).rejects.toThrow(wanted)
    expect(readdirSync(config.dataFolder).toSorted()).toEqual(['cardkeep.db', 'serving.lock'])
    expect(await namesIn(config)).toEqual(['first', 'second'])
  })

  test('of which one bit changed, wherever it is', async () => {
    const { config, file, restore } = await setUp()
    const bytes = readFileSync(file)
    for (const at of [30, bytes.length >> 1, bytes.length - 1]) {
      writeFileSync(file, flipped(bytes, at))
      await expect(restore()).rejects.toThrow('is damaged, or is another file')
    }
    writeFileSync(file, bytes)
    await restore()
    expect(await namesIn(config)).toEqual(['first'])
  })

  test('that nobody says the hash of', async () => {
    const { folder, file, restore } = await setUp()
    const alone = join(folder, 'alone.db')
    cpSync(file, alone)
    await expect(restore(alone)).rejects.toThrow('by which a damaged backup is told from a whole one')
    await expect(restore(join(folder, 'none.db'))).rejects.toThrow('there is no file')
  })

  test('of a vault with another root key', async () => {
    const { folder } = await makeVault()
    const { config, restore } = await setUp()
    await expect(restore(join(folder, 'backup.db'))).rejects.toThrow('it is the root key of another')
    expect(await namesIn(config)).toEqual(['first', 'second'])
  })

  test('where a database stands that nobody said to replace', async () => {
    const { config, file } = await setUp()
    const wish = { from: file, replace: false, sha256: undefined }
    await expect(restoreVault(config, operator, wish, silent)).rejects.toThrow('--replace puts it aside')
    expect(await namesIn(config)).toEqual(['first', 'second'])
  })

  test('while another process has the database open', async () => {
    const { config, restore } = await setUp()
    await withVault(config, async () => {
      await expect(restore()).rejects.toThrow('another process has the database open')
    })
    expect(await namesIn(config)).toEqual(['first', 'second'])
  })
})

describe('a backup is put back', () => {
  test('over a database that is damaged, which is kept as it is', async () => {
    const { config, restore } = await setUp()
    const database = join(config.dataFolder, 'cardkeep.db')
    const damaged = readFileSync(database).fill(7, 0, 4096)
    writeFileSync(database, damaged)
    const { replaced } = await restore()
    expect(await namesIn(config)).toEqual(['first'])
    expect(sha256Of(readFileSync(join(replaced ?? '', 'cardkeep.db')))).toBe(sha256Of(damaged))
  })

  test('where the log or the journal of a database that is gone was left, of which nothing comes into it', async () => {
    const { config, restore } = await setUp()
    const database = join(config.dataFolder, 'cardkeep.db')
    const gone = openDatabase(database)
    gone.exec("update tenants set name = 'of the one that is gone' where name = 'second'")
    cpSync(`${database}-wal`, `${database}.kept`)
    gone.close()
    rmSync(database)
    renameSync(`${database}.kept`, `${database}-wal`)
    writeFileSync(`${database}-journal`, 'not ours either')
    const { replaced } = await restore()
    expect(await namesIn(config)).toEqual(['first'])
    expect(readdirSync(replaced ?? '').toSorted()).toEqual(['cardkeep.db-journal', 'cardkeep.db-wal'])
  })

  test('after an earlier try was cut short, of which nothing comes into the database', async () => {
    const { config, file, restore } = await setUp()
    const draft = join(config.dataFolder, 'cardkeep.db.restoring')
    cpSync(file, draft)
    const cutShort = openDatabase(draft)
    cutShort.exec("update tenants set name = 'of an earlier try'")
    cpSync(`${draft}-wal`, `${file}-wal`)
    cutShort.close()
    renameSync(`${file}-wal`, `${draft}-wal`)
    await restore()
    expect(await namesIn(config)).toEqual(['first'])
    expect(readdirSync(config.dataFolder).filter((name) => name.includes('restoring'))).toEqual([])
  })

  test('and who is told how far it is hears of all of it, and of no more', async () => {
    const { config, folder, file } = await setUp()
    const watched = () => {
      const told = { total: 0, done: 0 }
      const watch: BackupWatch = {
        total: (parts) => {
          told.total = parts
        },
        add: (parts) => {
          told.done += parts
        },
      }
      return { told, watch }
    }
    const first = watched()
    await withVault(config, (vault) => backUpVault(vault, operator, join(folder, 'again.db'), first.watch))
    const second = watched()
    await restoreVault(config, operator, { from: file, replace: true, sha256: undefined }, second.watch)
    for (const { told } of [first, second]) expect(told.done).toBeCloseTo(told.total)
  })

  test('and the entry of the log says which keys it had, and which were the newest', async () => {
    const { config, backup, restore } = await setUp()
    const { held, remembered, counter } = await restore()
    expect(held).toBe(backup.keySet)
    await withVault(config, async ({ store }) => {
      const { seq } = await store.auditHead(0)
      const entries = await store.auditEntries(0, seq, 0)
      const last = entries
        .map(({ text }) => JSON.parse(text) as unknown[])
        .findLast((entry) => entry[2] === 'vault.restored')
      expect(last?.[5]).toEqual(['operator', 'ada'])
      expect(last?.[9]).toEqual({ keySet: held, remembered, as: counter })
    })
  })

  test('and a capture whose code may have come since the backup brings none', async () => {
    const { config, restore } = await setUp()
    const before = systemClock.now()
    await restore()
    await withVault(config, async ({ store }) => {
      expect(await store.capturedUntil()).toBeGreaterThanOrEqual(before + captureSkewMs)
    })
  })
})

describe('a restore changes nothing', () => {
  test('where not all that it wrote is in the draft, as on a full disk', async () => {
    const { config, file } = await setUp()
    let reader: DatabaseSync | undefined
    const watch: BackupWatch = {
      total: () => {},
      add: () => {
        const draft = join(config.dataFolder, 'cardkeep.db.restoring')
        // Who closes a database while another reads it leaves the log beside it, as one does who cannot write.
        if (reader || !existsSync(`${draft}-wal`)) return
        reader = new DatabaseSync(draft)
        reader.exec('begin; select count(*) from sqlite_schema')
      },
    }
    const wish = { from: file, replace: true, sha256: undefined }
    await expect(restoreVault(config, operator, wish, watch)).rejects.toThrow('whether the disk is full')
    reader?.close()
    expect(await namesIn(config)).toEqual(['first', 'second'])
  })

  test('of the very file that an earlier restore left', async () => {
    const { config, file, backup, restore } = await setUp()
    const draft = join(config.dataFolder, 'cardkeep.db.restoring')
    cpSync(file, draft)
    await expect(restore(draft, backup.sha256)).rejects.toThrow('move it elsewhere')
    expect(sha256Of(readFileSync(draft))).toBe(backup.sha256)
  })

  test('over what a command that runs meanwhile makes in its place', async () => {
    const { config, restore } = await setUp()
    const database = join(config.dataFolder, 'cardkeep.db')
    const ended = Promise.allSettled([restore()])
    const state = { isEnded: false }
    void ended.then(() => {
      state.isEnded = true
    })
    while (existsSync(database) && !state.isEnded) await nextTurn()
    writeFileSync(database, '')
    const [outcome] = await ended
    expect(outcome).toMatchObject({ reason: { message: expect.stringContaining('another process made a') } })
    expect(readFileSync(database)).toHaveLength(0)
    await restore()
    expect(await namesIn(config)).toEqual(['first'])
  })
})

describe('a database that was put back by other means', () => {
  test('is refused until that is said, and is the newest then', async () => {
    const { config, file } = await setUp()
    cpSync(file, join(config.dataFolder, 'cardkeep.db'))
    await expect(namesIn(config)).rejects.toThrow('`cardkeep restore` takes it for the newest')
    await adoptDatabase(config, operator)
    expect(await namesIn(config)).toEqual(['first'])
  })
})

describe('nobody puts a database back', () => {
  test('as another user than that of the vault, who could not open it then', async () => {
    const { config, restore } = await setUp()
    const before = readdirSync(config.dataFolder).toSorted()
    const other = vi.spyOn(process, 'getuid').mockReturnValue((process.getuid?.() ?? 0) + 1)
    try {
      for (const tried of [restore(), adoptDatabase(config, operator)])
        await expect(tried).rejects.toThrow('is of another user: run this as the user of the vault')
    } finally {
      other.mockRestore()
    }
    expect(readdirSync(config.dataFolder).toSorted()).toEqual(before)
  })

  test('in place where there is none, and none is made', async () => {
    const { config } = await setUp()
    rmSync(join(config.dataFolder, 'cardkeep.db'))
    await expect(adoptDatabase(config, operator)).rejects.toThrow('there is no database in')
    expect(existsSync(join(config.dataFolder, 'cardkeep.db'))).toBe(false)
  })
})

describe('no backup is made', () => {
  test('of a vault that moves to PostgreSQL', async () => {
    const { config, folder } = await setUp()
    const database = openDatabase(join(config.dataFolder, 'cardkeep.db'))
    beginMove(database, 'a run', 'a target')
    database.close()
    const file = join(folder, 'moving.db')
    await expect(withVault(config, (vault) => backUpVault(vault, operator, file, silent))).rejects.toThrow(
      'moves to PostgreSQL',
    )
    expect(readdirSync(folder).filter((name) => name.startsWith('moving'))).toEqual([])
  })

  test('over a file that is there, into a folder that is not, or beside the root key', async () => {
    const { config, folder, file } = await setUp()
    const before = readFileSync(file)
    const to = (path: string) => withVault(config, (vault) => backUpVault(vault, operator, path, silent))
    await expect(to(file)).rejects.toThrow('backup.db is there already')
    await expect(to(join(folder, 'none', 'a.db'))).rejects.toThrow('there is no folder')
    await expect(to(join(folder, 'data.keys', 'a.db'))).rejects.toThrow('the folder of the root key')
    writeFileSync(join(folder, 'b.db.sha256'), '')
    await expect(to(join(folder, 'b.db'))).rejects.toThrow('b.db.sha256 is there already')
    expect(existsSync(join(folder, 'b.db'))).toBe(false)
    expect(readFileSync(file).equals(before)).toBe(true)
  })
})

describeOnPostgres('a database on PostgreSQL that was put back by other means', (server) => {
  test('notes by the clock of its server which captures bring no code', async () => {
    const config = readConfig({
      CARDKEEP_DATA: join(makeWorkspace().path, 'data'),
      CARDKEEP_DATABASE_URL: await server.createDatabase(),
      CARDKEEP_DATABASE_PASSWORD_FILE: server.passwordFile,
    })
    await addTenant(config, 'first')
    const before = Date.now()
    vi.useFakeTimers({ toFake: ['Date'], now: before - 300_000 })
    try {
      await adoptDatabase(config, operator)
    } finally {
      vi.useRealTimers()
    }
    await withVault(config, async ({ store }) => {
      expect(await store.capturedUntil()).toBeGreaterThanOrEqual(before + captureSkewMs)
    })
  })
})
