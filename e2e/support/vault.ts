import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Provider } from '@cardkeep/testing/provider/provider'
import { runCommand, startVault, type VaultOptions } from '@cardkeep/testing/vault-process'
import { makeWorkspace } from '@cardkeep/testing/workspace'
import { Agent } from 'undici'
import { ownBackends } from '../../scenarios/support/backends.ts'
import { cleanUp } from '../../scenarios/support/clean-up.ts'
import { createMerchant, type Merchant } from '../../scenarios/support/hellgate.ts'
import { identity } from './identity.ts'

export interface WebVaultOptions {
  /** Whose pages may embed the vault's fields. */
  readonly origins?: readonly string[]
  /** To whom the tenant may forward. */
  readonly provider?: Provider | undefined
  readonly settings?: Readonly<Record<string, string>>
}

/** A vault that serves TLS, as pages and a merchant's server see it. */
export interface WebVault {
  /** `https://vault.test:PORT`, for pages. */
  readonly origin: string
  readonly folder: string
  /** The server of the tenant `shop`, which has its key. */
  readonly merchant: Merchant
  readonly apiKey: string
  /** Runs a command of the operator with `--json`. */
  readonly command: <Answer = Record<string, unknown>>(...words: readonly string[]) => Promise<Answer>
}

/** Starts one with a tenant called `shop`, prepared before it runs, so that nothing has to be waited for. */
export const startWebVault = async ({
  origins = [],
  provider,
  settings = {},
}: WebVaultOptions = {}): Promise<WebVault> => {
  const { path: folder } = makeWorkspace()
  const options: VaultOptions = {
    folder,
    settings: { ...ownBackends(settings), ...writeIdentity(folder), ...settings },
  }
  const command: WebVault['command'] = (...words) => runCommand(options, ...words)
  await command('tenant', 'create', 'shop')
  const [{ api_key: apiKey }] = await Promise.all([
    command<{ readonly api_key: string }>(
      'credential',
      'create',
      '--tenant',
      'shop',
      '--dialect',
      'hellgate',
    ),
    ...origins.map((origin) => command('origin', 'allow', '--tenant', 'shop', '--origin', origin)),
    provider && allowProvider(command, folder, provider),
  ])

  const vault = await startVault(options)
  cleanUp(() => vault.kill())
  const dispatcher = new Agent({ connect: { ca: identity.caPem } })
  cleanUp(() => dispatcher.close())
  const record = join(folder, 'replies.txt')
  return {
    origin: `https://vault.test:${new URL(vault.url).port}`,
    folder,
    merchant: createMerchant({ url: vault.url, record, dispatcher }, apiKey),
    apiKey,
    command,
  }
}

const writeIdentity = (folder: string): Readonly<Record<string, string>> => {
  const files = {
    CARDKEEP_TLS_CERT: join(folder, 'vault.pem'),
    CARDKEEP_TLS_KEY: join(folder, 'vault.key'),
  }
  writeFileSync(files.CARDKEEP_TLS_CERT, identity.certificate)
  writeFileSync(files.CARDKEEP_TLS_KEY, identity.key, { mode: 0o600 })
  return files
}

const allowProvider = async (
  command: WebVault['command'],
  folder: string,
  { origin, caPem }: Provider,
): Promise<void> => {
  const ca = join(folder, 'provider.pem')
  writeFileSync(ca, caPem)
  await command('destination', 'allow', '--tenant', 'shop', '--origin', origin, '--ca', ca, '--private')
}
