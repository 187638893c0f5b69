import { loadCard } from '@cardkeep/testing/canary/cards'
import { answer, type Behaviour } from '@cardkeep/testing/provider/behaviours'
import { expect, test, vi } from 'vitest'
import { idLiteral } from './support/backends.ts'
import { startReceiver } from './support/receiver.ts'
import { runToEnd } from './support/refused-command.ts'
import { readLog, readRows } from './support/rows.ts'
import { type Scenario, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000 })

const lifecycle = 'token.created,token.suspended,token.activated,token.deleted'
const scenario = await startScenario()

interface Failures {
  readonly failures: readonly {
    readonly delivery: number
    readonly webhook_id: string
    readonly event: string
    readonly subject: string
    readonly attempts: number
    readonly failure: string
  }[]
}

const failuresOf = async ({ command }: Scenario, webhookId: string): Promise<Failures['failures']> =>
  (await command<Failures>('webhook', 'failures')).failures.filter((one) => one.webhook_id === webhookId)

test('a shop is told of all that becomes of a token, by the vault and by commands, in order', async () => {
  const { received, forged, webhookId } = await startReceiver(scenario, { events: lifecycle })
  const { token } = await scenario.demo.tokenize({ number: loadCard(1) })
  for (const word of ['suspend', 'activate', 'delete']) await scenario.command('token', word, token)
  await until('four events', () => received.length === 4)
  expect(forged).toEqual([])
  expect(received.map(({ type }) => type)).toEqual([
    'token.created',
    'token.suspended',
    'token.activated',
    'token.deleted',
  ])
  expect(new Set(received.map(({ data }) => data['token'])).size).toBe(1)
  expect(received[0]?.data).toMatchObject({ type: 'card', status: 'active', last4: loadCard(1).slice(-4) })
  expect(JSON.stringify(received)).not.toContain(loadCard(1))
  await scenario.command('webhook', 'remove', webhookId)
})

test('what was given up is listed, stays until it is replayed, and is taken then', async () => {
  let behaviour: Behaviour = (_, response) => answer(response, 410, 'text/plain', 'gone')
  const { received, webhookId } = await startReceiver(scenario, {
    events: 'token.created',
    behaviour: (request, response) => behaviour(request, response),
  })
  await scenario.demo.tokenize({ number: loadCard(2) })
  const [failure] = await until('a failure', async () => {
    const failures = await failuresOf(scenario, webhookId)
    return failures.length > 0 && failures
  })
  expect(failure).toMatchObject({ event: 'token.created', attempts: 1, failure: 'answered 410' })
  await until('a line in the log', () => readLog(scenario, 'webhook.paused').length > 0)

  behaviour = (_, response) => answer(response, 204, 'text/plain', '')
  await scenario.command('webhook', 'replay', String(failure?.delivery))
  await scenario.command('webhook', 'enable', webhookId)
  await until('the event', () => received.length === 2)
  expect(received[1]?.id).toBe(received[0]?.id)
  expect(await failuresOf(scenario, webhookId)).toEqual([])
  const again = await runToEnd(scenario, ['webhook', 'replay', String(failure?.delivery)])
  expect(again).toMatchObject({ code: 1, stderr: 'cardkeep: no delivery of this number was given up\n' })
  await scenario.command('webhook', 'remove', webhookId)
})

test('a vault that is sealed tells nobody, and tells all once it is open', async () => {
  const { received, webhookId } = await startReceiver(scenario, { events: lifecycle })
  const { token } = await scenario.demo.tokenize({ number: loadCard(3) })
  await until('one event', () => received.length === 1)
  await scenario.command('seal')
  await until('a sealed vault', () => readLog(scenario, 'vault.sealed').length > 0)
  await scenario.command('token', 'suspend', token)
  await until('an event that waits', () => waitingFor(webhookId) === 1)
  // Longer than the outbox looks for work.
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect(received).toHaveLength(1)
  await scenario.command('unseal')
  await until('the second event', () => received.length === 2)
  expect(received[1]?.type).toBe('token.suspended')
  await scenario.command('webhook', 'remove', webhookId)
})

const waitingFor = (webhookId: string): number =>
  Number(
    readRows(
      scenario,
      `select count(*) as count from deliveries where webhook_id = ${idLiteral(webhookId)}`,
    )[0]?.['count'],
  )
