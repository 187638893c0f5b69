import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { cleanUp } from './support/clean-up.ts'
import type { Json, Reply } from './support/client.ts'
import { allowProvider, startScenario } from './support/scenario.ts'
import { type Charge, chargeBody, chargesOf } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { demo: shop } = scenario
const provider = await startProvider()
cleanUp(() => provider.close())
const url = chargesOf(provider)

beforeAll(() => allowProvider(scenario, shop, provider))

const dryRun = (charge: Charge, more: Json = {}): Promise<Reply> =>
  shop.call('POST', '/proxy/transaction?dry_run=true', { body: { ...chargeBody(charge), ...more } })

interface Told {
  readonly passes: boolean
  readonly request: { readonly headers: Record<string, string>; readonly body: string | null }
  readonly placeholders: readonly { readonly value: string; readonly resolves: string }[]
  readonly verdicts: Record<string, { readonly passes: boolean; readonly says: string }>
}

const told = ({ body }: Reply): Told => body['dry_run'] as Told

test('a dry run tells all that a forward would do, and the provider hears of none of it', async () => {
  const { token, session } = await shop.tokenize({ number: testCards.visa, code: '947' })
  const before = provider.requests.length
  const connections = provider.connections()
  const reply = await dryRun({ token, session, url }, { http_headers: { 'X-Trace': '1' } })
  expect(reply).toMatchObject({ status: 200, sent: 'no' })
  const { passes, request, placeholders, verdicts } = told(reply)
  expect(verdicts).toMatchObject({
    token: { says: 'usable' },
    destination: { says: 'allowed', rule: { origin: provider.origin } },
    headers: { says: 'allowed' },
    address: { says: 'allowed', addresses: ['not public'] },
    tls: { says: 'trusted', protocol: 'TLSv1.3' },
    policy: { says: 'allowed' },
    code: { says: 'not_looked_up', address: 'session' },
    body: { says: 'fits' },
  })
  expect(passes).toBe(true)
  expect(JSON.parse(request.body ?? '')).toEqual({
    amount: 1999,
    currency: 'EUR',
    card: { number: '411111******1111', exp_month: '12', exp_year: '2030', cvc: '***' },
  })
  expect(placeholders.map(({ value, resolves }) => `${value}: ${resolves}`)).toEqual([
    'card_number: yes',
    'expiry_month: yes',
    'expiry_year: yes',
    'code: not_looked_up',
  ])
  expect(provider.requests).toHaveLength(before)
  // The handshake came, and nothing after it.
  expect(provider.connections()).toBe(connections + 1)
})

test('a dry run spends no code, however often it comes', async () => {
  const { token, session } = await shop.tokenize({ number: testCards.mastercard, code: '947' })
  for (let times = 0; times < 3; times++)
    expect(told(await dryRun({ token, session, url })).passes).toBe(true)
  expect(await shop.charge({ token, session, url })).toMatchObject({ status: 200, sent: 'yes' })
  expect(provider.requests.at(-1)?.card).toEqual({ mask: '555555******4444', codeLength: 3 })
  expect(await shop.charge({ token, session, url })).toMatchObject({ status: 404, sent: 'no' })
})

test('what stands in the way is told all at once', async () => {
  const { token } = await shop.tokenize({ number: testCards.visa })
  const nowhere = await dryRun({ token, url: 'https://psp.invalid/v1' }, { http_headers: { Host: 'x' } })
  expect(told(nowhere)).toMatchObject({
    passes: false,
    verdicts: {
      token: { passes: true },
      destination: { passes: false, says: 'not_allowed', rule: null },
      headers: { passes: false },
      address: { says: 'not_tried' },
      tls: { says: 'not_tried' },
    },
  })
  const unknown = await dryRun(
    { token: '00000000-0000-4000-8000-0000deadbeef', url },
    { http_headers: { Host: 'x' } },
  )
  const { verdicts, request } = told(unknown)
  expect(verdicts).toMatchObject({
    token: { passes: false, says: 'not_found' },
    destination: { passes: true },
    headers: { passes: false, says: 'not_allowed', header: 'Host' },
    tls: { passes: true },
  })
  expect(request.body).toBeNull()
})

test('a provider whose certificate is of somebody else is told of before a card is sent', async () => {
  const stranger = await startProvider({ certificate: 'of another authority' })
  cleanUp(() => stranger.close())
  await allowProvider(scenario, shop, stranger)
  const { token, session } = await shop.tokenize({ number: testCards.visa, code: '947' })
  const { passes, verdicts } = told(await dryRun({ token, session, url: chargesOf(stranger) }))
  expect(passes).toBe(false)
  expect(verdicts['tls']).toMatchObject({ passes: false, says: 'failed' })
  expect(verdicts['address']).toMatchObject({ passes: true })
  expect(stranger.requests).toEqual([])
})

test('a request that is malformed is refused as a forward is', async () => {
  const { token } = await shop.tokenize({ number: testCards.visa })
  const wrong = await dryRun({ token, url }, { request_data: { number: '${iban}' } })
  expect(wrong).toMatchObject({ status: 400, sent: 'no' })
  const other = await shop.call('POST', '/proxy/transaction?dry_run=perhaps', {
    body: chargeBody({ token, url }),
  })
  expect(other).toMatchObject({ status: 400, sent: 'no' })
})

test('each dry run stands in the audit log, and no forward for it', async () => {
  const { token, session } = await shop.tokenize({ number: testCards.visa, code: '947' })
  const { entries: before } = await exportAudit(scenario, 'before.jsonl')
  await dryRun({ token, session, url })
  const { entries } = await exportAudit(scenario, 'after.jsonl')
  const made = entries.slice(before.length).filter(({ action }) => action.startsWith('card.'))
  expect(made).toMatchObject([
    {
      action: 'card.forward.dry-run',
      outcome: 'success',
      details: { passes: true, origin: provider.origin },
    },
  ])
})
