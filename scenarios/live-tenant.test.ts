import { testCards } from '@cardkeep/testing/canary/cards'
import { expect, test, vi } from 'vitest'
import { runToEnd } from './support/refused-command.ts'
import { openShop, startScenario } from './support/scenario.ts'
import { testTokenBody, tokenizeBody } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000 })

const body = tokenizeBody({ number: testCards.visa, code: '123' })
const refused = (status: number, message: string) => ({
  status,
  body: { success: false, message, data: null },
})

test('the first live tenant ends the demo, and its keys follow the stricter rules', async () => {
  const scenario = await startScenario()
  const { demo, demoKeys, vault, start, shopAt } = scenario
  const tests = await openShop(scenario, 'tests')
  expect(await demo.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
  const live = await openShop(scenario, 'shop', ['--live'])

  await until('a live tenant', async () => (await live.call('GET', '/api/applications/key')).status === 200)
  expect(await demo.call('GET', '/api/applications/key')).toMatchObject(refused(401, 'Invalid API key'))
  expect(await tests.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
  expect(live.keys.api_key).toMatch(/^key_live_/)
  expect(live.keys.pub_key).toMatch(/^pk_prod_/)
  expect(tests.keys.pub_key).toMatch(/^pk_test_/)

  // The public key: required for live, optional for test, and never a wrong one.
  const alone = { 'x-api-key': live.keys.api_key }
  const bare = shopAt(vault, { api_key: live.keys.api_key })
  expect(await bare.call('POST', '/tokenize', { body })).toMatchObject(
    refused(400, 'Missing required field: X-Pub-Key'),
  )
  for (const { call, keys } of [live, tests])
    for (const wrong of ['', 'pk_prod_', live.keys.pub_key + 'a', demoKeys.pub_key ?? '']) {
      const headers = { 'x-api-key': keys.api_key, 'x-pub-key': wrong }
      expect(await call('POST', '/tokenize', { body, headers })).toMatchObject(
        refused(401, 'Invalid API key'),
      )
    }
  expect(await live.call('POST', '/tokenize', { body })).toMatchObject({ status: 201 })
  const testAlone = shopAt(vault, { api_key: tests.keys.api_key })
  expect(await testAlone.call('POST', '/tokenize', { body })).toMatchObject({ status: 201 })
  expect(await bare.call('GET', '/api/applications/key', { headers: alone })).toMatchObject({ status: 200 })

  // Test tokens are for test tenants.
  const testToken = testTokenBody({ number: testCards.visa })
  const notPermitted = refused(403, 'This API key does not have permission for this operation')
  expect(await live.call('POST', '/test-tokens', { body: testToken })).toMatchObject(notPermitted)
  expect(await tests.call('POST', '/test-tokens', { body: testToken })).toMatchObject({ status: 201 })

  // Live and test stay apart at the command line too.
  const link = await runToEnd(scenario, ['scope', 'link', live.scope, '--tenant', 'tests', '--json'])
  expect(link).toMatchObject({ code: 1, stdout: '' })
  const plain = ['destination', 'allow', '--origin', 'http://provider.invalid', '--insecure-http', '--json']
  expect(await runToEnd(scenario, [...plain, '--tenant', 'shop'])).toMatchObject({ code: 1, stdout: '' })
  expect(await runToEnd(scenario, [...plain, '--tenant', 'tests'])).toMatchObject({ code: 0, stderr: '' })

  // A demo beside real cards is not made again.
  expect(await vault.stop()).toBe(0)
  const restarted = await start()
  expect(restarted.printed).toEqual({})
  expect(await shopAt(restarted, demoKeys).call('GET', '/api/applications/key')).toMatchObject({
    status: 401,
  })
  expect(await shopAt(restarted, live.keys).call('GET', '/api/applications/key')).toMatchObject({
    status: 200,
  })
})
