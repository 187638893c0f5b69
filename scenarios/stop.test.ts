import { connect } from 'node:net'
import { mainChain } from '@cardkeep/core/audit/chain'
import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { isOnSqlite } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { allowProvider, type Scenario, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'
import { openSite, siteAt } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000 })

test('a stop finishes the charge that is in flight, takes no new connection, and ends with 0', async () => {
  const scenario = await startScenario()
  const { demo, vault } = scenario
  const held: (() => void)[] = []
  const provider = await startProvider({
    answers: {
      '/held': (_request, response) =>
        held.push(() => answer(response, 200, 'application/json', '{"status":"approved"}')),
    },
  })
  cleanUp(() => provider.close())
  await allowProvider(scenario, demo, provider)
  const { token, session } = await demo.tokenize({ number: testCards.visa, code: '123' })
  const charging = demo.charge({ token, session, url: `${provider.origin}/held` })
  await until('a charge in flight', () => held.length === 1)

  const stopping = vault.stop()
  await until('a closed door', async () => !(await canConnect(vault.url)))
  held.pop()?.()
  const charged = await charging
  expect(charged).toMatchObject({ status: 200, sent: 'yes' })
  expect(charged.body).toMatchObject({ proxy_response: { status_code: 200, body: { status: 'approved' } } })
  expect(await stopping).toBe(0)
  await expectOrderlyEnd(scenario)
})

test('a stop under load loses nothing that was acknowledged', async () => {
  const scenario = await startScenario()
  const { demo, vault, start, shopAt, demoKeys } = scenario
  const tokens: string[] = []
  const callers = Array.from({ length: 16 }, async () => {
    for (;;) {
      try {
        tokens.push((await demo.tokenize({ number: testCards.visa, code: '123' })).token)
      } catch {
        return
      }
    }
  })
  await until('some tokens', () => tokens.length > 100)
  expect(await vault.stop()).toBe(0)
  await Promise.all(callers)
  await expectOrderlyEnd(scenario)
  const again = shopAt(await start(), demoKeys)
  for (const token of tokens) {
    const reply = await again.charge({ token, url: 'https://provider.invalid' })
    expect(reply).toMatchObject({ status: 400, body: { message: 'Invalid proxy URL' } })
  }
})

test('a stop while captured cards are opened answers each that it took, and ends with 0', async () => {
  const scenario = await startScenario()
  const { vault, folder, start } = scenario
  const site = await openSite(scenario)
  const tokens: string[] = []
  const callers = Array.from({ length: 8 }, async () => {
    for (;;) {
      const body = await site.putBody({ number: testCards.visa, code: '123' })
      try {
        const reply = await site.call('PUT', '/api/v2/card', { body })
        if (reply.status !== 200) return
        tokens.push(String(reply.body['reuse_token']))
      } catch {
        return
      }
    }
  })
  await until('some tokens', () => tokens.length > 30)
  const since = performance.now()
  expect(await vault.stop()).toBe(0)
  expect(performance.now() - since).toBeLessThan(10_000)
  await Promise.all(callers)
  await expectOrderlyEnd(scenario)
  const again = siteAt({ folder, vault: await start() }, site.keys, site)
  for (const token of tokens)
    expect(await again.get(token)).toMatchObject({ status: 200, body: { token_status: 'ACTIVE' } })
})

test('connections that do nothing, or have begun and never go on, do not hold a stop up', async () => {
  const { vault, demo, demoKeys } = await startScenario()
  await demo.call('GET', '/api/applications/key')
  const { hostname, port } = new URL(vault.url)
  const head = [
    'POST /tokenize HTTP/1.1',
    'Host: vault',
    `X-API-Key: ${demoKeys.api_key}`,
    `X-Pub-Key: ${demoKeys.pub_key}`,
  ]
  const body = ['Content-Type: application/json', 'Content-Length: 9', '', '{']
  for (const begun of ['\r\n', 'POST /tokenize HT', head.join('\r\n'), [...head, ...body].join('\r\n')]) {
    const socket = connect(Number(port), hostname).on('error', () => undefined)
    cleanUp(() => socket.destroy())
    await new Promise<void>((resolve) => socket.write(begun, () => resolve()))
  }
  const since = performance.now()
  expect(await vault.stop()).toBe(0)
  expect(performance.now() - since).toBeLessThan(10_000)
})

const canConnect = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** The last thing written is that the vault stopped, and it is signed. */
const expectOrderlyEnd = async (scenario: Scenario): Promise<void> => {
  const verified = await scenario.command<{ entries: number; signed_up_to: number }>('audit', 'verify')
  expect(verified).toMatchObject({ ok: true, signed_up_to: verified.entries })
  const { entries } = await exportAudit(scenario)
  const own = entries.filter(({ chain }) => isOnSqlite || chain !== mainChain)
  expect(own.findLast(({ action }) => action !== 'audit.exported')).toMatchObject({ action: 'audit.stopped' })
  expect(entries.filter(({ action }) => action === 'audit.exported')).toHaveLength(1)
}
