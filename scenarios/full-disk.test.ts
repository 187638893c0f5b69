import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { testCards } from '@cardkeep/testing/canary/cards'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { request } from 'undici'
import { expect, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { cleanUp } from './support/clean-up.ts'
import { canBeImmutable, mountSmallDisk, setImmutable } from './support/full-disk.ts'
import { testOnSqlite } from './support/only.ts'
import { runToEnd } from './support/refused-command.ts'
import { allowProvider, makeGround, openShop, runScenario, type Scenario } from './support/scenario.ts'
import { chargesOf, type Shop, testTokenBody, tokenizeBody } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 90_000 })

const elsewhere = 'another database has a disk of its own'

const card = { number: testCards.visa, code: '123' }
const unavailable = {
  success: false,
  message: 'Service unavailable',
  data: null,
  retry_after_seconds: 2,
}
const codeGone = { success: false, message: 'CVC session expired or not found', data: null }

testOnSqlite(
  'on a full disk nothing is half done, codes still expire, and room is enough to go on',
  elsewhere,
  async (context) => {
    const ground = makeGround()
    const disk = mountSmallDisk(join(ground.folder, 'data'), 8)
    if (!disk) return context.skip('only root may mount a file system')
    const scenario = await runScenario(ground)
    const { verify, before } = await prepare(scenario)
    disk.fill()
    await verify()
    disk.free()
    await expectBack(scenario, before)

    // A vault that cannot write at its start says so and does not start.
    expect(await scenario.vault.stop()).toBe(0)
    disk.remount('ro')
    const start = await runToEnd(ground, ['serve'])
    expect(start).toMatchObject({ code: 1, stdout: '' })
    expect(start.stderr).toMatch(/^cardkeep: [^\n]+\n$/)
    disk.remount('rw')
    const shop = scenario.shopAt(await scenario.start(), scenario.demoKeys)
    expect(await shop.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
  },
)

testOnSqlite('on a disk that lets nothing be written any more it is the same', elsewhere, async (context) => {
  const ground = makeGround()
  context.skip(!canBeImmutable(ground.folder), 'files cannot be made immutable here')
  const scenario = await runScenario(ground)
  const { verify, before } = await prepare(scenario)
  const data = join(ground.folder, 'data')
  // Not the index of the log: it is mapped memory, and the system ends a process that cannot write to that.
  const files = readdirSync(data).flatMap((name) => (name.endsWith('-shm') ? [] : [join(data, name)]))
  cleanUp(() => setImmutable(files, false))
  setImmutable(files, true)
  await verify()
  setImmutable(files, false)
  await expectBack(scenario, before)
})

/** What was acknowledged before, and must work afterwards. */
interface Before {
  readonly provider: Provider
  readonly held: { readonly token: string; readonly session: string }
  readonly dropped: { readonly token: string; readonly session: string }
  readonly tokens: readonly string[]
}

const prepare = async (scenario: Scenario) => {
  const { demo, command, vault } = scenario
  const answers: (() => void)[] = []
  const provider = await startProvider({
    answers: { '/held': (_request, response) => answers.push(() => response.end('{"status":"approved"}')) },
  })
  cleanUp(() => provider.close())
  await allowProvider(scenario, demo, provider)
  const short = await openShop(scenario, 'short')
  await command('tenant', 'policy', 'set', 'short', '--hold', 'on', '--ttl', '1', '--uses', '1')
  await allowProvider(scenario, short, provider, 'short')

  const held = await demo.tokenize(card)
  const dropped = await demo.tokenize(card)
  const inFlight = await demo.tokenize(card)
  const expiring = await short.tokenize(card)
  const charging = demo.charge({ ...inFlight, url: `${provider.origin}/held` })
  await until('a charge in flight', () => answers.length === 1)
  const tokens = [held, dropped, inFlight].map(({ token }) => token)

  const verify = async (): Promise<void> => {
    const seen = provider.requests.length
    await expectNothingIsWritten(demo)
    expect(await ready(vault.url)).toEqual({ status: 503, body: { status: 'not ready', reason: 'database' } })
    expect((await request(`${vault.url}/health/live`)).statusCode).toBe(200)

    const charge = { ...held, url: chargesOf(provider) }
    // Twice: the code that the first one took came back.
    for (const _ of [1, 2])
      expect(await demo.charge(charge)).toMatchObject({ status: 503, sent: 'no', body: unavailable })
    const recurring = { token: held.token, url: charge.url }
    expect(await demo.charge(recurring)).toMatchObject({ status: 503, sent: 'no', body: unavailable })
    await until('the end of a code', async () => {
      const { status, sent, body } = await short.charge({ ...expiring, url: charge.url })
      expect(sent).toBe('no')
      if (status === 404) expect(body).toEqual(codeGone)
      return status === 404
    })
    // Forgetting a code never waits for the log.
    const path = `/proxy/delete-cvc-session/${dropped.session}`
    expect(await demo.call('DELETE', path)).toMatchObject({ status: 200 })
    expect(await demo.charge({ ...dropped, url: charge.url })).toMatchObject({ status: 404, body: codeGone })
    const wrong = { headers: { 'x-api-key': 'key_test_x' } }
    expect(await demo.call('GET', '/api/applications/key', wrong)).toMatchObject({ status: 401 })
    expect(await demo.call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
    expect(provider.requests).toHaveLength(seen)

    // What had left before is answered, although its outcome cannot be written.
    answers.pop()?.()
    expect(await charging).toMatchObject({ status: 200, sent: 'yes' })
  }
  return { verify, before: { provider, held, dropped, tokens } }
}

const expectNothingIsWritten = async ({ call }: Shop): Promise<void> => {
  for (const [path, body] of [
    ['/tokenize', tokenizeBody(card)],
    ['/tokenize', tokenizeBody({ number: testCards.jcb })],
    ['/test-tokens', testTokenBody(card)],
  ] as const) {
    const reply = await call('POST', path, { body })
    expect(reply).toMatchObject({ status: 503, sent: undefined })
    expect(reply.body).toEqual(unavailable)
  }
}

const expectBack = async (scenario: Scenario, { provider, held, dropped, tokens }: Before): Promise<void> => {
  const { demo, vault, command } = scenario
  const url = chargesOf(provider)
  await until('a vault that is ready', async () => (await ready(vault.url)).status === 200)
  expect(await demo.charge({ ...held, url })).toMatchObject({ status: 200, sent: 'yes' })
  expect(await demo.charge({ ...dropped, url })).toMatchObject({ status: 404, body: codeGone })
  for (const token of tokens) expect(await demo.charge({ token, url })).toMatchObject({ status: 200 })
  await demo.tokenize(card)

  expect(await command('audit', 'verify')).toMatchObject({ ok: true })
  const { entries } = await exportAudit(scenario)
  // An outcome was lost, and the log says that something was.
  const gap = entries.filter(({ details }) => details['after'] === 'an entry could not be written')
  expect(gap).not.toHaveLength(0)
  const created = entries
    .filter(({ action }) => action === 'token.created')
    .map(({ subject }) => subject?.[1])
  expect(new Set(created).size).toBe(created.length)
}

const ready = async (url: string): Promise<{ readonly status: number; readonly body: unknown }> => {
  const { statusCode, body } = await request(`${url}/health/ready`)
  return { status: statusCode, body: await body.json() }
}
