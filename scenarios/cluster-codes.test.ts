import { guessLimits } from '@cardkeep/core/codes/guesses'
import { testCards } from '@cardkeep/testing/canary/cards'
import { startProvider } from '@cardkeep/testing/provider/provider'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { beforeAll, expect, test, vi } from 'vitest'
import { cleanUp } from './support/clean-up.ts'
import type { Reply } from './support/client.ts'
import { type Cluster, startCluster } from './support/cluster.ts'
import { allowProvider, codeRequired, probe } from './support/scenario.ts'
import { chargeBody, chargesOf, type Shop } from './support/shop.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Three vaults on one database and one place for codes: what one of them knows of codes, guesses, lock-outs and
 * suspensions, all know with the next request.
 */

const card = { number: testCards.visa, code: '123' }
const callers = 50
const rounds = 25

describeOnBoth('three vaults', (postgres, redis) => {
  let cluster: Cluster
  let url: string
  let seen: () => number
  beforeAll(async () => {
    const provider = await startProvider()
    cleanUp(() => provider.close())
    // Each test and each round has an address of its own, as far as guesses are counted.
    cluster = await startCluster({ postgres, redis, settings: { CARDKEEP_TRUSTED_PROXIES: '127.0.0.0/8' } })
    url = chargesOf(provider)
    seen = () => provider.requests.length
    const [first] = cluster.shops
    if (!first) throw new Error('a cluster without nodes')
    await allowProvider(cluster, first, provider)
    const { token } = await first.tokenize({ number: testCards.visa })
    await until('a destination everywhere', async () => {
      const answers = await Promise.all(cluster.shops.map((shop) => probe(shop, token, url)))
      return answers.every((answer) => answer === codeRequired)
    })
  })

  const shopAt = (at: number): Shop => {
    const shop = cluster.shops[at % cluster.shops.length]
    if (!shop) throw new Error('a cluster without nodes')
    return shop
  }

  let addresses = 0
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const freshAddress = (): string => `203.0.113.${++addresses}`

  const charge = (
    shop: Shop,
    address: string,
    { token, session }: { readonly token: string; readonly session?: string },
  ): Promise<Reply> =>
    shop.call('POST', '/proxy/transaction', {
      body: chargeBody({ token, session, url }),
      headers: from(address),
    })

  test(`of ${callers} callers all over them with one code one charges, ${rounds} times`, async () => {
    for (let round = 0; round < rounds; round++) {
      const held = await shopAt(round).tokenize(card)
      const address = freshAddress()
      const before = seen()
      const replies = await Promise.all(
        Array.from({ length: callers }, (_, caller) => charge(shopAt(caller), address, held)),
      )
      const sent = replies.filter(({ status, sent: wasSent }) => status === 200 && wasSent === 'yes')
      const refused = replies.filter(
        ({ status, sent: wasSent }) => [404, 429].includes(status) && wasSent === 'no',
      )
      expect([round, sent.length, refused.length]).toEqual([round, 1, callers - 1])
      expect(seen()).toBe(before + 1)
    }
  })

  test('a code that one of them holds is deleted at another, for all', async () => {
    const held = await shopAt(0).tokenize(card)
    const path = `/proxy/delete-cvc-session/${held.session}`
    expect(await shopAt(1).call('DELETE', path)).toMatchObject({ status: 200 })
    expect(await shopAt(2).call('DELETE', path)).toMatchObject({ status: 404 })
    expect(await charge(shopAt(0), freshAddress(), held)).toMatchObject({ status: 404, sent: 'no' })
  })

  test('guesses at one count at the others', async () => {
    const { token } = await shopAt(0).tokenize(card)
    const session = crypto.randomUUID()
    const address = freshAddress()
    for (let guess = 0; guess < guessLimits.session.atOnce; guess++)
      expect(await charge(shopAt(guess), address, { token, session })).toMatchObject({ status: 404 })
    for (const shop of cluster.shops)
      expect(await charge(shop, address, { token, session })).toMatchObject({ status: 429, sent: 'no' })
  })

  test('an address that failed too often, at all of them together, is locked out of each', async () => {
    const wrong = { 'x-api-key': cluster.demoKeys.api_key.replace(/key_test_..../, 'key_test_aaaa') }
    const address = freshAddress()
    const tryAt = (shop: Shop) =>
      shop.call('GET', '/api/applications/key', { headers: { ...wrong, ...from(address) } })
    for (let failure = 0; failure < 10; failure++)
      expect(await tryAt(shopAt(failure))).toMatchObject({ status: 401 })
    for (const shop of cluster.shops) expect(await tryAt(shop)).toMatchObject({ status: 403 })
    // Others have not tried anything.
    expect(await shopAt(0).call('GET', '/api/applications/key')).toMatchObject({ status: 200 })
  })

  test('a suspended token is refused by each of them at once, and its code is gone when it is active again', async () => {
    const held = await shopAt(0).testToken(card)
    const { token } = held
    await cluster.command('token', 'suspend', token)
    const refused = await Promise.all(cluster.shops.map((shop) => charge(shop, freshAddress(), { token })))
    for (const reply of refused)
      expect(reply).toMatchObject({ status: 404, sent: 'no', body: { message: 'Token not found' } })
    await cluster.command('token', 'activate', token)
    for (const shop of cluster.shops) {
      // A node may go on refusing for as long as it takes to look at the database.
      await until(
        'the activation everywhere',
        async () => (await charge(shop, freshAddress(), { token })).status === 200,
      )
      expect(await charge(shop, freshAddress(), held)).toMatchObject({
        status: 404,
        body: { message: 'CVC session expired or not found' },
      })
    }
  })

  test('first tokenisations of one card at all of them at once give one token in a scope that de-duplicates', async () => {
    await cluster.command('tenant', 'create', 'dedupe', '--dedupe')
    const keys = await cluster.command<{ api_key: string; pub_key: string }>(
      ...['credential', 'create', '--tenant', 'dedupe', '--dialect', 'ozura'],
    )
    const shops = cluster.nodes.map((node) => cluster.shopAt(node, keys))
    await until('the tenant everywhere', async () => {
      const replies = await Promise.all(shops.map((shop) => shop.call('GET', '/api/applications/key')))
      return replies.every(({ status }) => status === 200)
    })
    for (const number of [testCards.visa, testCards.mastercard, testCards.amex, testCards.jcb]) {
      const made = await Promise.all(
        Array.from({ length: 30 }, (_, caller) =>
          (shops[caller % shops.length] ?? shopAt(0)).tokenize({ number }),
        ),
      )
      expect(new Set(made.map(({ token }) => token)).size).toBe(1)
      expect(new Set(made.map(({ body }) => body['fingerprint'])).size).toBe(1)
      expect(made.filter(({ body }) => body['deduplicated'] === false)).toHaveLength(1)
    }
  })

  test('their logs hold together', async () => {
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })
})
