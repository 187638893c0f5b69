import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UnavailableError } from '@cardkeep/core/errors'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, describe, expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { openSqliteStore, type SqliteStore } from './store.ts'

const isRoot = process.getuid?.() === 0

const mounted: string[] = []

const asRoot = (command: 'mount' | 'umount', ...args: readonly string[]): void => {
  execFileSync(command, args, { stdio: 'ignore' })
}

/** A file system of its own size; only root may mount one, and not in every container. */
const mountSmall = (sizeKb: number): string => {
  const path = join(makeWorkspace().path, 'small')
  mkdirSync(path)
  asRoot('mount', '-t', 'tmpfs', '-o', `size=${sizeKb}k`, 'tmpfs', path)
  mounted.push(path)
  return path
}

const unmountAll = (): void => {
  for (const path of mounted.splice(0)) asRoot('umount', path)
}

const findOutMounting = (): boolean => {
  try {
    mountSmall(64)
    unmountAll()
    return true
  } catch {
    return false
  }
}

const canMount = process.platform === 'linux' && isRoot && findOutMounting()
const stores: SqliteStore[] = []

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
  unmountAll()
})

const openStore = async (file: string, patience = { attempts: 3, pauseMs: 1 }): Promise<SqliteStore> => {
  const store = await openSqliteStore({ file, patience })
  stores.push(store)
  return store
}

describe('on a disk without room', () => {
  const records = createRecords()

  test('all that wait are told so, nothing is half written, and with room it goes on by itself', async (context) => {
    context.skip(!canMount, 'only who may mount can have a disk without room')
    const folder = mountSmall(1024)
    const file = join(folder, 'cardkeep.db')
    const store = await openStore(file)
    const ballast = join(folder, 'ballast')
    fillUp(ballast)

    const outcomes: PromiseSettledResult<unknown>[] = []
    for (let round = 0; round < 200 && outcomes.every(({ status }) => status === 'fulfilled'); round++) {
      const lists = Array.from({ length: 8 }, () => [
        { type: 'put-tenant' as const, tenant: records.tenant() },
        records.audit(),
      ])
      outcomes.push(...(await Promise.allSettled(lists.map((list) => store.commit(list)))))
    }
    const acknowledged = outcomes.filter(({ status }) => status === 'fulfilled').length
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused).toHaveLength(8)
    for (const { reason } of refused) expect(reason).toBeInstanceOf(UnavailableError)
    expect(await store.tenants()).toHaveLength(acknowledged)
    expect((await store.auditHead()).seq).toBe(acknowledged)
    await expect(store.checkWritable()).rejects.toThrow(UnavailableError)

    rmSync(ballast)
    await store.checkWritable()
    expect((await store.commit([records.audit()])).ok).toBe(true)
    expect((await store.auditHead()).seq).toBe(acknowledged + 1)
  })

  test('no store is made, and no file that cannot be opened once there is room', async (context) => {
    context.skip(!canMount, 'only who may mount can have a disk without room')
    const folder = mountSmall(64)
    const file = join(folder, 'cardkeep.db')
    const ballast = join(folder, 'ballast')
    fillUp(ballast)
    await expect(openStore(file)).rejects.toThrow(UnavailableError)
    rmSync(ballast)
    asRoot('mount', '-o', 'remount,size=1m', folder)
    const store = await openStore(file)
    expect((await store.commit([records.audit()])).ok).toBe(true)
  })

  /** Writes until nothing more fits. */
  const fillUp = (path: string): void => {
    const block = Buffer.alloc(4096, 1)
    for (;;)
      try {
        writeFileSync(path, block, { flag: 'a' })
      } catch {
        return
      }
  }
})

describe('a database that can only be read', () => {
  /** Root may write whatever the mode says, but not on a file system that is mounted for reading. */
  const readOnlyFolder = async (): Promise<{ folder: string; file: string }> => {
    const folder = isRoot ? mountSmall(1024) : makeWorkspace().path
    const file = join(folder, 'cardkeep.db')
    await (await openSqliteStore({ file })).close()
    if (isRoot) asRoot('mount', '-o', 'remount,ro', folder)
    else for (const path of [file, folder]) chmodSync(path, 0o500)
    return { folder, file }
  }

  test('is refused as an outage, and opens once it can be written', async (context) => {
    context.skip(isRoot && !canMount, 'root writes everywhere but on a mount for reading')
    const { folder, file } = await readOnlyFolder()
    await expect(openStore(file)).rejects.toThrow(UnavailableError)
    if (isRoot) asRoot('mount', '-o', 'remount,rw', folder)
    else for (const path of [folder, file]) chmodSync(path, 0o700)
    const store = await openStore(file)
    await store.checkWritable()
  })
})

describe('a file that is no database', () => {
  test('is refused as an outage and left as it is', async () => {
    const file = join(makeWorkspace().path, 'cardkeep.db')
    writeFileSync(file, 'a letter to the bank, longer than the header of a database'.repeat(20))
    const { size } = statSync(file)
    await expect(openStore(file)).rejects.toThrow(UnavailableError)
    expect(statSync(file).size).toBe(size)
  })
})

describe('while another process holds the database', () => {
  const records = createRecords()

  test('a commit waits without holding up the event loop, and is made when the other is done', async () => {
    const file = join(makeWorkspace().path, 'cardkeep.db')
    const store = await openStore(file, { attempts: 1000, pauseMs: 1 })
    const other = openDatabase(file)
    other.exec('begin immediate')
    const committing = store.commit([records.audit()])
    // The loop turns, and reads are answered, while the commit waits.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect((await store.auditHead()).seq).toBe(0)
    other.exec('rollback')
    other.close()
    expect((await committing).ok).toBe(true)
    expect((await store.auditHead()).seq).toBe(1)
  })

  test('a commit that waited too long is refused as an outage, with all that came after it', async () => {
    const file = join(makeWorkspace().path, 'cardkeep.db')
    const store = await openStore(file)
    const other = openDatabase(file)
    other.exec('begin immediate')
    const commits = [store.commit([records.audit()]), store.commit([records.audit()])]
    for (const result of await Promise.allSettled(commits))
      expect(result).toEqual({ status: 'rejected', reason: expect.any(UnavailableError) as unknown })
    await expect(store.checkWritable()).rejects.toThrow(UnavailableError)
    other.exec('rollback')
    other.close()
    await store.checkWritable()
    expect((await store.auditHead()).seq).toBe(0)
  })
})
