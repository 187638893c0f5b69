import {
  type Issuer,
  type IssuerSettings,
  issuerLimits,
  type RotationEventType,
  rotationEventTypes,
  usualIssuerSettings,
} from '@cardkeep/core/issuing/issuer'
import { secondMs } from '@cardkeep/core/kernel/time'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import {
  changeIssuer,
  type EnableIssuer,
  enableIssuer,
} from '@cardkeep/core/operations/issuing/change-issuer'
import type { Environment } from '@cardkeep/core/tenants/tenant'
import { Command } from 'commander'
import { type CommandContext, withVault } from '../context.ts'
import { readComponents } from '../cvk-file.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { asInteger, asOneOf, jsonOption } from '../options.ts'
import { rotateAccessKeyCommand } from './issuer-access-key.ts'
import { issuerBinCommand } from './issuer-bin.ts'
import { issuerCvkCommand } from './issuer-cvk.ts'
import { rotateDueCommand } from './issuer-rotate.ts'
import { scheduleCommand } from './issuer-schedule.ts'

export const issuerCommand = (): Command =>
  new Command('issuer')
    .description('tenants that issue virtual cards')
    .addCommand(enable())
    .addCommand(set())
    .addCommand(list())
    .addCommand(issuerBinCommand())
    .addCommand(issuerCvkCommand())
    .addCommand(rotateAccessKeyCommand())
    .addCommand(rotateDueCommand())
    .addCommand(scheduleCommand())

interface SettingOptions {
  readonly grace?: number
  readonly jitter?: number
  readonly pciDelay?: number
  readonly eventType?: RotationEventType
}

interface EnableOptions extends SettingOptions {
  readonly tenant: string
  readonly cvk?: string
  readonly generateCvk?: true
  readonly json?: true
}

const enable = (): Command =>
  withSettings(new Command('enable'))
    .description('make a tenant an issuer, with keys of its own')
    .requiredOption('--tenant <tenant>', 'name or id')
    .option(
      '--cvk <file>',
      'all components of its card verification keys, for a test tenant; - is standard input',
    )
    .option('--generate-cvk', 'make card verification keys that nobody sees')
    .addOption(jsonOption())
    .action((options: EnableOptions) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const settings = { ...usualIssuerSettings, ...readSettings(options) }
        const wish = { settings, cvk: readCvk(options, tenant.environment) }
        const issuer = orFail(await enableIssuer(vault.operatorPorts, operator, tenant, wish))
        out.answer({ tenant_id: tenant.id, cvk_check_values: issuer.cvk?.checkValues ?? null })
        if (!issuer.cvk)
          out.say('its custodians bring the keys, one component each: `issuer cvk add-component`')
      }),
    )

const set = (): Command =>
  withSettings(new Command('set'))
    .description('change settings of an issuer; a vault that runs follows within a second')
    .requiredOption('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((options: SettingOptions & { tenant: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const settings = readSettings(options)
        if (Object.keys(settings).length === 0)
          throw new CommandFailure('one of --grace, --jitter, --pci-delay and --event-type at least')
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const issuer = orFail(await changeIssuer(vault.operatorPorts, operator, tenant, settings))
        out.answer({ tenant_id: tenant.id, ...spellSettings(issuer.settings) })
      }),
    )

const list = (): Command =>
  new Command('list')
    .description('issuers, oldest first, and what each lacks')
    .addOption(jsonOption())
    .action((options: { json?: true }) =>
      withVault(options, async (context) => {
        const { vault, out } = context
        const issuers = await vault.store.issuers()
        out.answer({ issuers: await Promise.all(issuers.map((issuer) => describe(context, issuer))) })
      }),
    )

const describe = async ({ vault: { store } }: CommandContext, issuer: Issuer) => {
  const { tenantId, cvk, settings, createdAt } = issuer
  const [tenant, bins, components] = await Promise.all([
    store.tenant(tenantId),
    store.issuerBins(tenantId),
    store.cvkComponents(tenantId),
  ])
  return {
    tenant: tenantId,
    name: tenant?.name ?? null,
    bins: bins.map(({ bin }) => bin),
    cvk_check_values: cvk?.checkValues ?? null,
    cvk_components: cvk ? null : `${components.length} of ${issuer.componentsExpected ?? '?'}`,
    ...spellSettings(settings),
    created_at: new Date(createdAt).toISOString(),
  }
}

const withSettings = (command: Command): Command =>
  command
    .option('--grace <seconds>', 'for how long the CVV before is still taken', secondsUpTo('graceMs'))
    .option('--jitter <seconds>', 'over how long what is due at one time is spread', secondsUpTo('jitterMs'))
    .option('--pci-delay <seconds>', 'for how long a new card has no PCI data yet', secondsUpTo('pciDelayMs'))
    .option('--event-type <type>', 'how its events are called', asOneOf(rotationEventTypes))

const secondsUpTo = (limit: 'graceMs' | 'jitterMs' | 'pciDelayMs') =>
  asInteger(0, issuerLimits[limit] / secondMs)

const readSettings = ({ grace, jitter, pciDelay, eventType }: SettingOptions): Partial<IssuerSettings> => ({
  ...(grace !== undefined && { graceMs: grace * secondMs }),
  ...(jitter !== undefined && { jitterMs: jitter * secondMs }),
  ...(pciDelay !== undefined && { pciDelayMs: pciDelay * secondMs }),
  ...(eventType !== undefined && { eventType }),
})

const spellSettings = ({ eventType, graceMs, jitterMs, pciDelayMs }: IssuerSettings) => ({
  event_type: eventType,
  grace_seconds: graceMs / secondMs,
  jitter_seconds: jitterMs / secondMs,
  pci_delay_seconds: pciDelayMs / secondMs,
})

const readCvk = ({ cvk, generateCvk }: EnableOptions, environment: Environment): EnableIssuer['cvk'] => {
  if (cvk !== undefined && generateCvk) throw new CommandFailure('either --cvk or --generate-cvk')
  if (generateCvk) return 'generate'
  if (cvk !== undefined) return readComponents(cvk)
  if (environment === 'test') throw new CommandFailure('a test tenant needs --cvk or --generate-cvk')
  return 'later'
}
