import { loadCard, testCards } from '@cardkeep/testing/canary/cards'
import { describeOnBoth } from '@cardkeep/testing/servers/shared'
import { beforeAll, expect, test, vi } from 'vitest'
import type { Reply } from './support/client.ts'
import { type Cluster, startCluster } from './support/cluster.ts'
import type { Merchant } from './support/hellgate.ts'
import { merchantAt } from './support/hellgate-scenario.ts'
import { allowProvider, codeRequired, probe } from './support/scenario.ts'
import { until } from './support/until.ts'
import { type CaptureKeyAnswer, keyOf, type Site, type SiteKeys } from './support/verifone.ts'
import { scopeOf, siteAt, startTill, type Till } from './support/verifone-scenario.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/*
 * Two vaults on one database and one place for codes: a merchant's server speaks to either, and what one of them did is so
 * at the other.
 */

const rounds = 15

describeOnBoth('two vaults', (postgres, redis) => {
  let cluster: Cluster
  let keys: SiteKeys
  let sites: readonly Site[]
  let merchants: readonly Merchant[]
  let till: Till
  let token_scope = ''
  beforeAll(async () => {
    till = await startTill()
    cluster = await startCluster({ postgres, redis, nodes: 2 })
    const [first] = cluster.shops
    if (!first) throw new Error('a cluster without nodes')
    await allowProvider(cluster, first, till.provider)
    const ofDemo = ['--tenant', 'demo']
    keys = await cluster.command<SiteKeys>('credential', 'create', ...ofDemo, '--dialect', 'verifone')
    const { api_key } = await cluster.command<{ api_key: string }>(
      ...['credential', 'create', ...ofDemo, '--dialect', 'hellgate'],
    )
    const key = keyOf(await cluster.command<CaptureKeyAnswer>('capture-key', 'create', ...ofDemo))
    const made = await cluster.command<{ token_scope: string }>('scope', 'create', ...ofDemo)
    token_scope = made.token_scope
    const place = { key, scope: await scopeOf(cluster, 'demo') }
    const { folder, nodes, shops } = cluster
    sites = nodes.map((vault) => siteAt({ folder, vault }, keys, place))
    merchants = nodes.map((vault) => merchantAt({ folder, vault }, api_key))
    const { token } = await first.tokenize({ number: testCards.visa })
    await until('all of it everywhere', async () => {
      const allowed = await Promise.all(shops.map((shop) => probe(shop, token, till.url)))
      const replies = await Promise.all(
        sites.map((site) => site.put({ number: testCards.visa }, { token_scope })),
      )
      const lists = await Promise.all(merchants.map(({ call }) => call('GET', '/tokens?limit=1')))
      return (
        allowed.every((answer) => answer === codeRequired) &&
        [...replies, ...lists].every(({ status }) => status === 200)
      )
    })
  })

  const at = (node: number): Site => {
    const site = sites[node % sites.length]
    if (!site) throw new Error('a cluster without nodes')
    return site
  }
  const merchantOf = (node: number): Merchant => {
    const merchant = merchants[node % merchants.length]
    if (!merchant) throw new Error('a cluster without nodes')
    return merchant
  }
  const tokenOf = ({ body }: Reply): string => String(body['reuse_token'])

  test(`PUTs of one new card at both at once make one token, ${rounds} times`, async () => {
    for (let round = 0; round < rounds; round++) {
      const number = loadCard(300_000 + round)
      const replies = await Promise.all(
        [0, 1, 2, 3].map((node) => at(node).put({ number, code: '123' }, { token_scope })),
      )
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      expect(new Set(replies.map(tokenOf)).size).toBe(1)
    }
  })

  test(`one ciphertext at both at once makes one token with one code, ${rounds} times`, async () => {
    for (let round = 0; round < rounds; round++) {
      const body = await at(0).putBody({ number: testCards.visa2, code: '123' })
      const replies = await Promise.all(
        [0, 1, 2, 3].map((node) => at(node).call('PUT', '/api/v2/card', { body })),
      )
      const [token = '', ...others] = new Set(replies.map(tokenOf))
      expect(others).toEqual([])
      const charges = await Promise.all(
        [0, 1].map((node) => merchantOf(node).charge({ token, url: till.url })),
      )
      expect(charges.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 422])
      // Nor does the other take it for new.
      expect(tokenOf(await at(round).call('PUT', '/api/v2/card', { body }))).toBe(token)
      for (const { isCodeHeld } of merchants) expect(await isCodeHeld(token)).toBe(false)
    }
  })

  test('what one does to a token is so at the other', async () => {
    const token = await at(0).bring({ number: testCards.visa2, code: '123' })
    expect((await at(1).get(token)).body).toMatchObject({ token_status: 'ACTIVE' })
    expect(await at(1).suspend(token)).toMatchObject({ status: 204 })
    await until('it', async () => (await at(0).get(token)).body['token_status'] === 'SUSPENDED')
    expect(await merchantOf(0).charge({ token, url: till.url })).toMatchObject({ status: 404, sent: 'no' })
    expect(await at(0).activate(token)).toMatchObject({ status: 204 })
    await until('it', async () => (await at(1).get(token)).body['token_status'] === 'ACTIVE')
    for (const { isCodeHeld } of merchants) expect(await isCodeHeld(token)).toBe(false)
    const relinked = await at(1).patchCard(token, {
      ...{ number: testCards.mastercard, month: 5, year: 2034, code: '987' },
    })
    expect(relinked).toMatchObject({ status: 200, body: { last_four: '4444' } })
    expect(await merchantOf(0).charge({ token, url: till.url })).toMatchObject({ status: 200, sent: 'yes' })
    expect(till.card()).toMatchObject({ number: testCards.mastercard, cvc: '987' })
    expect(await at(1).remove(token)).toMatchObject({ status: 204 })
    await until('its end', async () => (await at(0).get(token)).body['token_status'] === 'DELETED')
  })

  test('a capture key that one made opens at the other', async () => {
    const made = (await at(0).call('POST', '/api/v2/capture-keys')).body as unknown as CaptureKeyAnswer
    const key = keyOf(made)
    const { folder, nodes } = cluster
    const [, second] = nodes
    if (!second) throw new Error('a cluster of one')
    const other = siteAt({ folder, vault: second }, keys, { key, scope: at(0).scope })
    await until('the key', async () => (await other.put({ number: testCards.visa })).status === 200)
  })

  test('what was captured is known to a node that starts later', async () => {
    const body = await at(0).putBody({ number: testCards.visa2, code: '123' })
    const token = tokenOf(await at(0).call('PUT', '/api/v2/card', { body }))
    await merchantOf(1).call('POST', `/tokens/${token}/consume`)
    const late = siteAt({ folder: cluster.folder, vault: await cluster.addNode() }, keys, at(0))
    expect(tokenOf(await late.call('PUT', '/api/v2/card', { body }))).toBe(token)
    expect(await merchantOf(0).isCodeHeld(token)).toBe(false)
  })

  test('their logs hold together', async () => {
    expect(await cluster.command('audit', 'verify')).toMatchObject({ ok: true })
  })
})
