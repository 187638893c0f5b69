import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { cleanUp } from './clean-up.ts'
import type { Merchant } from './hellgate.ts'
import { merchantAt } from './hellgate-scenario.ts'
import type { Bank } from './pismo.ts'
import { bankAt, type Enabled, enableBank } from './pismo-scenario.ts'
import { codeRequired, type Ground, probe } from './scenario.ts'
import type { Keys, Shop } from './shop.ts'
import { until } from './until.ts'
import { type CaptureKeyAnswer, keyOf, type Site, type SiteKeys } from './verifone.ts'
import { scopeOf, siteAt } from './verifone-scenario.ts'

/** What a mixed load needs of vaults that run: those of a cluster, or one. */
export interface MixedCluster extends Ground {
  readonly nodes: readonly Place[]
  readonly demoKeys: Keys
}

/** Where a vault is. */
export interface Place {
  readonly url: string
}

/** One customer of each dialect, all at one vault. */
export interface Callers extends Place {
  readonly shop: Shop
  readonly merchant: Merchant
  readonly site: Site
  readonly bank: Bank
}

export type CallersAt = (vault: Place) => Callers

/** The name of the tenant that issues cards; the others are one tenant, `demo`. */
export const issuerName = 'mixed-bank'

/** Makes credentials, a capture key and an issuer by commands. No vault need know of them yet. */
export const openCallers = async (
  cluster: MixedCluster,
): Promise<{ readonly callersAt: CallersAt; readonly issuer: Enabled }> => {
  const { command, demoKeys, folder } = cluster
  const ofDemo = ['--tenant', 'demo']
  const [{ api_key: apiKey }, siteKeys, captureKey, scope, issuer] = await Promise.all([
    command<{ api_key: string }>('credential', 'create', ...ofDemo, '--dialect', 'hellgate'),
    command<SiteKeys>('credential', 'create', ...ofDemo, '--dialect', 'verifone'),
    command<CaptureKeyAnswer>('capture-key', 'create', ...ofDemo),
    scopeOf(cluster, 'demo'),
    enableBank(cluster, issuerName),
  ])
  const known = new Map<string, Callers>()
  const make = (vault: Place): Callers => ({
    url: vault.url,
    shop: cluster.shopAt(vault, demoKeys),
    merchant: merchantAt({ folder, vault }, apiKey),
    site: siteAt({ folder, vault }, siteKeys, { key: keyOf(captureKey), scope }),
    bank: bankAt({ folder, vault }, issuer.keys),
  })
  const callersAt: CallersAt = (vault) => {
    const callers = known.get(vault.url) ?? make(vault)
    known.set(vault.url, callers)
    return callers
  }
  return { callersAt, issuer }
}

/** Waits until a vault serves each of them, and sends where they want to. */
export const untilKnown = async (callers: Callers, taker: Taker): Promise<void> => {
  const { shop, merchant, site, bank } = callers
  const { token } = await shop.tokenize({ number: loadCard(0) })
  await until(
    'customers of all dialects',
    async () => {
      const replies = await Promise.all([
        merchant.call('GET', '/tokens?limit=1'),
        site.put({ number: loadCard(0) }),
        bank.exchange(),
      ])
      const isServed = replies.every(({ status }) => status === 200)
      return isServed && (await probe(shop, token, taker.urlOf(0, callers))) === codeRequired
    },
    30_000,
  )
}

/** A provider that counts what it was sent. Numbers and codes stay in memory. */
export interface Taker {
  readonly provider: Provider
  /** Where a charge of this number goes, and through which vault where that matters. */
  readonly urlOf: (charge: number, vault?: Place) => string
  /** How often each charge came. */
  readonly charges: ReadonlyMap<number, number>
  /** How often each code came with its card. */
  readonly codes: ReadonlyMap<string, number>
  /** How many codes came through a vault with charges that are not answered yet. */
  readonly codesUnderWay: (vault: Place) => number
  /** From now on no charge with a code is answered, until what this answers is called. */
  readonly pause: () => () => void
}

/** As long as a quick provider takes. */
const answersAfterMs = 10

export const startTaker = async (): Promise<Taker> => {
  const charges = new Map<number, number>()
  const codes = new Map<string, number>()
  const underWay = new Set<{ readonly vault: string }>()
  let paused = Promise.resolve()
  const provider = await startProvider({
    answers: {
      '/taken': ({ path, body }, response) => {
        const { searchParams } = new URL(path, 'https://provider.invalid')
        const { card } = JSON.parse(body.toString()) as { readonly card: { number: string; cvc?: string } }
        count(charges, Number(searchParams.get('charge')))
        const answerSoon = (): unknown =>
          setTimeout(() => answer(response, 200, 'application/json', '{"taken":true}'), answersAfterMs)
        if (card.cvc === undefined) return void answerSoon()
        count(codes, `${card.number} ${card.cvc}`)
        const one = { vault: searchParams.get('vault') ?? '' }
        underWay.add(one)
        response.on('close', () => underWay.delete(one))
        void paused.then(answerSoon)
      },
    },
  })
  cleanUp(() => provider.close())
  return {
    provider,
    urlOf: (charge, vault) =>
      `${provider.origin}/taken?charge=${charge}&vault=${vault ? new URL(vault.url).port : ''}`,
    charges,
    codes,
    codesUnderWay: ({ url }) => [...underWay].filter(({ vault }) => vault === new URL(url).port).length,
    pause: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      paused = promise
      return resolve
    },
  }
}

const count = <Key>(counts: Map<Key, number>, key: Key): void =>
  void counts.set(key, (counts.get(key) ?? 0) + 1)

/** Lets the demo tenant send there. */
export const allowTaker = async ({ command, folder }: MixedCluster, { provider }: Taker): Promise<void> => {
  const ca = join(folder, `ca-${provider.port}.pem`)
  writeFileSync(ca, provider.caPem)
  const words = ['--tenant', 'demo', '--origin', provider.origin, '--ca', ca, '--private']
  await command('destination', 'allow', ...words)
}
