import { keyPurposes } from '@cardkeep/core/keys'
import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { isOnSqlite } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { type GroundPlace, readRows } from './support/rows.ts'
import { allowProvider, openShop, type Scenario, startScenario } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000 })

const card = { number: testCards.visa, code: '123' }

/** The running vault follows a rotation within this time; before and after it everything must work. */
const followMs = 1_000

test('every kind of key is rotated while the vault runs, and nothing that was sealed, hashed or held before is lost', async () => {
  const scenario = await startScenario()
  const { demo, demoKeys, command, vault, start, shopAt } = scenario
  const provider = await startProvider()
  cleanUp(() => provider.close())
  await allowProvider(scenario, demo, provider)
  const dedupe = await openShop(scenario, 'dedupe', ['--dedupe'])
  await until('a tenant', async () => (await dedupe.call('GET', '/api/applications/key')).status === 200)
  const url = chargesOf(provider)
  const charges = async (shop: typeof demo, charge: { token: string; session?: string }) =>
    expect(await shop.charge({ ...charge, url })).toMatchObject({ status: 200, sent: 'yes' })

  let next = 1
  const old = await demo.tokenize(card)
  const known = await dedupe.tokenize(card)
  await exportAudit(scenario, 'before.jsonl')
  const before = await listKeys(command)

  for (const purpose of keyPurposes) {
    const held = await demo.tokenize(card)
    const tested = await demo.testToken(card)
    const rotated = before.filter((key) => key.purpose === purpose).length
    expect(await command('keys', 'rotate', '--purpose', purpose)).toEqual({ purpose, rotated })
    const since = performance.now()
    await until('a second under both keys', async () => {
      await charges(demo, await demo.tokenize({ ...card, number: loadCard(next++) }))
      return performance.now() - since > followMs
    })
    expect(versionInUse(scenario, purpose)).toBe(purpose in newestVersion ? 2 : undefined)
    await charges(demo, { token: old.token })
    await charges(demo, held)
    await charges(demo, tested)
    expect((await dedupe.tokenize(card)).token).toBe(known.token)
  }

  const after = await listKeys(command)
  expect(after).toHaveLength(2 * before.length)
  for (const { purpose, owner } of before) {
    const versions = after.filter((key) => key.purpose === purpose && key.owner === owner)
    expect(versions.map(({ version, state }) => `${version} ${state}`).toSorted()).toEqual([
      '1 decrypt-only',
      '2 active',
    ])
  }

  expect(await vault.stop()).toBe(0)
  const restarted = shopAt(await start(), demoKeys)
  await charges(restarted, { token: old.token })
  // Signed under the old key and under the new one.
  const { file } = await exportAudit(scenario, 'after.jsonl')
  expect(await command('audit', 'verify', '--file', file)).toMatchObject({ ok: true })
})

/** Under which version of a key the vault has just stored a card; of the other keys the database shows none. */
const newestVersion: Readonly<Record<string, string>> = {
  card: isOnSqlite
    ? 'select hex(substr(sealed, 3, 4)) as version from tokens order by rowid desc limit 1'
    : "select encode(substr(sealed, 3, 4), 'hex') as version from tokens order by created_at desc limit 1",
  fingerprint: 'select key_version as version from fingerprints order by no desc limit 1',
}

const versionInUse = (ground: GroundPlace, purpose: string): number | undefined => {
  const sql = newestVersion[purpose]
  return sql === undefined ? undefined : Number(readRows(ground, sql)[0]?.['version'])
}

interface Key {
  readonly purpose: string
  readonly owner: string
  readonly version: number
  readonly state: string
}

const listKeys = async (command: Scenario['command']): Promise<readonly Key[]> =>
  (await command<{ keys: readonly Key[] }>('keys', 'list')).keys
