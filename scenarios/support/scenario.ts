import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadCard } from '@cardkeep/testing/canary/cards'
import type { Provider } from '@cardkeep/testing/provider/provider'
import { runCommand, startVault, type VaultOptions, type VaultProcess } from '@cardkeep/testing/vault-process'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { isOnSqlite, ownBackends } from './backends.ts'
import { cleanUp } from './clean-up.ts'
import { createShop, type Keys, type Shop } from './shop.ts'
import { until } from './until.ts'

/** A folder for one vault: its database, root key, log, and all that was replied. */
export interface Ground {
  readonly folder: string
  readonly options: VaultOptions
  /** Starts the vault, with more settings if given; the end of the file kills what still runs. */
  readonly start: (more?: Readonly<Record<string, string>>) => Promise<VaultProcess>
  /** Runs a command of the operator with `--json`. */
  readonly command: <Answer = Record<string, unknown>>(...words: readonly string[]) => Promise<Answer>
  readonly shopAt: (vault: Pick<VaultProcess, 'url'>, keys: Keys) => Shop
}

/**
 * Scenarios start some hundred processes. What each would compile anew is kept here, away from the folders that are
 * searched for card numbers: the program's own list of test numbers is in it.
 */
const compiled = fileURLToPath(new URL('../../node_modules/.cache/scenarios', import.meta.url))

export const makeGround = (
  settings: Readonly<Record<string, string>> = {},
  { hasDemo = false }: { readonly hasDemo?: boolean } = {},
): Ground => {
  const ground = groundAt(makeWorkspace().path, { ...ownBackends(settings), ...settings })
  if (isOnSqlite || hasDemo) return ground
  let isNew = true
  return {
    ...ground,
    start: async (more) => {
      const printed = isNew ? await makeDemo(ground.options) : undefined
      isNew = false
      const vault = await ground.start(more)
      return { ...vault, printed: printed ?? vault.printed }
    },
  }
}

/** The same with these settings and no others. */
export const groundAt = (folder: string, settings: Readonly<Record<string, string>>): Ground => {
  const options: VaultOptions = {
    folder,
    // Only the embedded database is offered a demo.
    demo: !('CARDKEEP_DATABASE_URL' in settings),
    settings: { NODE_COMPILE_CACHE: compiled, ...settings },
  }
  return {
    folder,
    options,
    start: async (more) => {
      const vault = await startVault({ ...options, settings: { ...options.settings, ...more } })
      cleanUp(() => vault.kill())
      return vault
    },
    command: (...words) => runCommand(options, ...words),
    shopAt: ({ url }, keys) => createShop({ url, record: join(folder, 'replies.txt') }, keys),
  }
}

/** The tenant that `serve --demo` makes, by commands; answers what it would have printed. */
export const makeDemo = async (options: VaultOptions): Promise<VaultProcess['printed']> => {
  await runCommand(options, 'tenant', 'create', 'demo')
  const words = ['credential', 'create', '--tenant', 'demo', '--dialect', 'ozura']
  const { api_key, pub_key } = await runCommand<Keys>(options, ...words)
  return { CARDKEEP_API_KEY: api_key, ...(pub_key !== undefined && { CARDKEEP_PUB_KEY: pub_key }) }
}

/** A vault that runs, and its demo tenant. */
export interface Scenario extends Ground {
  readonly vault: VaultProcess
  readonly demo: Shop
  readonly demoKeys: Keys
}

export const startScenario = (settings?: Readonly<Record<string, string>>): Promise<Scenario> =>
  runScenario(makeGround(settings))

/** The same on a ground that was prepared. */
export const runScenario = async (ground: Ground): Promise<Scenario> => {
  const vault = await ground.start()
  const demoKeys = keysPrintedBy(vault)
  return { ...ground, vault, demoKeys, demo: ground.shopAt(vault, demoKeys) }
}

export const keysPrintedBy = ({ printed }: VaultProcess): Keys => ({
  api_key: printed['CARDKEEP_API_KEY'] ?? '',
  pub_key: printed['CARDKEEP_PUB_KEY'] ?? '',
})

/** Lets a tenant send to a provider, and waits until the running vault has noticed. */
export const allowProvider = async (
  ground: Ground,
  shop: Shop,
  provider: Provider,
  tenant = 'demo',
): Promise<void> => {
  const ca = join(ground.folder, `ca-${provider.port}.pem`)
  writeFileSync(ca, provider.caPem)
  await allowOrigin(ground, shop, provider.origin, ['--tenant', tenant, '--ca', ca, '--private'])
}

/** Allows the origin of a URL, with these words besides, and waits until the URL itself is allowed. */
export const allowOrigin = async (
  { command }: Ground,
  shop: Shop,
  url: string,
  words: readonly string[],
): Promise<void> => {
  await command('destination', 'allow', '--origin', new URL(url).origin, ...words)
  const { token } = await shop.tokenize({ number: loadCard(0) })
  await until('a destination', async () => (await probe(shop, token, url)) !== 'Invalid proxy URL')
}

/** A forward that is refused whatever happens, because it wants a code and none is held: nothing is sent by it. */
export const probe = async (shop: Shop, token: string, url: string): Promise<unknown> => {
  const reply = await shop.call('POST', '/proxy/transaction', {
    body: { token, proxy_url: url, request_data: { number: '${cardNumber}', code: '${cvv}' } },
  })
  return reply.body['message']
}

export const codeRequired = 'Missing required field: cvc_session_id'

export interface OpenedShop extends Shop {
  readonly keys: Keys & { readonly credential_id: string }
  readonly scope: string
}

/** A tenant with a credential, made while the vault runs. A live one ends the demo. */
export const openShop = async (
  { command, shopAt, vault }: Scenario,
  name: string,
  words: readonly string[] = [],
): Promise<OpenedShop> => {
  const { token_scope: scope } = await command<{ token_scope: string }>('tenant', 'create', name, ...words)
  const keys = await command<Keys & { credential_id: string }>(
    'credential',
    'create',
    '--tenant',
    name,
    '--dialect',
    'ozura',
  )
  return { ...shopAt(vault, keys), keys, scope }
}
