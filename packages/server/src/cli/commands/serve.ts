import { createTenant, demoTenantName } from '@cardkeep/core/operations/create-tenant'
import type { Operator } from '@cardkeep/core/operations/operator'
import { Command } from 'commander'
import { openVault, type Vault } from '../../compose/open-vault.ts'
import { type ServingVault, serveVault } from '../../compose/serve-vault.ts'
import { readConfig } from '../../config.ts'
import { createLog } from '../../log/log.ts'
import { orFail } from '../failure.ts'
import { endQuietly, withoutDebugger } from '../hardening.ts'
import { handOutCredential } from './credential.ts'

export const serveCommand = (): Command =>
  new Command('serve')
    .description('run the vault')
    .option('--demo', 'make a test tenant `demo` on the first start and print its credentials')
    .action(async ({ demo }: { demo?: true }) => {
      const config = readConfig()
      withoutDebugger()
      const vault = await openVault(config)
      const log = createLog(config.logLevel, process.stdout)
      endQuietly(log)
      const credentials = demo ? await makeDemo(vault) : undefined
      const serving = await serveVault(vault, log)

      const stop = (signal: string): void => {
        log.info('vault.stopping', { signal })
        serving.stop().then(
          () => log.info('vault.stopped', {}),
          () => {
            process.exitCode = 1
          },
        )
      }
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal))

      process.stdout.write(`${banner(vault, serving)}\n${credentials ?? ''}\nReady.\n`)
      log.info('vault.started', { listens: serving.url, dialects: config.dialects.join(',') })
    })

const banner = ({ config, keyring }: Vault, { url, metricsUrl }: ServingVault): string =>
  [
    `Cardkeep listens on ${url}`,
    `  tokens    SQLite in ${config.dataFolder}`,
    '  codes     memory of this process',
    `  root key  ${config.rootKeyFile}`,
    `  keys      ${keyring.list().length}`,
    `  dialects  ${config.dialects.join(', ')}`,
    ...(metricsUrl === undefined ? [] : [`  metrics   ${metricsUrl}`]),
  ].join('\n')

/** A tenant to try the vault with. Beside a live tenant it is never made, and it loses its credentials to the first one. */
const makeDemo = async (vault: Vault): Promise<string | undefined> => {
  const operator: Operator = { name: 'serve --demo' }
  const tenants = await vault.store.tenants()
  if (tenants.some(({ environment }) => environment === 'live')) return undefined
  if (tenants.some(({ name }) => name === demoTenantName))
    return '\nThe tenant `demo` is there; its credentials were printed when it was made.\nAnother one: npm run -s cardkeep -- credential create --tenant demo --dialect ozura\n'
  const tenant = orFail(
    await createTenant(vault.operatorPorts, operator, {
      name: demoTenantName,
      environment: 'test',
      deduplicates: false,
    }),
  )
  const { shown } = await handOutCredential(vault, operator, tenant, {
    dialect: 'ozura',
    permissions: ['tokenize', 'forward'],
  })
  const exports = Object.entries(shown).map(
    ([name, value]) => `  export CARDKEEP_${name.toUpperCase()}=${value}`,
  )
  return `\nA test tenant \`demo\` was made. Its credentials, printed this once:\n\n${exports.join('\n')}\n`
}
