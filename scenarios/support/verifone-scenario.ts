import { join } from 'node:path'
import { loadCard } from '@cardkeep/testing/canary/cards'
import { answer } from '@cardkeep/testing/provider/behaviours'
import { type Provider, startProvider } from '@cardkeep/testing/provider/provider'
import { cleanUp } from './clean-up.ts'
import type { Json, Reply } from './client.ts'
import type { Scenario } from './scenario.ts'
import type { Shop } from './shop.ts'
import { until } from './until.ts'
import {
  type CaptureKey,
  type CaptureKeyAnswer,
  createSite,
  keyOf,
  type Site,
  type SiteKeys,
} from './verifone.ts'

type Ground = Pick<Scenario, 'command' | 'folder' | 'vault'>

export interface OpenedSite extends Site {
  readonly keys: SiteKeys
}

/** A credential and a capture key of a tenant that exists, and its caller, once the running vault knows both. */
export const openSite = async (
  scenario: Ground,
  tenant = 'demo',
  words: readonly string[] = [],
): Promise<OpenedSite> => {
  const [keys, scope] = await Promise.all([
    scenario.command<SiteKeys>('credential', 'create', '--tenant', tenant, '--dialect', 'verifone', ...words),
    scopeOf(scenario, tenant),
  ])
  const bare = siteAt(scenario, keys, { key: { alias: '', armored: '' }, scope })
  const made = await until('a new credential', async () => {
    const { status, body } = await bare.call('POST', '/api/v2/capture-keys')
    return status === 200 && (body as unknown as CaptureKeyAnswer)
  })
  const site = siteAt(scenario, keys, { key: keyOf(made), scope })
  return { ...site, keys }
}

export const siteAt = (
  { folder, vault }: { readonly folder: string; readonly vault: { readonly url: string } },
  keys: SiteKeys,
  place: { readonly key: CaptureKey; readonly scope: string },
): Site => createSite({ url: vault.url, record: join(folder, 'replies.txt') }, keys, place)

/** The scope that a tenant was made with. */
export const scopeOf = async ({ command }: Pick<Scenario, 'command'>, tenant: string): Promise<string> => {
  const { tenants } = await command<{ tenants: { name: string; token_scope: string }[] }>('tenant', 'list')
  const found = tenants.find(({ name }) => name === tenant)
  if (!found) throw new Error(`there is no tenant ${tenant}`)
  return found.token_scope
}

/** A charge through Ozura's proxy that names no session: the code is the one that the token itself has. */
export const chargeByProxy = (
  { call }: Pick<Shop, 'call'>,
  {
    token,
    url,
    withCode = true,
  }: { readonly token: string; readonly url: string; readonly withCode?: boolean },
): Promise<Reply> =>
  call('POST', '/proxy/transaction', {
    body: {
      token,
      proxy_url: url,
      request_data: {
        card: {
          number: '${cardNumber}',
          exp_month: '${expirationMonth}',
          exp_year: '${expirationYear}',
          ...(withCode && { cvc: '${cvv}' }),
        },
      },
    },
  })

/** What is wrong with a request, by the path of the field; empty where nothing is. */
export const faultsOf = ({ body }: Reply): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries((body['details'] ?? {}) as Readonly<Record<string, { readonly message: string }>>).map(
      ([path, { message }]) => [path, message],
    ),
  )

/** Which fields are said to be wrong, in order of their names. */
export const namedIn = (reply: Reply): readonly string[] => Object.keys(faultsOf(reply)).toSorted()

export interface Till {
  readonly provider: Provider
  /** Keeps the body of what it is sent. */
  readonly url: string
  /** The bodies, in memory only. */
  readonly bodies: readonly Json[]
  /** The card in the body that came last. */
  readonly card: () => Json
}

/** A provider that remembers what it was sent. */
export const startTill = async (): Promise<Till> => {
  const bodies: Json[] = []
  const provider = await startProvider({
    answers: {
      '/capture': ({ body }, response) => {
        bodies.push(JSON.parse(body.toString()) as Json)
        answer(response, 200, 'application/json', '{"taken":true}')
      },
    },
  })
  cleanUp(() => provider.close())
  return {
    provider,
    url: `${provider.origin}/capture`,
    bodies,
    card: () => (bodies.at(-1)?.['card'] ?? {}) as Json,
  }
}

/** One more scope of a site's tenant, which knows its cards again unless told otherwise, once the running vault knows it. */
export const openScope = async (
  { command }: Pick<Scenario, 'command'>,
  site: Site,
  tenant = 'demo',
  words: readonly string[] = [],
): Promise<string> => {
  const { token_scope } = await command<{ token_scope: string }>(
    'scope',
    'create',
    '--tenant',
    tenant,
    ...words,
  )
  await until('a scope', async () => (await site.put(probeCard, { token_scope })).status === 200)
  return token_scope
}

/** A number that no test of this API brings. */
const probeCard = { number: loadCard(99_999_999), month: 12, year: 2030 }
