import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Provider, startProvider } from '../provider/provider.ts'
import { runCommand, startVault, type VaultOptions } from '../vault-process.ts'
import { createPayments } from './payments.ts'
import { startShop } from './shop/server.ts'

export interface Demo {
  readonly shopUrl: string
  readonly vaultUrl: string
  stop(): Promise<void>
}

/** A vault, a provider and a shop, each with an origin of its own. All that they write stands below the folder. */
export const startDemo = async (folder: string): Promise<Demo> => {
  const ends: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end()
  }
  try {
    return { ...(await start({ folder }, ends)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const start = async (
  options: VaultOptions,
  ends: (() => Promise<unknown>)[],
): Promise<Omit<Demo, 'stop'>> => {
  const vault = await startVault(options)
  ends.push(vault.stop)
  const payments = createPayments()
  const provider = await startProvider({ answers: { '/v1/payments': payments.behaviour } })
  ends.push(provider.close)

  const apiKey = await prepareTenant(options, provider)
  const shop = await startShop({
    vaultUrl: vault.url,
    apiKey,
    providerUrl: `${provider.origin}/v1/payments`,
    receivedFor: payments.receivedFor,
  })
  ends.push(shop.close)
  await runCommand(options, 'origin', 'allow', ...tenant, '--origin', shop.url)
  return { shopUrl: shop.url, vaultUrl: vault.url }
}

const tenant = ['--tenant', 'lampyris']

/** What an operator does once for a merchant; answers the merchant's API key. */
const prepareTenant = async (options: VaultOptions, { origin, caPem }: Provider): Promise<string> => {
  await runCommand(options, 'tenant', 'create', 'lampyris')
  const authority = join(options.folder, 'provider-ca.pem')
  writeFileSync(authority, caPem)
  const charges = ['--origin', origin, '--path', '/v1', '--method', 'POST', '--ca', authority, '--private']
  await runCommand(options, 'destination', 'allow', ...tenant, ...charges)
  const credential = ['credential', 'create', ...tenant, '--dialect', 'hellgate']
  const { api_key: apiKey } = await runCommand<{ readonly api_key: string }>(options, ...credential)
  return apiKey
}
