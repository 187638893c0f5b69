import { once } from 'node:events'
import { chmodSync, copyFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { CaptureKey } from '@cardkeep/core/captures/capture-key'
import type { Change } from '@cardkeep/core/changes'
import { UnavailableError } from '@cardkeep/core/errors'
import type { AccessKey } from '@cardkeep/core/issuing/issuer'
import { epochMs } from '@cardkeep/core/kernel/time'
import type { NetworkToken } from '@cardkeep/core/network-tokens/network-token'
import { createRecords } from '@cardkeep/testing/conformance/records'
import { storeConformance } from '@cardkeep/testing/conformance/store'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { scrubAfterMs } from './scrub.ts'
import { openSqliteStore, type SqliteStore } from './store.ts'

const open: SqliteStore[] = []

const openStore = async (file: string): Promise<SqliteStore> => {
  const store = await openSqliteStore({ file })
  open.push(store)
  return store
}

const closeAll = async (): Promise<void> => {
  await Promise.all(open.splice(0).map((store) => store.close()))
}

const freshFile = (): string => join(makeWorkspace().path, 'data', 'cardkeep.db')

storeConformance('the SQLite store', async () => {
  const file = freshFile()
  return { store: await openStore(file), openAnother: () => openStore(file), close: closeAll }
})

describe('the SQLite store', () => {
  const records = createRecords()
  const tenantChange = (): Extract<Change, { type: 'put-tenant' }> => ({
    type: 'put-tenant',
    tenant: records.tenant(),
  })
  afterEach(closeAll)

  test('is readable for its owner alone, its log and its new folder too', async () => {
    const file = freshFile()
    await openStore(file)
    for (const path of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
  })

  test('closes a file to others that came with a wider mode', async () => {
    const file = freshFile()
    await (await openStore(file)).close()
    const restored = join(makeWorkspace().path, 'restored.db')
    copyFileSync(file, restored)
    chmodSync(restored, 0o644)
    await openStore(restored)
    expect(statSync(restored).mode & 0o777).toBe(0o600)
  })

  test('keeps what was acknowledged when it is never closed', async () => {
    const file = freshFile()
    const store = await openStore(file)
    const changes = Array.from({ length: 50 }, tenantChange)
    await Promise.all(changes.map((change) => store.commit([change, records.audit()])))
    // As the disk stands when the power fails: the database and its log, and no index of the log.
    const copy = join(makeWorkspace().path, 'copy.db')
    copyFileSync(file, copy)
    copyFileSync(`${file}-wal`, `${copy}-wal`)
    const reopened = await openStore(copy)
    expect(await reopened.tenants()).toEqual(await store.tenants())
    expect(await reopened.tenants()).toHaveLength(50)
    expect(await reopened.auditHead()).toEqual(await store.auditHead())
  })

  test('finishes what was asked for before it was closed, and nothing after', async () => {
    const file = freshFile()
    const store = await openStore(file)
    const commits = Array.from({ length: 600 }, () => store.commit([records.audit()]))
    const closing = store.close()
    await expect(store.commit([records.audit()])).rejects.toThrow(UnavailableError)
    await expect(store.auditHead()).rejects.toThrow(UnavailableError)
    await expect(store.checkWritable()).rejects.toThrow(UnavailableError)
    await closing
    await store.close()
    expect((await Promise.all(commits)).every(({ ok }) => ok)).toBe(true)
    expect((await (await openStore(file)).auditHead()).seq).toBe(600)
  })

  test('changes nothing where a newer program took away what it knows of the database', async () => {
    const file = freshFile()
    const store = await openStore(file)
    const other = new DatabaseSync(file)
    other.exec(
      'alter table tenants drop column policy_destinations; alter table vault_state drop column write_probes',
    )
    other.close()
    await expect(store.checkWritable()).rejects.toThrow(UnavailableError)
    await expect(store.commit([records.audit(), tenantChange()])).rejects.toThrow(UnavailableError)
    expect((await store.auditHead()).seq).toBe(0)
  })

  test('leaves no log behind when the last one closes', async () => {
    const file = freshFile()
    const store = await openStore(file)
    await store.commit([records.audit()])
    await store.close()
    expect(existsSync(`${file}-wal`)).toBe(false)
  })

  test('has another data version after another store wrote, and not after its own commits', async () => {
    const file = freshFile()
    const [mine, other] = [await openStore(file), await openStore(file)]
    const before = await mine.dataVersion()
    await mine.commit([tenantChange()])
    await mine.checkWritable()
    expect(await mine.dataVersion()).toBe(before)
    await other.commit([tenantChange()])
    const after = await mine.dataVersion()
    expect(after).not.toBe(before)
    expect(await mine.dataVersion()).toBe(after)
  })

  test('refuses an id that is no UUID before it can be read back as another', async () => {
    const store = await openStore(freshFile())
    const { tenant } = tenantChange()
    for (const text of ['', 'tok_1', `${tenant.id}0`, tenant.id.replace(/.$/, 'g')])
      await expect(
        store.commit([{ type: 'put-tenant', tenant: { ...tenant, id: text as typeof tenant.id } }]),
      ).rejects.toThrow('no UUID')
    expect(await store.tenants()).toEqual([])
  })

  describe('leaves nothing of an erased token in its files', () => {
    afterEach(() => {
      vi.useRealTimers()
    })

    /** What a store clears then is what whoever was before it left. */
    const passFirstSecond = (): void => {
      if (vi.isFakeTimers()) vi.advanceTimersByTime(scrubAfterMs)
    }

    /** Bytes that occur nowhere else, so that finding them is finding the token. */
    const fill = async (file: string) => {
      const store = await openStore(file)
      const scope = records.scope()
      const tenant = records.tenant()
      await store.commit([
        { type: 'put-scope', scope },
        { type: 'put-tenant', tenant },
      ])
      const tokens = Array.from({ length: 300 }, (_, at) => {
        const fingerprint = records.fingerprint(scope)
        const sealed = Buffer.from(`sealed-${String(at).padStart(6, '0')}-`.repeat(8))
        return { fingerprint, token: records.token(tenant, fingerprint, { sealed }) }
      })
      for (const { fingerprint, token } of tokens)
        await store.commit([
          { type: 'put-fingerprint', fingerprint },
          { type: 'put-token', token },
        ])
      passFirstSecond()
      return { store, tokens }
    }

    const remains = (file: string, needles: readonly Buffer[]): number => {
      const bytes = Buffer.concat(
        [file, `${file}-wal`].filter((path) => existsSync(path)).map((path) => readFileSync(path)),
      )
      return needles.filter((needle) => bytes.includes(needle)).length
    }

    test('a second later, while it stays open', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const file = freshFile()
      const { store, tokens } = await fill(file)
      const [erased, kept] = [tokens.filter((_, at) => at % 3 > 0), tokens.filter((_, at) => at % 3 === 0)]
      for (const { token } of erased) await store.commit([{ type: 'erase-token', token }])
      vi.advanceTimersByTime(scrubAfterMs)
      expect(remains(file, kept.flatMap(bytesOf))).toBe(kept.length * 3)
      expect(remains(file, erased.flatMap(bytesOf))).toBe(0)
    })

    test('a second after it was deleted, though its row stays', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const file = freshFile()
      const { store, tokens } = await fill(file)
      const [deleted, kept] = [tokens.filter((_, at) => at % 3 > 0), tokens.filter((_, at) => at % 3 === 0)]
      const sealedOf = ({ token }: Filled): Buffer => Buffer.from(token.sealed)
      for (const { token } of deleted)
        await store.commit([
          {
            type: 'replace-token',
            token: { ...token, version: 2, status: 'deleted', sealed: new Uint8Array() },
          },
        ])
      vi.advanceTimersByTime(scrubAfterMs)
      expect(remains(file, kept.map(sealedOf))).toBe(kept.length)
      expect(remains(file, deleted.map(sealedOf))).toBe(0)
      expect(
        remains(
          file,
          deleted.map(({ token }) => Buffer.from(token.id.replaceAll('-', ''), 'hex')),
        ),
      ).toBe(deleted.length)
    })

    test('a second after it got another number, though its row stays', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const file = freshFile()
      const { store, tokens } = await fill(file)
      const [kept, ...others] = tokens
      if (!kept) throw new Error('there are no tokens')
      for (const { token, fingerprint } of others)
        await store.commit([
          {
            type: 'replace-token',
            token: {
              ...token,
              version: 2,
              unique: false,
              fingerprint: kept.fingerprint,
              sealed: records.bytes(96),
            },
            isRelinked: true,
          },
          { type: 'release-fingerprint', fingerprint },
        ])
      vi.advanceTimersByTime(scrubAfterMs)
      const cardOf = ({ token, fingerprint }: Filled): readonly Buffer[] => [
        Buffer.from(token.sealed),
        Buffer.from(fingerprint.hash),
      ]
      expect(remains(file, cardOf(kept))).toBe(2)
      expect(remains(file, others.flatMap(cardOf))).toBe(0)
    })

    const ends: readonly (readonly [string, (networkToken: NetworkToken) => Change])[] = [
      ['with its token', ({ tokenId }) => ({ type: 'end-network-tokens', tokenId, at: records.at })],
      [
        'by itself',
        (networkToken) => ({
          type: 'replace-network-token',
          networkToken: { ...networkToken, status: 'deleted', sealed: new Uint8Array() },
          from: 'active',
        }),
      ],
    ]
    test.each(ends)('nor of a network token that ended %s, a second later', async (_, end) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const file = freshFile()
      const { store, tokens } = await fill(file)
      const networkTokens = tokens.map(({ token }, at) =>
        records.networkToken(token, {
          sealed: Buffer.from(`network-${String(at).padStart(6, '0')}-`.repeat(8)),
        }),
      )
      for (const networkToken of networkTokens)
        await store.commit([{ type: 'put-network-token', networkToken }])
      const [ended, kept] = [networkTokens.slice(100), networkTokens.slice(0, 100)]
      for (const networkToken of ended) await store.commit([end(networkToken)])
      vi.advanceTimersByTime(scrubAfterMs)
      const sealedOf = ({ sealed }: NetworkToken): Buffer => Buffer.from(sealed)
      expect(remains(file, kept.map(sealedOf))).toBe(kept.length)
      expect(remains(file, ended.map(sealedOf))).toBe(0)
    })

    test('nor of the private half of a capture key that was purged, a second later', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const file = freshFile()
      const store = await openStore(file)
      const tenant = records.tenant()
      const keys = Array.from({ length: 12 }, (_, at) =>
        records.captureKey(tenant, {
          sealedPrivateKey: Buffer.from(`private-${String(at).padStart(6, '0')}-`.repeat(20)),
        }),
      )
      await store.commit([
        { type: 'put-tenant', tenant },
        ...keys.map((key): Change => ({ type: 'put-capture-key', key })),
      ])
      passFirstSecond()
      const [purged, kept] = [keys.slice(5), keys.slice(0, 5)]
      for (const { id } of purged) await store.commit([{ type: 'retire-capture-key', id, at: records.at }])
      await store.commit([{ type: 'purge-capture-keys', before: epochMs(records.at + 1) }])
      vi.advanceTimersByTime(scrubAfterMs)
      const privateOf = ({ sealedPrivateKey }: CaptureKey): Buffer => Buffer.from(sealedPrivateKey)
      expect(remains(file, kept.map(privateOf))).toBe(kept.length)
      expect(remains(file, purged.map(privateOf))).toBe(0)
    })

    test('nor of what card verification keys were made of, a second later', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const file = freshFile()
      const store = await openStore(file)
      const [tenant, other] = [records.tenant(), records.tenant()]
      const componentsOf = (of: typeof tenant) =>
        Array.from({ length: 5 }, (_, at) =>
          records.cvkComponent(of, {
            sealed: Buffer.from(`component-${of.name}-${String(at).padStart(6, '0')}-`.repeat(20)),
          }),
        )
      const [gone, kept] = [componentsOf(tenant), componentsOf(other)]
      for (const of of [tenant, other])
        await store.commit([
          { type: 'put-tenant', tenant: of },
          { type: 'put-issuer', issuer: records.issuer(of) },
        ])
      await store.commit([...gone, ...kept].map((component) => ({ type: 'put-cvk-component', component })))
      passFirstSecond()
      await store.commit([{ type: 'remove-cvk-components', tenantId: tenant.id, count: 5 }])
      vi.advanceTimersByTime(scrubAfterMs)
      const sealedOf = ({ sealed }: (typeof gone)[number]): Buffer => Buffer.from(sealed)
      expect(remains(file, kept.map(sealedOf))).toBe(kept.length)
      expect(remains(file, gone.map(sealedOf))).toBe(0)
    })

    test.each([
      ['purged', (): Change[] => [{ type: 'purge-access-keys', before: epochMs(records.at + 1) }]],
      ['removed', (gone): Change[] => gone.map(({ id }) => ({ type: 'remove-access-key', id }))],
    ] satisfies readonly [string, (gone: readonly AccessKey[]) => Change[]][])(
      'nor of the private half of a pair that signed access tokens and was %s, a second later',
      async (_, erase) => {
        vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
        const file = freshFile()
        const store = await openStore(file)
        const tenant = records.tenant()
        const keys = Array.from({ length: 6 }, (_, at) =>
          records.accessKey(tenant, {
            sealedPrivateKey: Buffer.from(`signing-${String(at).padStart(6, '0')}-`.repeat(40)),
            retiredAt: at < 3 ? records.at : undefined,
          }),
        )
        await store.commit([
          { type: 'put-tenant', tenant },
          { type: 'put-issuer', issuer: records.issuer(tenant) },
          ...keys.map((key): Change => ({ type: 'put-access-key', key })),
        ])
        passFirstSecond()
        await store.commit(erase(keys.slice(0, 3)))
        vi.advanceTimersByTime(scrubAfterMs)
        const privateOf = ({ sealedPrivateKey }: (typeof keys)[number]): Buffer =>
          Buffer.from(sealedPrivateKey)
        expect(remains(file, keys.slice(3).map(privateOf))).toBe(3)
        expect(remains(file, keys.slice(0, 3).map(privateOf))).toBe(0)
      },
    )

    test.each([
      ['at once', false],
      ['slower than the log is cleared', true],
    ])('nor of a number that only its hash told, where promises end %s', async (_, isSlow) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const file = freshFile()
      const store = await openStore(file)
      const scope = records.scope()
      const prints = Array.from({ length: 1_500 }, () =>
        records.fingerprint(scope, { analyticsUntil: records.at }),
      )
      await store.commit([{ type: 'put-scope', scope }])
      await store.commit(prints.map((fingerprint) => ({ type: 'put-fingerprint', fingerprint })))
      passFirstSecond()
      const purging = store.commit([{ type: 'purge-fingerprints', before: epochMs(records.at + 1) }])
      let isOver = !isSlow
      const end = (): void => {
        isOver = true
      }
      purging.then(end, end)
      while (!isOver) {
        vi.advanceTimersByTime(scrubAfterMs)
        await nextTurn()
      }
      await purging
      vi.advanceTimersByTime(scrubAfterMs)
      expect(
        remains(
          file,
          prints.map(({ hash }) => Buffer.from(hash)),
        ),
      ).toBe(0)
    })

    test('at once when it closes, though another has the file open', async () => {
      const file = freshFile()
      const { store, tokens } = await fill(file)
      await openStore(file)
      for (const { token } of tokens) await store.commit([{ type: 'erase-token', token }])
      await store.close()
      expect(remains(file, tokens.flatMap(bytesOf))).toBe(0)
    })

    test('and nothing of it runs after it has closed', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const { store, tokens } = await fill(freshFile())
      const [first, second] = tokens
      if (!first || !second) throw new Error('there are no tokens')
      await store.commit([{ type: 'erase-token', token: first.token }])
      vi.advanceTimersByTime(scrubAfterMs)
      await store.commit([{ type: 'erase-token', token: second.token }])
      await store.close()
      expect(vi.getTimerCount()).toBe(0)
    })

    test('a second after the next start, where a crash came before that', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const file = freshFile()
      const { store, tokens } = await fill(file)
      for (const { token } of tokens) await store.commit([{ type: 'erase-token', token }])
      // As the disk stands when the process dies: the database and its log.
      const copy = join(makeWorkspace().path, 'copy.db')
      copyFileSync(file, copy)
      copyFileSync(`${file}-wal`, `${copy}-wal`)
      expect(remains(copy, tokens.flatMap(bytesOf))).toBeGreaterThan(0)
      await openStore(copy)
      vi.advanceTimersByTime(scrubAfterMs)
      expect(remains(copy, tokens.flatMap(bytesOf))).toBe(0)
    })

    test('when it closes while another reads for a moment', async () => {
      const file = freshFile()
      const { store, tokens } = await fill(file)
      for (const { token } of tokens) await store.commit([{ type: 'erase-token', token }])
      const reader = await startReader(file, 150)
      await store.close()
      expect(remains(file, tokens.flatMap(bytesOf))).toBe(0)
      await reader.ended
    })

    /** Another process that holds what it read for so many milliseconds, and keeps the file open. */
    const startReader = async (file: string, ms: number) => {
      const worker = new Worker(
        `const { parentPort, workerData } = require('node:worker_threads')
        const { DatabaseSync } = require('node:sqlite')
        const database = new DatabaseSync(workerData.file)
        database.exec('begin')
        database.prepare('select count(*) from tokens').get()
        parentPort.postMessage('reads')
        setTimeout(() => {
          database.exec('commit')
          setTimeout(() => database.close(), 1_200)
        }, workerData.ms)`,
        { eval: true, workerData: { file, ms } },
      )
      const ended = once(worker, 'exit')
      await once(worker, 'message')
      return { ended }
    }

    type Filled = Awaited<ReturnType<typeof fill>>['tokens'][number]
    const bytesOf = ({ token, fingerprint }: Filled): readonly Buffer[] => [
      Buffer.from(token.sealed),
      Buffer.from(token.id.replaceAll('-', ''), 'hex'),
      Buffer.from(fingerprint.hash),
    ]
  })
})
