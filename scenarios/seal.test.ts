import { testCards } from '@cardkeep/testing/canary/cards'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Json } from './support/client.ts'
import { contextNotFound, openMerchant, sessionNotFound } from './support/hellgate-scenario.ts'
import { verdictOf } from './support/pismo.ts'
import { openBank } from './support/pismo-scenario.ts'
import { runToEnd } from './support/refused-command.ts'
import { changeRows, readRows } from './support/rows.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { chargesOf, type Shop } from './support/shop.ts'
import { until } from './support/until.ts'
import { openSite } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000 })

const card = { number: testCards.visa, code: '123' }

test('a sealed vault answers 503 to everything within a second, and no code outlives the seal', async () => {
  const scenario = await startScenario()
  const { demo, demoKeys, vault, command, start, shopAt } = scenario
  const held: (() => void)[] = []
  const provider = await startProvider({
    answers: { '/held': (_request, response) => held.push(() => response.end('{"status":"approved"}')) },
  })
  cleanUp(() => provider.close())
  await allowProvider(scenario, demo, provider)
  const kept = await demo.tokenize(card)
  const test = await demo.testToken(card)
  const inFlight = await demo.tokenize(card)
  const charging = demo.charge({ ...inFlight, url: `${provider.origin}/held` })
  await until('a charge in flight', () => held.length === 1)

  expect(await command('seal')).toEqual({ sealed: true })
  const since = performance.now()
  await until('the seal', async () => (await demo.call('GET', '/api/applications/key')).status === 503)
  expect(performance.now() - since).toBeLessThan(1_000)
  await expectShut(demo)
  expect(await ready(vault.url)).toEqual({ status: 503, body: { status: 'not ready', reason: 'sealed' } })
  expect((await request(`${vault.url}/health/live`)).statusCode).toBe(200)

  // What had left is answered: the buyer's bank has heard of it.
  held.pop()?.()
  expect(await charging).toMatchObject({ status: 200, sent: 'yes' })

  // The seal outlives a restart.
  expect(await vault.stop()).toBe(0)
  const sealed = await start()
  await expectShut(shopAt(sealed, demoKeys))
  expect(await command('unseal')).toEqual({ sealed: false })
  const again = shopAt(sealed, demoKeys)
  await until('the end of the seal', async () => (await ready(sealed.url)).status === 200)
  expect(await again.charge({ token: kept.token, url: chargesOf(provider) })).toMatchObject({ status: 200 })
  await expectGone(again, [kept, test, inFlight], provider)
  expect(await command('audit', 'verify')).toMatchObject({ ok: true })
})

test('codes that were held before a seal are gone after it, in the same process', async () => {
  const scenario = await startScenario()
  const { demo, vault, command } = scenario
  const provider = await startProvider()
  cleanUp(() => provider.close())
  await allowProvider(scenario, demo, provider)
  const kept = [await demo.tokenize(card), await demo.testToken(card)]
  await command('seal')
  await until('the seal', async () => (await ready(vault.url)).status === 503)
  await command('unseal')
  await until('the end of the seal', async () => (await ready(vault.url)).status === 200)
  await expectGone(demo, kept, provider)
  const fresh = await demo.tokenize(card)
  expect(await demo.charge({ ...fresh, url: chargesOf(provider) })).toMatchObject({
    status: 200,
    sent: 'yes',
  })
})

test('a session that was open before a seal is shut during it and gone after it, and so is a code that was typed', async () => {
  const scenario = await startScenario()
  const { vault, command } = scenario
  const merchant = await openMerchant(scenario)
  const token = await merchant.importCard(card)
  const session = await merchant.openRefresh(token)
  const payload = await merchant.seal(session, { security_code: '321' })
  expect(await merchant.refresh(token, '222')).toMatchObject({ status: 200 })
  await command('seal')
  await until('the seal', async () => (await ready(vault.url)).status === 503)
  const shut = { status: 503, body: { code: 503, classifier: 'SERVICE_UNAVAILABLE' } }
  const answer = () => merchant.complete(session, 'refresh_security_code', payload)
  for (const reply of [
    await answer(),
    await merchant.browse('GET', `/sessions/${session}`),
    await merchant.call('GET', `/tokens/${token}`),
    await merchant.call('POST', '/forward'),
    await merchant.call('POST', `/tokens/${token}/refresh-session`),
  ])
    expect(reply).toMatchObject(shut)

  await command('unseal')
  await until('the end of the seal', async () => (await ready(vault.url)).status === 200)
  expect(await answer()).toMatchObject({ status: 404, body: contextNotFound })
  expect(await merchant.browse('GET', `/sessions/${session}`)).toMatchObject({ body: sessionNotFound })
  expect(await merchant.isCodeHeld(token)).toBe(false)
  // What was recorded before the seal is for a pair that nobody has any more.
  const after = await merchant.openRefresh(token)
  expect(await merchant.complete(after, 'refresh_security_code', payload)).toMatchObject({ status: 422 })
  expect(await merchant.isCodeHeld(token)).toBe(false)
  expect(await merchant.refresh(token, '321')).toMatchObject({ status: 200 })
  expect(await merchant.isCodeHeld(token)).toBe(true)
})

test('a card that was captured is refused during a seal, and brings no code after it that it brought before', async () => {
  const scenario = await startScenario()
  const { vault, command } = scenario
  const site = await openSite(scenario)
  const merchant = await openMerchant(scenario)
  const sent = await site.putBody(card)
  const put = (body: Json) => site.call('PUT', '/api/v2/card', { body })
  const token = String((await put(sent)).body['reuse_token'])
  expect(await merchant.isCodeHeld(token)).toBe(true)
  await command('seal')
  await until('the seal', async () => (await ready(vault.url)).status === 503)
  for (const reply of [
    await put(sent),
    await site.get(token),
    await site.patch(token, { cvv: '321' }),
    await site.suspend(token),
    await site.remove(token),
    await site.call('GET', '/api/v2/capture-keys'),
  ])
    expect(reply).toMatchObject({ status: 503, body: { code: 503, reversal_status: 'NONE' } })

  await command('unseal')
  await until('the end of the seal', async () => (await ready(vault.url)).status === 200)
  expect(await merchant.isCodeHeld(token)).toBe(false)
  // What was sent before brings no code back.
  expect(String((await put(sent)).body['reuse_token'])).toBe(token)
  expect(await merchant.isCodeHeld(token)).toBe(false)
  expect(await merchant.isCodeHeld(await site.bring(card))).toBe(true)
})

test('an issuer’s cards stand still during a seal, and what was due meanwhile rotates once after it', async () => {
  const scenario = await startScenario()
  const { vault, command } = scenario
  const bank = await openBank(scenario)
  const account = await bank.account(1)
  const id = await account.create({ hours: 1 })
  const { cvv } = await account.info(id)
  await command('seal')
  await until('the seal', async () => (await ready(vault.url)).status === 503)
  const hoursAgo = Date.now() - 10_800_000
  await changeRows(
    scenario,
    `update cvv_rotations set next_at = ${hoursAgo}, due_at = ${hoursAgo} where card_id = ${id}`,
  )
  for (const reply of [
    await bank.exchange(),
    await account.post(),
    await account.get(id),
    await account.askInfo(id),
    await account.force(id),
    await account.change(id, 2),
    await account.stop(id),
    await account.verify(id, cvv),
    await account.resetTries(id, bank.orgId),
  ])
    expect(reply).toMatchObject({ status: 503 })
  const end = await runToEnd(scenario, ['issuer', 'rotate-due', '--now', '--json'])
  expect(end).toMatchObject({ code: 1, stdout: '' })
  const rotated = () => Number(readRows(scenario, 'select serial from cvv_rotations')[0]?.['serial'])
  expect(rotated()).toBe(0)

  await command('unseal')
  await until('the end of the seal', async () => (await ready(vault.url)).status === 200)
  await until('the rotation', () => rotated() === 1)
  expect(verdictOf(await account.verify(id, cvv))).toBe('wrong')
  expect(verdictOf(await account.verify(id, (await account.info(id)).cvv))).toBe('right')
  expect(rotated()).toBe(1)
})

const expectShut = async ({ call }: Shop): Promise<void> => {
  for (const [method, path] of [
    ['POST', '/tokenize'],
    ['POST', '/test-tokens'],
    ['POST', '/proxy/transaction'],
    ['DELETE', '/proxy/delete-cvc-session'],
    ['GET', '/api/applications/key'],
  ] as const) {
    const { status, body, sent } = await call(method, path)
    expect({ status, body }).toEqual({
      status: 503,
      body: { success: false, message: 'Service unavailable', data: null },
    })
    expect(sent).toBe(path === '/proxy/transaction' ? 'no' : undefined)
  }
}

const expectGone = async (
  shop: Shop,
  charges: readonly { token: string; session: string }[],
  provider: Provider,
) => {
  for (const { token, session } of charges)
    expect(await shop.charge({ token, session, url: chargesOf(provider) })).toMatchObject({
      status: 404,
      sent: 'no',
      body: { message: 'CVC session expired or not found' },
    })
}

const ready = async (url: string): Promise<{ readonly status: number; readonly body: unknown }> => {
  const { statusCode, body } = await request(`${url}/health/ready`)
  return { status: statusCode, body: await body.json() }
}
