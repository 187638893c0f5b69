import { UnavailableError } from '@cardkeep/core/errors'
import { usualIssuerSettings } from '@cardkeep/core/issuing/issuer'
import { secondMs } from '@cardkeep/core/kernel/time'
import { createTenant, demoTenantName } from '@cardkeep/core/operations/administration/create-tenant'
import { addIssuerBin, enableIssuer } from '@cardkeep/core/operations/issuing/change-issuer'
import type { Operator } from '@cardkeep/core/operations/operator'
import type { Tenant } from '@cardkeep/core/tenants/tenant'
import { Command } from 'commander'
import type { Vault } from '../../compose/open-vault.ts'
import type { ServingVault } from '../../compose/serve-vault.ts'
import { readConfig } from '../../config.ts'
import { type MintableDialect, usualPermissions } from '../../dialects/credentials.ts'
import { createLog, describeBug, type Log } from '../../log/log.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { endQuietly, withoutDebugger } from '../hardening.ts'
import { nextStopSignal, waitUnlessSignalled } from '../stop-signals.ts'
import { handOutCredential } from './credential.ts'

export const serveCommand = (): Command =>
  new Command('serve')
    .description('run the vault')
    .option('--demo', 'make a test tenant `demo` on the first start and print its credentials')
    .action(async ({ demo }: { demo?: true }) => {
      const config = readConfig()
      withoutDebugger()
      if (demo && config.database.type !== 'sqlite')
        throw new CommandFailure(
          '--demo tries the vault out in its embedded database: leave CARDKEEP_DATABASE_URL unset, or --demo away',
        )
      const log = createLog(config.logLevel, process.stdout)
      endQuietly(log)
      // All that speaks HTTP is large, and no other command needs it.
      const { openForServing, serveVault } = await import('../../compose/serve-vault.ts')
      const vault = await openForServing(config, log)
      const credentials = demo ? await makeDemo(vault) : undefined
      const serving = await serveVault(vault, log)

      void nextStopSignal().then(async (signal) => {
        log.info('vault.stopping', { signal })
        serving.announceStop()
        await waitUnlessSignalled(config.drainSeconds * secondMs)
        await stop(serving, log)
      })
      void serving.lost.then(async () => {
        log.error('vault.displaced', {})
        process.exitCode = 1
        await stop(serving, log)
      })
      void serving.outgrown.then(async () => {
        process.exitCode = 1
        await stop(serving, log)
      })

      process.stdout.write(`${banner(vault, serving)}\n${credentials ?? ''}\nReady.\n`)
      log.info('vault.started', { listens: serving.url, dialects: config.dialects.join(',') })
    })

const stop = async (serving: ServingVault, log: Log): Promise<void> => {
  try {
    await serving.stop()
    log.info('vault.stopped', {})
  } catch (error) {
    log.error(
      'vault.stop.failed',
      error instanceof UnavailableError ? { reason: error.message } : describeBug(error),
    )
    process.exitCode = 1
  }
}

const banner = ({ config, keyring }: Vault, { url, metricsUrl }: ServingVault): string =>
  [
    `Cardkeep listens on ${url}`,
    `  tokens    ${config.database.type === 'sqlite' ? `SQLite in ${config.dataFolder}` : `PostgreSQL at ${config.database.url}`}`,
    `  codes     ${config.codes.type === 'memory' ? 'memory of this process' : `Redis at ${config.codes.url}`}`,
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
  // Its cards are virtual ones, of an issuer.
  if (vault.config.dialects.includes('pismo')) await makeIssuer(vault, operator, tenant)
  const exports: string[] = []
  for (const [dialect, prefix] of Object.entries(prefixes) as [MintableDialect, string][]) {
    if (!vault.config.dialects.includes(dialect)) continue
    const wish = { dialect, permissions: usualPermissions[dialect] }
    const { shown } = await handOutCredential(vault, operator, tenant, wish)
    for (const [name, value] of Object.entries(shown))
      exports.push(`  export ${prefix}${name.toUpperCase()}=${value}`)
  }
  // Its requests name the scope that a token is for.
  if (vault.config.dialects.includes('verifone'))
    exports.push(`  export CARDKEEP_TOKEN_SCOPE=${tenant.defaultScopeId}`)
  return `\nA test tenant \`demo\` was made. Its credentials, printed this once:\n\n${exports.join('\n')}\n`
}

/** A range of numbers that schemes use for tests. */
const demoBin = '400000'

const makeIssuer = async ({ operatorPorts }: Vault, operator: Operator, tenant: Tenant): Promise<void> => {
  const wish = { settings: usualIssuerSettings, cvk: 'generate' } as const
  orFail(await enableIssuer(operatorPorts, operator, tenant, wish))
  orFail(await addIssuerBin(operatorPorts, operator, tenant, demoBin))
}

/** How the variables of a dialect's credential begin. */
const prefixes: Readonly<Record<MintableDialect, string>> = {
  ozura: 'CARDKEEP_',
  hellgate: 'CARDKEEP_HELLGATE_',
  verifone: 'CARDKEEP_VERIFONE_',
  pismo: 'CARDKEEP_PISMO_',
}
