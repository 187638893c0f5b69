import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { openMerchant } from './support/hellgate-scenario.ts'
import { runToEnd } from './support/refused-command.ts'
import { readRows } from './support/rows.ts'
import { type Ground, makeGround, type Scenario, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

let scenario: Scenario
beforeAll(async () => {
  scenario = await startScenario()
})

let files = 0
const writeTable = ({ folder }: Pick<Ground, 'folder'>, text: string | Uint8Array): string => {
  const file = join(folder, `table-${++files}.csv`)
  writeFileSync(file, text)
  return file
}

const header = 'BIN,Brand,Type,Segment,Product,Issuer,Country,Currency,Phone\r\n'
const tableOf = (rows: number, issuer: string): string =>
  header +
  Array.from(
    { length: rows },
    (_, at) => `${40_000_000 + at},Visa,Credit,consumer,"Gold, of ${at % 10}",${issuer},de,eur,1\r\n`,
  ).join('')

const importTable = (ground: Ground, text: string, ...words: readonly string[]) =>
  ground.command('bin', 'import', writeTable(ground, text), ...words)
const show = ({ command }: Ground, digits: string) => command('bin', 'show', digits)
const countRows = (ground: Ground): number =>
  Number(readRows(ground, 'select count(*) as count from bins')[0]?.['count'])

test('a vault without a table knows the scheme and nothing else', async () => {
  const ground = makeGround()
  expect(await show(ground, '411111')).toEqual({
    scheme: 'visa',
    listed: null,
    brand: null,
    funding: null,
    segment: null,
    product: null,
    issuer: null,
    country: null,
    currency: null,
  })
  expect(await ground.command('bin', 'stats')).toEqual({ prefixes: 0, at: null })
})

test('a table is imported, shown, replaced by the next one, and kept when that one is broken', async () => {
  const ground = makeGround()
  const first = tableOf(700, 'Bank of Old')
  const sha256 = createHash('sha256').update(first).digest('hex')
  const answer = { rows: 700, sha256, ignored_columns: ['Phone'] }
  expect(await importTable(ground, first, '--dry-run')).toEqual({ imported: false, ...answer })
  expect(await ground.command('bin', 'stats')).toEqual({ prefixes: 0, at: null })

  expect(await importTable(ground, first)).toMatchObject({ imported: true, prefixes: 700, ...answer })
  expect(await show(ground, '40000042')).toEqual({
    scheme: 'visa',
    listed: '40000042',
    brand: 'Visa',
    funding: 'credit',
    segment: 'consumer',
    product: 'Gold, of 2',
    issuer: 'Bank of Old',
    country: 'DE',
    currency: 'EUR',
  })
  expect(await show(ground, '4000004')).toMatchObject({ listed: null })

  await importTable(ground, `\ufeff${tableOf(600, 'Bank of New')}`)
  expect(await show(ground, '40000042')).toMatchObject({ issuer: 'Bank of New' })
  expect(await show(ground, '40000650')).toMatchObject({ listed: null })

  const broken = tableOf(600, 'Bank of Broken').replace('40000599,Visa,Credit', '40000599,Visa,Kredit')
  const end = await runToEnd(ground, ['bin', 'import', writeTable(ground, broken), '--json'])
  expect(end).toMatchObject({ code: 1, stdout: '' })
  expect(end.stderr).toMatch(
    /^cardkeep: table-\d+\.csv was not imported\. line 601, column funding: needs one of credit, [^\n]+\n$/,
  )
  expect(await show(ground, '40000042')).toMatchObject({ issuer: 'Bank of New' })
  expect(await ground.command('bin', 'stats')).toMatchObject({ prefixes: 600 })
  // Only the two that were imported are in the log, with their hashes.
  const entries = readRows(ground, `select text from audit_entries where text like '%bins.imported%'`)
  expect(entries).toHaveLength(2)
  expect(entries[0]?.['text']).toContain(sha256)
  expect(await ground.command('audit', 'verify')).toMatchObject({ ok: true })
})

test('a merchant is told of its tokens what the table knows of their cards, also of those that were there before it', async () => {
  const own = await startScenario()
  const merchant = await openMerchant(own)
  const number = loadCard(42)
  const unknown = await merchant.importCard({ number: testCards.amex })
  const before = await merchant.importCard({ number })
  const told = async (id: string) => {
    const { body } = await merchant.call('GET', `/tokens/${id}`)
    return ['bank_name', 'segment', 'type', 'country_code', 'currency_code'].map((name) => body[name])
  }
  const nothing = Array<undefined>(5).fill(undefined)
  expect(await told(before)).toEqual(nothing)

  await importTable(own, tableOf(200, 'Bank of Tokens'))
  // A vault that runs follows within a second.
  await until('the new table', async () => (await told(before))[0] !== undefined)
  const after = await merchant.importCard({ number })
  const known = ['Bank of Tokens', 'consumer', 'credit', 'DE', 'EUR']
  for (const id of [before, after]) expect(await told(id)).toEqual(known)
  expect(await told(unknown)).toEqual(nothing)
})

test('a table of 300,000 rows is imported while the vault makes tokens', async () => {
  const rows = 300_000
  const importing = importTable(scenario, tableOf(rows, 'Bank of Many'))
  const state = { isOver: false }
  const over = importing.finally(() => {
    state.isOver = true
  })
  let made = 0
  while (!state.isOver) {
    await scenario.demo.tokenize({ number: loadCard(made) })
    made++
  }
  expect(await over).toMatchObject({ rows, prefixes: rows })
  expect(made).toBeGreaterThan(0)
  expect(await show(scenario, '40299999')).toMatchObject({ issuer: 'Bank of Many' })
})

test('an import that is killed leaves the old table, and the next one removes what it left', async () => {
  const ground = makeGround()
  await importTable(ground, tableOf(100, 'Bank of Before'))
  const file = writeTable(ground, tableOf(100_000, 'Bank of Killed'))
  const child = spawn(process.execPath, [program, 'bin', 'import', file], {
    env: { ...ownEnvironment(), CARDKEEP_DATA: join(ground.folder, 'data'), ...ground.options.settings },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  await until('some rows', () => countRows(ground) > 100)
  child.kill('SIGKILL')
  await exited
  expect(await show(ground, '40000042')).toMatchObject({ issuer: 'Bank of Before' })
  expect(await ground.command('bin', 'stats')).toMatchObject({ prefixes: 100 })
  await importTable(ground, tableOf(50, 'Bank of After'))
  expect(countRows(ground)).toBe(50)
  expect(await show(ground, '40000042')).toMatchObject({ issuer: 'Bank of After' })
})

const program = fileURLToPath(new URL('../packages/server/bin/cardkeep.js', import.meta.url))
const ownEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CARDKEEP_')))

describe('what is no BIN is refused without being repeated:', () => {
  test.each([
    ['a whole number', testCards.visa],
    ['a number with spaces', '4111 1111 1111 1111'],
    ['nine digits', '411111111'],
    ['five digits', '41111'],
    ['letters', '4111xx'],
    ['nothing', ''],
  ])('%s', async (_, digits) => {
    const end = await runToEnd(scenario, ['bin', 'show', digits])
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr).toBe('cardkeep: a BIN has 6 to 8 digits; a whole number belongs on no command line\n')
  })
})

describe('what cannot be imported is one line:', () => {
  test.each<readonly [string, string | Uint8Array, RegExp]>([
    ['an empty file', '', /needs names of columns/],
    ['a table of something else', 'name,city\na,b\n', /line 1: needs names of columns/],
    ['a table with card numbers', `bin\n${testCards.visa}\n`, /line 2, column bin: needs 6 to 8 digits/],
    ['an image', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0xff]), /line 1: needs/],
    ['many mistakes', `bin\n${'4\n'.repeat(40)}`, /line 11, column bin: [^;]*; there may be more/],
  ])('%s', async (_, text, line) => {
    const file = writeTable(scenario, text)
    const end = await runToEnd(scenario, ['bin', 'import', file])
    // The end of the run searches every folder for card numbers.
    rmSync(file)
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr).toMatch(/^cardkeep: [^\n]+\n$/)
    expect(end.stderr).toMatch(line)
    expect(end.stderr).not.toContain(testCards.visa)
  })

  test.each(['missing.csv', '.'])('something that is no file (%s)', async (name) => {
    const end = await runToEnd(scenario, ['bin', 'import', join(scenario.folder, name)])
    expect(end).toEqual({ code: 1, stdout: '', stderr: 'cardkeep: there is no such file\n' })
  })
})
