import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { makeAuthority } from '@cardkeep/testing/provider/authority'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import { runToEnd } from './support/refused-command.ts'
import { changeRows, readRows } from './support/rows.ts'
import { makeGround, runScenario } from './support/scenario.ts'
import { tokenizeBody } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

interface Verdict {
  readonly ok: boolean
  readonly entries: number
  readonly signed_up_to: number
}

const card = { number: testCards.visa, code: '123' }

/** A place that takes the log over HTTPS, with its authority in a file. */
const startCollector = async () => {
  const authority = await makeAuthority('Audit')
  const { certificate, key } = await authority.issue({ name: 'collector', hostnames: ['localhost'] })
  const folder = makeWorkspace().path
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.caPem)
  let text = ''
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        text += Buffer.concat(chunks).toString()
        response.writeHead(204).end()
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp(() => new Promise((resolve) => server.close(resolve)))
  return {
    caFile,
    url: `https://localhost:${(server.address() as AddressInfo).port}/audit`,
    /** What has come so far, as a file. */
    save: () => {
      const file = join(folder, 'collected.jsonl')
      writeFileSync(file, text)
      return file
    },
  }
}

test('the log leaves the machine as it is written, through a crash too, and shows what was cut off behind it', async () => {
  const collector = await startCollector()
  const shipped = join(makeWorkspace().path, 'shipped.jsonl')
  const settings = {
    CARDKEEP_AUDIT_SHIP: `file:${shipped} ${collector.url}`,
    CARDKEEP_AUDIT_SHIP_CA: collector.caFile,
  }
  const scenario = await runScenario(makeGround(settings))
  const verify = (...words: readonly string[]) => scenario.command<Verdict>('audit', 'verify', ...words)
  for (let count = 0; count < 5; count++) await scenario.demo.tokenize(card)
  await until(
    'the log is shipped',
    () => existsSync(shipped) && readFileSync(shipped, 'utf8').split('token.created').length > 5,
  )

  await scenario.vault.kill()
  const again = await scenario.start()
  const shop = scenario.shopAt(again, scenario.demoKeys)
  for (let count = 0; count < 5; count++) await shop.tokenize(card)
  await again.stop()

  const whole = await verify()
  for (const file of [shipped, collector.save()]) {
    const there = await verify('--file', file)
    expect(there).toMatchObject({ ok: true, entries: whole.entries, signed_up_to: whole.signed_up_to })
  }
  expect(readFileSync(shipped, 'utf8')).not.toContain(testCards.visa)

  // Whoever has the database takes away the last entries and all signatures of them: alone it looks whole.
  const { chain, last } = readRows(scenario, lastChain)[0] ?? {}
  for (const table of ['audit_entries', 'audit_checkpoints'])
    await changeRows(
      scenario,
      `delete from ${table} where chain = ${String(chain)} and seq > ${Number(last) - 3}`,
    )
  const cut = await runToEnd(scenario, ['audit', 'verify', '--against', shipped])
  expect(cut.code).toBe(1)
  expect(cut.stderr).toContain('which were signed, are missing')
})

/** On PostgreSQL each vault that ran has a chain of its own; the newest has the greatest number. */
const lastChain =
  'select chain, max(seq) as last from audit_entries group by chain order by chain desc limit 1'

test('a log that nobody signed is not taken for that of a known key, nor for one that meets an earlier export', async () => {
  const scenario = await runScenario(makeGround())
  await scenario.demo.tokenize(card)
  const folder = makeWorkspace().path
  const exported = join(folder, 'exported.jsonl')
  await scenario.command('audit', 'export', '--out', exported)
  const [first = '', ...rest] = readFileSync(exported, 'utf8').trim().split('\n')
  const { signing_keys } = await scenario.command<{ signing_keys: string[] }>('audit', 'verify')
  const verify = (...words: readonly string[]) => runToEnd(scenario, ['audit', 'verify', ...words])
  const known = ['--key', signing_keys[0] ?? '']
  expect(await verify('--file', exported, '--against', exported, ...known)).toMatchObject({ code: 0 })

  const unsigned = join(folder, 'unsigned.jsonl')
  const entries = rest.filter((line) => line.startsWith('{"type":"entry"'))
  writeFileSync(unsigned, [first, ...entries].map((line) => `${line}\n`).join(''))
  expect(await verify('--file', unsigned, ...known)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no signature by a key that is named'),
  })

  // It says of itself that it begins behind all that was signed before.
  const far = join(folder, 'far.jsonl')
  const after = { seq: 1_000_000, hash: '00'.repeat(32), archived: false }
  writeFileSync(far, `${JSON.stringify({ ...(JSON.parse(first) as object), after })}\n`)
  expect(await verify('--file', far, '--against', exported)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('nothing in common'),
  })
})

test('a sink that cannot be reached stops nothing, and is told of', async () => {
  const scenario = await runScenario(makeGround({ CARDKEEP_AUDIT_SHIP: 'syslog+tcp://127.0.0.1:1' }))
  await scenario.demo.tokenize(card)
  await until('the log tells', () =>
    readFileSync(join(scenario.folder, 'vault.log'), 'utf8').includes('audit.shipping.failed'),
  )
  const { checks } = JSON.parse((await runToEnd(scenario, ['doctor', '--json'])).stdout) as {
    checks: { check: string; status: string }[]
  }
  expect(checks).toContainEqual(expect.objectContaining({ check: 'audit shipping', status: 'warn' }))
})

test.each([
  ['a place of another kind', { CARDKEEP_AUDIT_SHIP: 'ftp://host/path' }],
  ['a place with a password in it', { CARDKEEP_AUDIT_SHIP: 'https://user:secret@host/path' }],
  ['plain HTTP to another machine', { CARDKEEP_AUDIT_SHIP: 'http://192.0.2.1/path' }],
  ['a retention below a year', { CARDKEEP_AUDIT_DAYS: '90' }],
])('%s is no setting', async (_, settings) => {
  const ground = makeGround(settings)
  const ended = await runToEnd(ground, ['audit', 'verify'])
  expect(ended.code).toBe(1)
  expect(ended.stderr).toMatch(/^cardkeep: CARDKEEP_AUDIT_/)
  expect(ended.stderr).not.toContain('secret')
})

test('nothing that is younger than the retention can be archived', async () => {
  const scenario = await runScenario(makeGround())
  const file = join(makeWorkspace().path, 'archive.jsonl')
  const young = await runToEnd(scenario, ['audit', 'archive', '--out', file])
  expect(young).toMatchObject({ code: 1, stderr: expect.stringContaining('no signed entry is so old') })
  const today = new Date().toISOString().slice(0, 10)
  const early = await runToEnd(scenario, ['audit', 'archive', '--out', file, '--before', today])
  expect(early).toMatchObject({ code: 1, stderr: expect.stringContaining('kept for 400 days') })
})

test('credentials tell when they were last used, and one that was disabled can be enabled', async () => {
  const scenario = await runScenario(makeGround())
  await scenario.demo.tokenize(card)
  const list = (...words: readonly string[]) =>
    scenario.command<{
      credentials: { credential_id: string; dialect: string; last_used: string | null }[]
    }>('credential', 'list', ...words)
  const own = async () => (await list()).credentials.find(({ dialect }) => dialect === 'ozura')
  const today = new Date().toISOString().slice(0, 10)
  await until('the use is written', async () => (await own())?.last_used === today)
  expect((await list('--idle')).credentials).toEqual([])
  const id = (await own())?.credential_id ?? ''
  const tokenize = async () =>
    (await scenario.demo.call('POST', '/tokenize', { body: tokenizeBody(card) })).status

  await changeRows(scenario, "update credentials set disabled_at = 1 where dialect = 'ozura'")
  expect((await list('--idle')).credentials).toHaveLength(1)
  await until('it is refused', async () => (await tokenize()) === 401)
  await scenario.command('credential', 'enable', id)
  // Every refusal counts towards a lock-out, so the vault is asked no oftener than it looks at the database.
  await until('it is let in', async () => (await tokenize()) === 201, 10_000, 500)
})
