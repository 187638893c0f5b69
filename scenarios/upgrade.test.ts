import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { runCommand, startVault, type VaultOptions, type VaultProcess } from '@cardkeep/testing/vault-process'
import { expect, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { allowElsewhere, findLost } from './support/find-lost.ts'
import { hasEnded } from './support/has-ended.ts'
import { laterKeyPurpose, makeContractingRelease, makeExpandingRelease } from './support/later-releases.ts'
import { type NewerProgram, presentVersion } from './support/newer-program.ts'
import { testOnSqlite } from './support/only.ts'
import { readRows } from './support/rows.ts'
import { type Ground, keysPrintedBy, makeGround } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 180_000 })

const optionsOf = ({ options }: Ground, { program, settings }: NewerProgram): VaultOptions => ({
  ...options,
  program,
  settings: { ...options.settings, ...settings },
})

const startWith = async (ground: Ground, release: NewerProgram): Promise<VaultProcess> => {
  const vault = await startVault(optionsOf(ground, release))
  cleanUp(() => vault.kill())
  return vault
}

testOnSqlite(
  'a vault that was upgraded is served by the version before, until a later one takes away what that needs',
  'several nodes have a story of their own in cluster-upgrade.test.ts',
  async () => {
    const [expanded, contracted] = [makeExpandingRelease(), makeContractingRelease()]
    const ground = makeGround()
    const tokens: string[] = []
    const log = () => readFileSync(join(ground.folder, 'vault.log'), 'utf8')
    const versions = () =>
      readRows(ground, 'select max(number) as version, max(needs) as needs from schema_version')
    const first = await ground.start()
    const keys = keysPrintedBy(first)
    await allowElsewhere(ground)
    /** Makes some tokens, and finds all that were made. */
    const use = async (vault: VaultProcess): Promise<void> => {
      const shop = ground.shopAt(vault, keys)
      for (let made = 0; made < 3; made++)
        tokens.push((await shop.tokenize({ number: loadCard(tokens.length) })).token)
      expect(await findLost(shop, tokens)).toEqual([])
    }
    await use(first)
    expect(await first.stop()).toBe(0)

    const newer = await startWith(ground, expanded)
    await use(newer)
    expect(await newer.stop()).toBe(0)
    expect(log()).not.toContain('schema.')

    const kinds = `select count(*) as count from keys where purpose = '${laterKeyPurpose}'`
    expect(readRows(ground, kinds)).toEqual([{ count: 1 }])
    const back = await ground.start()
    await use(back)
    expect(log()).toContain('"event":"schema.newer"')
    expect(versions()).toEqual([{ version: expanded.version, needs: 0 }])

    // Any command of a program changes the schema as its vault would.
    await runCommand(optionsOf(ground, contracted), 'tenant', 'list')
    await until('the end of the vault', () => hasEnded(back), 20_000)
    expect(await back.stop()).toBe(1)
    expect(log()).toContain('"event":"schema.outgrown"')
    await expect(ground.start()).rejects.toThrow(
      `needs a program that knows version ${expanded.version}, and this program knows versions up to ${presentVersion}`,
    )

    await use(await startWith(ground, contracted))
    expect(await runCommand(optionsOf(ground, contracted), 'audit', 'verify')).toMatchObject({ ok: true })
    expect(versions()).toEqual([{ version: contracted.version, needs: expanded.version }])
  },
)
