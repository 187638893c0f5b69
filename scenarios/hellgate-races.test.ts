import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TokenId } from '@cardkeep/core/kernel/ids'
import { activateToken } from '@cardkeep/core/operations/tokens/activate-token'
import { deleteToken } from '@cardkeep/core/operations/tokens/delete-token'
import { invalidateToken } from '@cardkeep/core/operations/tokens/invalidate-token'
import { suspendToken } from '@cardkeep/core/operations/tokens/suspend-token'
import { testCards } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { openBeside } from './support/beside.ts'
import { cleanUp } from './support/clean-up.ts'
import type { Json, Reply } from './support/client.ts'
import { cardAnswer, type Merchant } from './support/hellgate.ts'
import { notFound, openMerchant, success } from './support/hellgate-scenario.ts'
import { allowOrigin, allowProvider, startScenario } from './support/scenario.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const scenario = await startScenario()
const { command } = scenario

/** The codes that the provider was sent, in memory only, and requests that it does not answer until the test wants it. */
const sentCodes: unknown[] = []
const waiting: (() => void)[] = []
const codeIn = (body: Buffer): unknown => (JSON.parse(body.toString()) as { card: Json }).card['cvc']
const provider = await startProvider({
  answers: {
    '/capture': ({ body }, response) => {
      sentCodes.push(codeIn(body))
      answer(response, 200, 'application/json', '{}')
    },
    '/slow': ({ body }, response) => {
      sentCodes.push(codeIn(body))
      waiting.push(() => answer(response, 200, 'application/json', '{}'))
    },
  },
})
cleanUp(() => provider.close())
const [capture, slow] = [`${provider.origin}/capture`, `${provider.origin}/slow`]

/** Takes connections and says nothing: a request to it never leaves. */
const mute = createServer()
const sockets: Socket[] = []
mute.on('connection', (socket) => sockets.push(socket.on('error', () => undefined)))
await once(mute.listen(0, '127.0.0.1'), 'listening')
cleanUp(() => {
  for (const socket of sockets) socket.destroy()
  mute.close()
})
const muteUrl = `https://localhost:${(mute.address() as AddressInfo).port}/v1/charges`

/** Another process, which does things to tokens as a command of the operator would, and sooner. */
const { ports } = await openBeside(scenario)
const operator = { name: 'operator' }

let merchant: Merchant
beforeAll(async () => {
  await allowProvider(scenario, scenario.demo, provider)
  await allowOrigin(scenario, scenario.demo, muteUrl, ['--tenant', 'demo', '--private'])
  merchant = await openMerchant(scenario)
})

const refresh = 'refresh_security_code'
const wait = { next_action: 'wait', data: {} }
const card = { number: testCards.visa2, code: '111' }
const rounds = 20

const countTokens = async (): Promise<number> => {
  const { body } = await merchant.call('GET', '/tokens?limit=1')
  return Number((body['pagination'] as Json)['total_items'])
}

const tokenIn = ({ body }: Reply): unknown => ((body['data'] ?? {}) as Json)['token_id']

describe('two answers to one session at once', () => {
  test(`make one token, and whoever does not make it waits or is told of it, ${rounds} times`, async () => {
    const before = await countTokens()
    for (let round = 0; round < rounds; round++) {
      const session = await merchant.openTokenize()
      const payloads = await Promise.all(
        [testCards.visa2, testCards.visa3].map((number) => merchant.seal(session, cardAnswer({ number }))),
      )
      const replies = await Promise.all(
        payloads.map((payload) => merchant.complete(session, 'tokenize_card', payload)),
      )
      expect(replies.map(({ status }) => status)).toEqual([200, 200])
      const [token] = replies.map(tokenIn).filter((id) => id !== undefined)
      for (const { body } of replies) expect([success(token), wait]).toContainEqual(body)
      expect((await merchant.browse('GET', `/sessions/${session}`)).body).toEqual(success(token))
    }
    expect(await countTokens()).toBe(before + rounds)
  })

  test('with the very same payload are one answer', async () => {
    const session = await merchant.openTokenize()
    const payload = await merchant.seal(session, cardAnswer(card))
    const before = await countTokens()
    const replies = await Promise.all(
      Array.from({ length: 10 }, () => merchant.complete(session, 'tokenize_card', payload)),
    )
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await countTokens()).toBe(before + 1)
  })
})

test('a session that was answered tells its end to every later answer', async () => {
  const session = await merchant.openTokenize()
  const payloads = [
    await merchant.seal(session, cardAnswer(card)),
    await merchant.seal(session, cardAnswer({ number: testCards.visa3 })),
  ]
  const [first] = payloads
  const done = await merchant.complete(session, 'tokenize_card', first ?? '')
  const before = await countTokens()
  for (const payload of [...payloads, 'garbage'])
    expect(await merchant.complete(session, 'tokenize_card', payload)).toMatchObject({
      status: 200,
      body: success(tokenIn(done)),
    })
  expect(await countTokens()).toBe(before)
})

describe('a code that is typed while a forward is under way', () => {
  const typeMeanwhile = async (
    token: string,
    release: () => void,
    charging: Promise<Reply>,
  ): Promise<Reply> => {
    expect(await merchant.refresh(token, '222')).toMatchObject({ status: 200, body: success(token) })
    expect(await merchant.isCodeHeld(token)).toBe(true)
    release()
    return charging
  }

  const expectFreshOnce = async (token: string): Promise<void> => {
    expect(await merchant.isCodeHeld(token)).toBe(true)
    expect(await merchant.charge({ token, url: capture })).toMatchObject({ status: 200, sent: 'yes' })
    expect(sentCodes.at(-1)).toBe('222')
    expect(await merchant.charge({ token, url: capture })).toMatchObject({ status: 422, sent: 'no' })
  }

  test('is what the next one carries, where the first was sent', async () => {
    const token = await merchant.importCard(card)
    const charging = merchant.charge({ token, url: slow })
    await until('a request at the provider', () => waiting.length === 1)
    expect(await merchant.isCodeHeld(token)).toBe(false)
    const charged = await typeMeanwhile(token, () => waiting.pop()?.(), charging)
    expect(charged).toMatchObject({ status: 200, sent: 'yes' })
    expect(sentCodes.at(-1)).toBe('111')
    await expectFreshOnce(token)
  })

  test('is what the next one carries, where the first never left: its own code does not come back', async () => {
    const token = await merchant.importCard(card)
    const before = sockets.length
    const charging = merchant.charge({ token, url: muteUrl })
    await until('a connection', () => sockets.length > before)
    const hangUp = () => sockets.splice(0).forEach((socket) => socket.destroy())
    const failed = await typeMeanwhile(token, hangUp, charging)
    expect(failed).toMatchObject({ status: 502, sent: 'no', body: { classifier: 'BAD_GATEWAY' } })
    await expectFreshOnce(token)
  })

  test('and nobody types one: the code of a forward that never left comes back', async () => {
    const token = await merchant.importCard(card)
    const before = sockets.length
    const charging = merchant.charge({ token, url: muteUrl })
    await until('a connection', () => sockets.length > before)
    for (const socket of sockets.splice(0)) socket.destroy()
    expect(await charging).toMatchObject({ status: 502, sent: 'no' })
    await until('the code again', () => merchant.isCodeHeld(token))
    expect(await merchant.charge({ token, url: capture })).toMatchObject({ status: 200 })
    expect(sentCodes.at(-1)).toBe('111')
  })
})

describe('a token whose customer is asked for a code', () => {
  const failed = {
    next_action: null,
    status: 'failure',
    data: { reason: 'The token was not found', reason_code: 'NOT_FOUND' },
  }

  test.each([
    ['suspended', suspendToken],
    ['invalidated', invalidateToken],
    ['deleted', deleteToken],
  ])('and that is %s meanwhile takes none, and no more sessions', async (_, end) => {
    const token = await merchant.importCard({ number: card.number })
    const session = await merchant.openRefresh(token)
    const payload = await merchant.seal(session, { security_code: '222' })
    await end(ports, operator, token as TokenId)
    expect(await merchant.complete(session, refresh, payload)).toMatchObject({ status: 200, body: failed })
    expect((await merchant.browse('GET', `/sessions/${session}`)).body).toEqual(failed)
    expect(await merchant.call('POST', `/tokens/${token}/refresh-session`)).toMatchObject({
      status: 404,
      body: notFound,
    })
  })

  test('and that is suspended and active again has lost its code, and takes one again', async () => {
    const token = await merchant.importCard(card)
    const session = await merchant.openRefresh(token)
    await command('token', 'suspend', token)
    const payload = await merchant.seal(session, { security_code: '222' })
    expect(await merchant.complete(session, refresh, payload)).toMatchObject({ body: failed })
    expect((await merchant.call('GET', `/tokens/${token}`)).body).toMatchObject({ status: 'invalid' })
    await command('token', 'activate', token)
    await followActivation(token)
    expect(await merchant.isCodeHeld(token)).toBe(false)
    expect(await merchant.refresh(token, '333')).toMatchObject({ body: success(token) })
    expect(await merchant.isCodeHeld(token)).toBe(true)
  })

  test(`and that is suspended while the code comes holds none when it is active again, ${rounds} times`, async () => {
    const asked = await Promise.all(Array.from({ length: rounds }, prepare))
    const replies = await Promise.all(
      asked.map(async ({ token, session, payload }, at) => {
        const completing = merchant.complete(session, refresh, payload)
        // Some before the code is there, some after it.
        await Promise.all(
          asked.slice(0, at).map(({ session: other }) => merchant.browse('GET', `/sessions/${other}`)),
        )
        expect(await suspendToken(ports, operator, token)).toMatchObject({ value: { changed: true } })
        return completing
      }),
    )
    for (const [at, { body }] of replies.entries())
      expect([success(asked[at]?.token), failed]).toContainEqual(body)
    const [first, ...others] = asked
    // A command takes longer than a vault needs to follow what others did.
    await command('token', 'activate', first?.token ?? '')
    await Promise.all(others.map(({ token }) => activateToken(ports, operator, token)))
    for (const { token } of asked) {
      await followActivation(token)
      expect(await merchant.isCodeHeld(token)).toBe(false)
    }
  })

  /** A vault may go on refusing for as long as it takes to look at the database. */
  const followActivation = (token: string) =>
    until('the activation', async () => {
      const { status } = await merchant.charge({ token, url: capture, withCode: false })
      return status === 200
    })

  const prepare = async () => {
    const token = await merchant.importCard({ number: card.number })
    const session = await merchant.openRefresh(token)
    return {
      token: token as TokenId,
      session,
      payload: await merchant.seal(session, { security_code: '222' }),
    }
  }
})
