import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { runToEnd } from './support/refused-command.ts'
import { openShop, startScenario } from './support/scenario.ts'

// A dozen processes, one after the other.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { command } = scenario
const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

const fail = async (...words: readonly string[]) => {
  const { code, stderr } = await runToEnd(scenario, ['origin', ...words])
  expect(code).toBe(1)
  return stderr
}

test('origins are allowed, listed and removed, and the audit log says so', async () => {
  await openShop(scenario, 'shop')
  const of = (origin: string) => ['--tenant', 'shop', '--origin', origin]
  // As a person may type it; a browser leaves the port out, and has no capital letters.
  expect(await command('origin', 'allow', ...of('https://Shop.Example:443/'))).toEqual({
    tenant_id: uuid,
    origin: 'https://shop.example',
    allowed: true,
  })
  await command('origin', 'allow', ...of('http://localhost:3000'))
  await command('origin', 'allow', '--tenant', 'demo', '--origin', 'https://shop.example')

  const listed = { tenant: uuid, allowed_at: time }
  expect(await command('origin', 'list', '--tenant', 'shop')).toEqual({
    origins: [
      { ...listed, origin: 'https://shop.example' },
      { ...listed, origin: 'http://localhost:3000' },
    ],
  })
  const all = await command<{ origins: readonly { tenant: string; origin: string }[] }>('origin', 'list')
  expect(all.origins).toHaveLength(3)

  expect(await fail('allow', ...of('https://shop.example'))).toBe(
    'cardkeep: pages of this origin are allowed already\n',
  )
  expect(await command('origin', 'remove', ...of('https://SHOP.example'))).toEqual({
    tenant_id: uuid,
    origin: 'https://shop.example',
    removed: true,
  })
  expect(await fail('remove', ...of('https://shop.example'))).toBe(
    'cardkeep: the tenant allows no such origin\n',
  )

  const { entries } = await exportAudit(scenario, 'origins.jsonl')
  const told = entries.filter(({ action }) => action.startsWith('origin.'))
  expect(told.map(({ action, subject }) => [action, subject])).toEqual([
    ['origin.allowed', ['origin', 'https://shop.example']],
    ['origin.allowed', ['origin', 'http://localhost:3000']],
    ['origin.allowed', ['origin', 'https://shop.example']],
    ['origin.removed', ['origin', 'https://shop.example']],
  ])
})

test('what is no origin of a page is refused in words that say what is', async () => {
  const typed = 'cardkeep: --origin is https://HOST[:PORT] and nothing behind it\n'
  for (const origin of [
    'shop.example',
    'https://shop.example/pay',
    'https://me@shop.example',
    'https://a/?b',
  ])
    expect(await fail('allow', '--tenant', 'demo', '--origin', origin)).toBe(typed)
  for (const origin of ['https://*.shop.example', 'http://shop.example', 'ftp://shop.example'])
    expect(await fail('allow', '--tenant', 'demo', '--origin', origin)).toMatch(
      /^cardkeep: an origin is https/,
    )
  expect(await fail('allow', '--tenant', 'nobody', '--origin', 'https://a.example')).toBe(
    'cardkeep: there is no tenant nobody\n',
  )
})

test('the pages of a live tenant are on https only', async () => {
  await openShop(scenario, 'live-shop', ['--live'])
  expect(await fail('allow', '--tenant', 'live-shop', '--origin', 'http://localhost:3000')).toBe(
    'cardkeep: the pages of a live tenant are on https only\n',
  )
})
