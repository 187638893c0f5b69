import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { databaseFiles } from './support/backends.ts'
import type { Json } from './support/client.ts'
import { type CvkPair, checkValueOf, cvvOf, splitPair } from './support/cvv-model.ts'
import { findKeys } from './support/find-keys.ts'
import { verdictOf } from './support/pismo.ts'
import {
  bankAt,
  componentFile,
  enableBank,
  type OpenedBank,
  pairFile,
  scenarioBin,
  withFile,
} from './support/pismo-scenario.ts'
import { runToEnd } from './support/refused-command.ts'
import { readRows } from './support/rows.ts'
import { startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 120_000 })

/*
 * The keys of an issuer of real cards come in components from three people, none of whom ever has them whole.
 */

const pair: CvkPair = { a: '1C1EB1090681CC9E', b: '6003E05217C7077E' }
const components = splitPair(pair, [
  { a: 'D5A1C4730E92B86F', b: '7F34A90D6BE15C28' },
  { a: '92E70B5AC14D38F6', b: 'B80C5ED1934F6A27' },
])
const custodians = ['amara', 'bjorn', 'chiyo'] as const
const ofLive = ['--tenant', 'live-bank']
const liveBin = '4000019'

test('three custodians bring the keys of a live issuer, and only then it has CVVs', async () => {
  const scenario = await startScenario({ CARDKEEP_LOG: 'debug' })
  const { command, folder } = scenario
  await command('tenant', 'create', 'live-bank', '--live')
  const refused = async (words: readonly string[]): Promise<string> => {
    const end = await runToEnd(scenario, [...words, '--json'])
    expect(end).toMatchObject({ code: 1, stdout: '' })
    expect(end.stderr).toMatch(/^cardkeep: [^\n]+\n$/)
    return end.stderr
  }

  // Who brings both keys whole has seen them.
  await withFile(scenario, pairFile(components), (file) =>
    refused(['issuer', 'enable', ...ofLive, '--cvk', file]),
  )
  const enabled = await command<{ tenant_id: string; cvk_check_values: null }>('issuer', 'enable', ...ofLive)
  expect(enabled.cvk_check_values).toBe(null)
  // A test tenant makes numbers that begin so.
  await enableBank(scenario, 'test-bank')
  await refused(['issuer', 'bin', 'add', ...ofLive, '--bin', scenarioBin])
  await command('issuer', 'bin', 'add', ...ofLive, '--bin', liveBin)
  const words = ['credential', 'create', ...ofLive, '--dialect', 'pismo']
  const keys = await command<OpenedBank['keys']>(...words)
  const bank = bankAt(scenario, keys)
  await until('an issuer', async () => (await bank.exchange()).status === 200)
  const account = await bank.account(1)
  expect((await account.post()).status).toBeGreaterThanOrEqual(400)

  interface Brought {
    readonly who: string
    readonly component: CvkPair
    readonly of?: number
  }
  const bring = <T>({ who, component, of = 3 }: Brought, run: (...line: readonly string[]) => Promise<T>) =>
    withFile(scenario, componentFile(component), (file) => {
      const line = ['issuer', 'cvk', 'add-component', ...ofLive, '--custodian', who, '--of', String(of)]
      return run(...line, '--cvk', file)
    })
  const refuse = (brought: Brought) => bring(brought, (...line) => refused(line))
  const take = (brought: Brought) => bring<Json>(brought, command)

  const [first, second, third] = components
  if (!first || !second || !third) throw new Error('three components were made')
  const [amara, bjorn, chiyo] = custodians
  const answers = [await take({ who: amara, component: first })]
  // Twice from one person, or by another count, is refused; so is what is no key.
  await refuse({ who: amara, component: second })
  await refuse({ who: bjorn, component: second, of: 2 })
  await refuse({ who: bjorn, component: { a: 'x', b: second.b } })
  await refuse({ who: bjorn, component: { a: second.a.slice(1), b: second.b } })
  answers.push(await take({ who: bjorn, component: second }))
  expect((await account.post()).status).toBeGreaterThanOrEqual(400)
  expect(countRows(scenario, 'cvk_components')).toBe(2)
  answers.push(await take({ who: chiyo, component: third }))
  expect(countRows(scenario, 'cvk_components')).toBe(0)
  await refuse({ who: 'dora', component: first })

  // Each sees the check values of what was brought, and whoever brings the last those of the keys.
  const said = JSON.stringify(answers)
  for (const value of [first, second, third, pair].flatMap(({ a, b }) => [checkValueOf(a), checkValueOf(b)]))
    expect([value, said.includes(value)]).toEqual([value, true])
  const { issuers } = await command<{ issuers: readonly Json[] }>('issuer', 'list')
  expect(JSON.stringify(issuers)).toContain(checkValueOf(pair.a))

  const id = await until('the keys', async () => {
    const { status, body } = await account.post()
    return status === 201 && Number(body['id'])
  })
  const info = await account.info(id)
  const { card_number: number, expiration_date: expiry, service_code: serviceCode, cvv } = info
  expect(cvv === cvvOf(pair, { number, expiry, serviceCode })).toBe(true)
  expect(verdictOf(await (await bank.authoriser()).verify(id, cvv))).toBe('right')

  const { entries } = await exportAudit(scenario)
  const ofIssuer = entries
    .filter(({ tenantId }) => tenantId === enabled.tenant_id)
    .map(({ action }) => action)
  expect(ofIssuer.filter((action) => action === 'issuer.cvk-component-added')).toHaveLength(3)
  expect(ofIssuer.filter((action) => action === 'issuer.cvk-made')).toHaveLength(1)

  await scenario.vault.kill()
  databaseFiles({ folder, settings: scenario.options.settings })
  const secrets = [...components, pair].flatMap(({ a, b }) => [a, b])
  expect(findKeys(folder, secrets)).toEqual([])
})

const countRows = (scenario: Parameters<typeof readRows>[0], table: string): number =>
  Number(readRows(scenario, `select count(*) as count from ${table}`)[0]?.['count'])
