import { hash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { describeOnPostgres } from '@cardkeep/testing/servers/shared'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test, vi } from 'vitest'
import { copiedDatabase, ownDatabase } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { allowElsewhere, findLost } from './support/find-lost.ts'
import { testOnSqlite } from './support/only.ts'
import { runToEnd } from './support/refused-command.ts'
import { readRows } from './support/rows.ts'
import { type Ground, groundAt, keysPrintedBy, makeGround, runScenario } from './support/scenario.ts'
import { startSteadyLoad } from './support/steady-load.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000 })

const reason = 'the command copies a file'

interface BackedUp {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly key_set: number
  readonly audit_entries: number
}

interface Restored {
  readonly key_set: number
  readonly newest_key_set: number
  readonly restored_as: number
  readonly replaced: string | null
}

/** A folder for backups, beside that of the vault. */
const makeShelf = (): string => makeWorkspace().path

const complaintOf = async (ground: Ground, words: readonly string[]): Promise<string> => {
  const { code, stderr } = await runToEnd(ground, words)
  return code === 0 ? 'it went well' : stderr
}

const copyRootKey = (from: Ground, to: string): void => {
  mkdirSync(join(to, 'data.keys'), { mode: 0o700 })
  cpSync(join(from.folder, 'data.keys', 'root.key'), join(to, 'data.keys', 'root.key'))
}

testOnSqlite(
  'a backup that is made under load holds what was acknowledged before, elsewhere too',
  reason,
  async () => {
    const ground = makeGround()
    const { vault, demo, demoKeys, command } = await runScenario(ground)
    cleanUp(() => vault.kill())
    await allowElsewhere(ground)
    const load = startSteadyLoad(6, () => demo)
    await until('tokens', () => load.acknowledged.length > 100, 30_000)
    const before = [...load.acknowledged]
    const file = join(makeShelf(), 'monday.db')
    const backup = await command<BackedUp>('backup', '--to', file)
    const enough = load.acknowledged.length + 20
    await until('tokens after it', () => load.acknowledged.length > enough, 30_000)
    await load.end()
    expect(load.failures).toEqual({})

    expect(backup.sha256).toBe(hash('sha256', readFileSync(file), 'hex'))
    expect(readFileSync(`${file}.sha256`, 'utf8')).toBe(`${backup.sha256}  monday.db\n`)
    expect(readdirSync(join(file, '..')).toSorted()).toEqual(['monday.db', 'monday.db.sha256'])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await complaintOf(ground, ['backup', '--to', file])).toContain('is there already')
    expect(
      await complaintOf(ground, ['backup', '--to', join(ground.folder, 'data.keys', 'all.db')]),
    ).toContain('this is the folder of the root key')

    // Another machine, to which the root key came by another way, and without its counter.
    const elsewhere = groundAt(makeWorkspace().path, {})
    copyRootKey(ground, elsewhere.folder)
    await elsewhere.command('restore', '--from', file)
    const there = elsewhere.shopAt(await elsewhere.start(), demoKeys)
    expect(await findLost(there, before)).toEqual([])
    const unknown = await findLost(there, load.acknowledged.slice(-10))
    expect(unknown.toSorted()).toEqual(load.acknowledged.slice(-10).toSorted())
    expect(await elsewhere.command('audit', 'verify')).toMatchObject({ ok: true })
    const logged = `select count(*) as count from audit_entries where text like '%,"vault.backed-up",%' or text like '%,"vault.restored",%'`
    expect(readRows(elsewhere, logged)).toEqual([{ count: 2 }])
    // And the vault that was copied knows nothing of it.
    expect(await command('audit', 'verify')).toMatchObject({ ok: true })
  },
)

testOnSqlite(
  'a backup with older keys is put back as the newest, and what it replaced is older then',
  reason,
  async () => {
    const ground = makeGround()
    const vault = await ground.start()
    const keys = keysPrintedBy(vault)
    await allowElsewhere(ground)
    const { token } = await ground.shopAt(vault, keys).tokenize({ number: testCards.visa })
    const file = join(makeShelf(), 'backup.db')
    const { key_set: held } = await ground.command<BackedUp>('backup', '--to', file)
    await ground.command('keys', 'rotate', '--purpose', 'card')
    await ground.command('tenant', 'create', 'later')
    const later = await ground.shopAt(vault, keys).tokenize({ number: testCards.mastercard })
    const words = ['restore', '--from', file]
    expect(await complaintOf(ground, [...words, '--replace'])).toContain('another vault serves')
    await vault.stop()
    expect(await complaintOf(ground, words)).toContain('--replace puts it aside')

    const restored = await ground.command<Restored>(...words, '--replace')
    expect(restored.key_set).toBe(held)
    expect(restored.newest_key_set).toBeGreaterThan(held)
    expect(restored.restored_as).toBe(restored.newest_key_set + 1)
    const again = await ground.start()
    const shop = ground.shopAt(again, keys)
    expect(await findLost(shop, [token, later.token])).toEqual([later.token])
    expect(await ground.command('tenant', 'list')).toMatchObject({ tenants: [{ name: 'demo' }] })
    expect(await ground.command('audit', 'verify')).toMatchObject({ ok: true })
    await again.stop()

    // What was put aside is whole, and would bring back what the restore undid.
    const aside = groundAt(makeWorkspace().path, {})
    cpSync(restored.replaced ?? '', join(aside.folder, 'data'), { recursive: true })
    cpSync(join(ground.folder, 'data.keys'), join(aside.folder, 'data.keys'), { recursive: true })
    expect(await complaintOf(aside, ['tenant', 'list'])).toContain('An older set of keys was put back')
  },
)

describeOnPostgres('a vault on PostgreSQL', (server) => {
  test('is copied by its own means, and a copy that was put back is taken for the newest when that is said', async () => {
    const ground = groundAt(makeWorkspace().path, ownDatabase(server))
    await ground.command('tenant', 'create', 'first')
    expect(await complaintOf(ground, ['backup', '--to', join(makeShelf(), 'a.db')])).toContain('pg_dump')
    const older = copiedDatabase(ground.options)
    await ground.command('tenant', 'create', 'second')
    const back = groundAt(ground.folder, older)
    expect(await complaintOf(back, ['tenant', 'list'])).toContain('An older set of keys was put back')
    const restored = await back.command<Restored>('restore', '--in-place')
    expect(restored.restored_as).toBe(restored.newest_key_set + 1)
    expect(await back.command('tenant', 'list')).toMatchObject({ tenants: [{ name: 'first' }] })
    expect(await back.command('audit', 'verify')).toMatchObject({ ok: true })
    expect(await complaintOf(ground, ['tenant', 'list'])).toContain('An older set of keys was put back')
  })
})
