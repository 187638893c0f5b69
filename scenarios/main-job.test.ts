import { testCards } from '@cardkeep/testing/canary/cards'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { expect, test, vi } from 'vitest'
import { exportAudit } from './support/audit-log.ts'
import { isOnMemory } from './support/backends.ts'
import { cleanUp } from './support/clean-up.ts'
import { runToEnd } from './support/refused-command.ts'
import { allowProvider, codeRequired, type Ground, makeGround, startScenario } from './support/scenario.ts'
import { chargesOf, type Shop, type Tokenized } from './support/shop.ts'

vi.setConfig({ testTimeout: 60_000 })

test('a card comes with its code, is charged once with it and ever after without it, and the log of it proves itself', async () => {
  const scenario = await startScenario()
  const { demo, demoKeys, vault, shopAt, start } = scenario
  const provider = await startProvider()
  cleanUp(() => provider.close())
  await allowProvider(scenario, demo, provider)

  const kept = await tokenizeWithCode(demo)
  await chargeOnceWithTheCode(demo, kept, provider)
  await chargeWithoutIt(demo, kept, provider)
  await chargeATestTokenTwice(demo, provider)

  const heldAtTheEnd = await tokenizeWithCode(demo)
  expect(await vault.stop()).toBe(0)
  await proveTheLog(scenario)

  const restarted = shopAt(await start(), demoKeys)
  const url = chargesOf(provider)
  expect(await restarted.charge({ token: kept.token, url })).toMatchObject({ status: 200, sent: 'yes' })
  const held = await restarted.charge({ ...heldAtTheEnd, url })
  if (isOnMemory) expect(held).toMatchObject({ status: 404, sent: 'no', body: sessionGone })
  else expect(held).toMatchObject({ status: 200, sent: 'yes' })
})

const sessionGone = { success: false, message: 'CVC session expired or not found', data: null }

const tokenizeWithCode = async (shop: Shop): Promise<Tokenized> => {
  const tokenized = await shop.tokenize({ number: '4111 1111-1111 1111', code: '123' })
  expect(tokenized.body).toEqual({
    success: true,
    token: expect.stringMatching(/^tok_[a-z2-7]{26}$/),
    data: { number: '411111******1111', expiration_month: '12', expiration_year: '2030' },
    mask: { card_number: '411111******1111' },
    cvc_session_id: expect.stringMatching(uuid),
    bin: '411111',
    deduplicated: false,
  })
  return tokenized
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const chargeOnceWithTheCode = async (shop: Shop, { token, session }: Tokenized, provider: Provider) => {
  const url = chargesOf(provider)
  const charged = await shop.charge({ token, session, url })
  expect(charged).toMatchObject({ status: 200, sent: 'yes' })
  expect(charged.body).toMatchObject({
    success: true,
    proxy_response: {
      status_code: 200,
      body: { status: 'approved', card: { bin: '411111', last4: '1111', cvc_check: 'pass' } },
    },
  })
  expect(provider.requests.at(-1)).toMatchObject({
    method: 'POST',
    path: '/v1/charges',
    card: { mask: '411111******1111', codeLength: 3 },
  })

  const seen = provider.requests.length
  expect(await shop.charge({ token, session, url })).toMatchObject({
    status: 404,
    sent: 'no',
    body: sessionGone,
  })
  const asked = await shop.call('POST', '/proxy/transaction', {
    body: { token, proxy_url: url, request_data: { code: '${cvv}' } },
  })
  expect(asked).toMatchObject({ status: 400, sent: 'no', body: { message: codeRequired } })
  expect(provider.requests.length).toBe(seen)
}

const chargeWithoutIt = async (shop: Shop, { token }: Tokenized, provider: Provider) => {
  const recurring = await shop.charge({ token, url: chargesOf(provider) })
  expect(recurring).toMatchObject({ status: 200, sent: 'yes' })
  expect(provider.requests.at(-1)?.card).toEqual({ mask: '411111******1111', codeLength: undefined })
}

const chargeATestTokenTwice = async (shop: Shop, provider: Provider) => {
  const { token, session, body } = await shop.testToken({ number: testCards.amex, code: '1234' })
  expect(body).toEqual({
    success: true,
    token,
    cvc_session_id: session,
    mask: { card_number: '378282*****0005' },
    bin: '378282',
    test_mode: true,
    expires_in: '1 year (test session)',
  })
  const charge = { token, session, url: chargesOf(provider) }
  for (const _ of [1, 2]) {
    expect(await shop.charge(charge)).toMatchObject({ status: 200, sent: 'yes' })
    expect(provider.requests.at(-1)?.card).toEqual({ mask: '378282*****0005', codeLength: 4 })
  }
  expect(await shop.call('DELETE', `/proxy/delete-cvc-session/${session}`)).toMatchObject({ status: 200 })
  expect(await shop.charge(charge)).toMatchObject({ status: 404, sent: 'no', body: sessionGone })
  expect(await shop.charge({ token, url: charge.url })).toMatchObject({ status: 200, sent: 'yes' })
}

const proveTheLog = async (ground: Ground) => {
  const verified = await ground.command<{ ok: boolean; entries: number }>('audit', 'verify')
  expect(verified.ok).toBe(true)
  const { file, entries } = await exportAudit(ground)
  expect(entries).toHaveLength(verified.entries + 1)
  // A folder with no vault in it: the export needs none.
  const end = await runToEnd(makeGround(), ['audit', 'verify', '--file', file, '--json'])
  expect(end).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(end.stdout)).toEqual({
    ok: true,
    entries: entries.length,
    checkpoints: expect.any(Number),
    from: 1,
    signed_up_to: entries.length,
    signing_keys: [expect.stringMatching(/^[0-9a-f]{64}$/)],
    chains: expect.any(Array),
  })
}
