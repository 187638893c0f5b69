import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Json } from './support/client.ts'
import { type Cluster, startCluster } from './support/cluster.ts'
import { cardAnswer, type Merchant } from './support/hellgate.ts'
import { faultsOf, merchantAt, success, tooManyFailures } from './support/hellgate-scenario.ts'
import { allowProvider, codeRequired, probe } from './support/scenario.ts'
import { chargesOf } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Three vaults on one database and one place for codes: a browser may come to any of them, in the middle of anything.
 */

const refresh = 'refresh_security_code'
const card = { number: testCards.visa2, code: '111' }
const rounds = 20

describeOnBoth('three vaults', (postgres, redis) => {
  let cluster: Cluster
  let merchants: readonly Merchant[]
  let apiKey: string
  let url: string
  beforeAll(async () => {
    const provider = await startProvider()
    cleanUp(() => provider.close())
    url = chargesOf(provider)
    cluster = await startCluster({ postgres, redis })
    const [first] = cluster.shops
    if (!first) throw new Error('a cluster without nodes')
    await allowProvider(cluster, first, provider)
    const credential = await cluster.command<{ api_key: string }>(
      ...['credential', 'create', '--tenant', 'demo', '--dialect', 'hellgate'],
    )
    apiKey = credential.api_key
    merchants = cluster.nodes.map((vault) => merchantAt({ folder: cluster.folder, vault }, apiKey))
    const { token } = await first.tokenize({ number: testCards.visa })
    await until('all of it everywhere', async () => {
      const answers = await Promise.all(cluster.shops.map((shop) => probe(shop, token, url)))
      const lists = await Promise.all(merchants.map(({ call }) => call('GET', '/tokens?limit=1')))
      return answers.every((answer) => answer === codeRequired) && lists.every(({ status }) => status === 200)
    })
  })

  const at = (node: number): Merchant => {
    const merchant = merchants[node % merchants.length]
    if (!merchant) throw new Error('a cluster without nodes')
    return merchant
  }

  test('a session that one opened is read at the next and answered at the third, for all', async () => {
    for (let round = 0; round < merchants.length; round++) {
      const [one, next, third] = [at(round), at(round + 1), at(round + 2)]
      const token = await one.importCard({ number: card.number })
      const session = await one.openRefresh(token)
      const payload = await next.seal(session, { security_code: '222' })
      expect(await third.complete(session, refresh, payload)).toMatchObject({ body: success(token) })
      for (const { browse, isCodeHeld } of merchants) {
        expect((await browse('GET', `/sessions/${session}`)).body).toEqual(success(token))
        expect(await isCodeHeld(token)).toBe(true)
      }
      expect(await next.charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
      for (const { isCodeHeld } of merchants) expect(await isCodeHeld(token)).toBe(false)
    }
  })

  test(`answers to one session at all of them at once make one token, ${rounds} times`, async () => {
    const before = await countTokens(at(0))
    for (let round = 0; round < rounds; round++) {
      const session = await at(round).openTokenize()
      const numbers = [testCards.visa, testCards.visa2, testCards.visa3]
      const payloads = await Promise.all(
        numbers.map((number, node) => at(node).seal(session, cardAnswer({ number }))),
      )
      const replies = await Promise.all(
        payloads.map((payload, node) => at(node).complete(session, 'tokenize_card', payload)),
      )
      const { body: end } = await at(round).browse('GET', `/sessions/${session}`)
      expect(end).toMatchObject({ next_action: null, status: 'success' })
      for (const { status, body } of replies) {
        expect(status).toBe(200)
        expect([end, { next_action: 'wait', data: {} }]).toContainEqual(body)
      }
    }
    expect(await countTokens(at(0))).toBe(before + rounds)
  })

  test('failures at one count at the others', async () => {
    const token = await at(0).importCard({ number: card.number })
    const session = await at(0).openRefresh(token)
    for (let failure = 1; failure <= 4; failure++)
      expect(await at(failure).complete(session, refresh, 'garbage')).toMatchObject({ status: 422 })
    expect(await at(1).complete(session, refresh, 'garbage')).toMatchObject({ body: tooManyFailures })
    expect((await at(2).browse('GET', `/sessions/${session}`)).body).toEqual(tooManyFailures)
  })

  test('a payload that one of them took opens no session at another', async () => {
    const token = await at(0).importCard({ number: card.number })
    const [first, second] = [await at(0).openRefresh(token), await at(0).openRefresh(token)]
    const payload = await at(0).seal(first, { security_code: '222' })
    expect(await at(1).complete(first, refresh, payload)).toMatchObject({ body: success(token) })
    await at(0).call('POST', `/tokens/${token}/consume`)
    const replayed = await at(2).complete(second, refresh, payload)
    expect([replayed.status, faultsOf(replayed)]).toEqual([422, ['$.result.enc_payload cannot be opened']])
    expect(await at(0).isCodeHeld(token)).toBe(false)
  })

  test('what one of them opened is answered after it died', async () => {
    const node = await cluster.addNode()
    const doomed = merchantAt({ folder: cluster.folder, vault: node }, apiKey)
    const token = await doomed.importCard({ number: card.number })
    const session = await doomed.openRefresh(token)
    const payload = await doomed.seal(session, { security_code: '222' })
    await node.kill()
    expect(await at(0).complete(session, refresh, payload)).toMatchObject({ body: success(token) })
    expect(await at(1).charge({ token, url })).toMatchObject({ status: 200, sent: 'yes' })
  })

  test('their logs hold together', async () => {
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })
})

const countTokens = async (merchant: Merchant): Promise<number> => {
  const { body } = await merchant.call('GET', '/tokens?limit=1')
  return Number((body['pagination'] as Json)['total_items'])
}
