import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { copiedDatabase, isOnSqlite } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { testOnSqlite } from './support/only.ts'
import { runToEnd } from './support/refused-command.ts'
import { changeRows, type GroundPlace } from './support/rows.ts'
import {
  codeRequired,
  type Ground,
  keysPrintedBy,
  makeGround,
  probe,
  startScenario,
} from './support/scenario.ts'
import type { Keys } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * A vault that cannot be sure of its keys, its database or its settings does not start, and one line says why.
 */

let original: GroundPlace & { readonly keys: Keys; readonly token: string }
/** The same vault one key earlier: its folder, or the setting of its database. */
let earlier: { readonly folder: string; readonly settings: Readonly<Record<string, string>> }

beforeAll(async () => {
  const scenario = await startScenario()
  const { token } = await scenario.demo.tokenize({ number: testCards.visa })
  await scenario.command('destination', 'allow', '--tenant', 'demo', '--origin', elsewhere)
  await scenario.vault.stop()
  const { folder, options } = scenario
  earlier = { folder: join(folder, 'earlier'), settings: copiedDatabase(options) }
  // On PostgreSQL a vault has nothing in its folder.
  if (isOnSqlite) cpSync(join(folder, 'data'), earlier.folder, { recursive: true })
  await scenario.command('keys', 'rotate', '--purpose', 'card')
  original = { folder, options, keys: scenario.demoKeys, token }
})

const elsewhere = 'https://provider.invalid'

/** A copy of the stopped vault, to be damaged. */
const copyOf = (): Ground & { readonly data: string; readonly rootKey: string } => {
  const ground = makeGround(
    { ...original.options.settings, ...copiedDatabase(original.options) },
    { hasDemo: true },
  )
  for (const name of isOnSqlite ? ['data', 'data.keys'] : ['data.keys'])
    cpSync(join(original.folder, name), join(ground.folder, name), { recursive: true })
  return {
    ...ground,
    data: join(ground.folder, 'data'),
    rootKey: join(ground.folder, 'data.keys', 'root.key'),
  }
}

type Copy = ReturnType<typeof copyOf>

/** Nothing on standard output, one line on standard error that says these words, and not that it is a surprise. */
const expectRefused = async (
  ground: Ground,
  words: RegExp,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const { code, stdout, stderr } = await runToEnd(
    ground,
    ['serve', ...(isOnSqlite ? ['--demo'] : [])],
    settings,
  )
  expect(stderr).toMatch(/^cardkeep: [^\n]+\n$/)
  expect(stderr).toMatch(words)
  expect(stderr).not.toContain('unexpectedly')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
}

const expectStarts = async (ground: Ground): Promise<void> => {
  const vault = await ground.start()
  const shop = ground.shopAt(vault, original.keys)
  await until(
    'a card that opens',
    async () => (await probe(shop, original.token, elsewhere)) === codeRequired,
  )
  await vault.stop()
}

describe('a database with keys in it is not opened', () => {
  test('without its root key, which is not made anew; with it back, it is', async () => {
    const copy = copyOf()
    renameSync(copy.rootKey, `${copy.rootKey}.away`)
    await expectRefused(copy, /root key [^\n]* is missing/)
    renameSync(`${copy.rootKey}.away`, copy.rootKey)
    await expectStarts(copy)
  })

  /** What it answers is a setting that goes with it. */
  type Damage = (copy: Copy) => void | Promise<void> | Readonly<Record<string, string>>
  const damages: Readonly<Record<string, readonly [RegExp, Damage]>> = {
    'with a root key that others may read': [/chmod 600/, ({ rootKey }) => chmodSync(rootKey, 0o644)],
    'with a root key behind a link': [
      /symbolic link/,
      ({ rootKey }) => {
        renameSync(rootKey, `${rootKey}.real`)
        symlinkSync(`${rootKey}.real`, rootKey)
      },
    ],
    'with half a root key': [/not the form/, ({ rootKey }) => truncateSync(rootKey, 40)],
    'with the root key of another vault': [
      /./,
      ({ rootKey }) =>
        writeFileSync(rootKey, `cardkeep-root-key 1\n${Buffer.alloc(32, 7).toString('base64')}\n`, {
          mode: 0o600,
        }),
    ],
    'without the counter beside the root key': [/counter/, ({ rootKey }) => rmSync(`${rootKey}.counter`)],
    'if it is an older one that was put back': [
      /older set of keys/i,
      ({ data }) => {
        rmSync(data, { recursive: true, force: true })
        if (isOnSqlite) cpSync(earlier.folder, data, { recursive: true })
        return earlier.settings
      },
    ],
    'if a key was taken out of it': [
      /./,
      (copy) => changeRows(copy, "delete from keys where purpose = 'card'"),
    ],
    'if a key was put back to work in it': [
      /./,
      (copy) => changeRows(copy, "update keys set state = 'active' where state = 'decrypt-only'"),
    ],
    'if a newer program took something away from it': [
      /use the newer program/,
      (copy) =>
        changeRows(
          copy,
          "insert into schema_version (number, name, checksum, needs) values (9999, 'later', 'x', 9998)",
        ),
    ],
  }

  test.concurrent.each(Object.entries(damages))('%s', async (_, [words, damage]) => {
    const copy = copyOf()
    await expectRefused(copy, words, (await damage(copy)) ?? {})
  })

  testOnSqlite('if it is no database', 'the database is a file of the vault', async () => {
    const copy = copyOf()
    for (const name of ['cardkeep.db', 'cardkeep.db-wal'])
      writeFileSync(join(copy.data, name), 'no database\n'.repeat(99))
    await expectRefused(copy, /database/)
  })

  testOnSqlite(
    'with its root key in its own folder',
    'only there the folder holds the database',
    async () => {
      const copy = copyOf()
      const inside = join(copy.data, 'root.key')
      copyFileSync(copy.rootKey, inside)
      await expectRefused(copy, /folder of the database/, { CARDKEEP_ROOT_KEY: inside })
    },
  )
})

describe('settings that cannot be meant are refused', () => {
  test.concurrent.each<readonly [string, Record<string, string>, RegExp]>([
    ['one that there is not', { CARDKEEP_TSL_CERT: 'a.pem' }, /CARDKEEP_TSL_CERT is not a setting/],
    ['a certificate without its key', { CARDKEEP_TLS_CERT: 'a.pem' }, /CARDKEEP_TLS_KEY/],
    ['a certificate that there is not', { CARDKEEP_TLS_CERT: 'none.pem', CARDKEEP_TLS_KEY: 'none.key' }, /./],
    ['another database', { CARDKEEP_DATABASE_URL: 'postgres://localhost/cards' }, /CARDKEEP_DATABASE_URL/],
    ['an open debugger', { NODE_OPTIONS: '--inspect=127.0.0.1:0' }, /debugger/],
  ])('%s', async (_, settings, words) => {
    const { code, stdout, stderr } = await runToEnd(makeGround(), ['serve'], settings)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    const lines = stderr.split('\n').filter((line) => line.startsWith('cardkeep: '))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(words)
    expect(stderr).not.toContain('unexpectedly')
  })

  test('a misspelt one in the file of settings as well; a right one there counts', async () => {
    const ground = makeGround()
    const file = join(ground.folder, 'vault.env')
    writeFileSync(file, 'CARDKEEP_LOG=silent\nCARDKEEP_DATTA=x\n')
    await expectRefused(ground, /CARDKEEP_DATTA is not a setting/, { CARDKEEP_CONFIG: file })
    writeFileSync(file, 'CARDKEEP_LOG=silent\n')
    const vault = await ground.start({ CARDKEEP_CONFIG: file })
    const shop = ground.shopAt(vault, keysPrintedBy(vault))
    expect(await shop.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
  })
})

test('a port that is taken is one line, and the next start finds nothing in its way', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  cleanUp(() => other.close())
  const address = other.address()
  const port = String(typeof address === 'object' ? address?.port : 0)
  const copy = copyOf()
  await expectRefused(copy, new RegExp(`EADDRINUSE.*${port}`), { CARDKEEP_PORT: port })
  await expectStarts(copy)
})

testOnSqlite(
  'a second vault on the same folder is refused, and the first goes on',
  'PostgreSQL serves many',
  async () => {
    const copy = copyOf()
    const vault = await copy.start()
    await expectRefused(copy, /another vault serves/)
    expect(await copy.shopAt(vault, original.keys).call('GET', '/api/applications/key')).toMatchObject({
      status: 200,
    })
    // The lock goes with the process, however it ends.
    await vault.kill()
    await expectStarts(copy)
  },
)

const embedded = 'elsewhere a vault keeps nothing in that folder'

testOnSqlite(
  'a first start makes its folder and its key for their owner alone, also where others could look in',
  embedded,
  async () => {
    const ground = makeGround()
    mkdirSync(join(ground.folder, 'data'), { mode: 0o755 })
    const vault = await ground.start()
    await vault.stop()
    const doctor = await runToEnd(ground, ['doctor', '--json'])
    const { checks } = JSON.parse(doctor.stdout) as { checks: { check: string; status: string }[] }
    expect(checks.find(({ check }) => check === 'data folder')).toMatchObject({ status: 'fail' })
    expect(doctor.code).toBe(1)
  },
)
