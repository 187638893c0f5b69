import { type CodePolicy, defaultPolicies, policyLimits } from '@cardkeep/core/codes/policy'
import { secondMs } from '@cardkeep/core/kernel/time'
import { createTenant } from '@cardkeep/core/operations/administration/create-tenant'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { setCodePolicy } from '@cardkeep/core/operations/codes/set-code-policy'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { asInteger, asOneOf, asOrigins, jsonOption } from '../options.ts'

const nameForm = /^[a-z0-9][a-z0-9-]{0,62}$/

export const tenantCommand = (): Command =>
  new Command('tenant')
    .description('who uses the vault')
    .addCommand(create())
    .addCommand(list())
    .addCommand(policy())

const create = (): Command =>
  new Command('create')
    .description('make a tenant with a scope and keys of its own')
    .argument('<name>', 'lower-case letters, digits and dashes')
    .option('--live', 'for real cards; without it the tenant is for tests')
    .option('--dedupe', 'answer a card number that is known with the token it has')
    .addOption(jsonOption())
    .action(async (name: string, options: { live?: true; dedupe?: true; json?: true }) => {
      if (!nameForm.test(name))
        throw new CommandFailure('a name has 1 to 63 lower-case letters, digits and dashes')
      await withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(
          await createTenant(vault.operatorPorts, operator, {
            name,
            environment: options.live ? 'live' : 'test',
            deduplicates: options.dedupe ?? false,
          }),
        )
        out.answer({
          tenant_id: tenant.id,
          name,
          environment: tenant.environment,
          token_scope: tenant.defaultScopeId,
        })
      })
    })

const list = (): Command =>
  new Command('list')
    .description('all tenants')
    .addOption(jsonOption())
    .action((options: { json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const tenants = await vault.store.tenants()
        out.answer({
          tenants: tenants.map(({ id, name, environment, defaultScopeId, codePolicy }) => ({
            tenant_id: id,
            name,
            environment,
            token_scope: defaultScopeId,
            code_policy: codePolicy ? spellPolicy(codePolicy) : 'default',
          })),
        })
      }),
    )

const policy = (): Command =>
  new Command('policy')
    .description('for how long, how often and where held codes may be used')
    .addCommand(setPolicy())
    .addCommand(showPolicy())
    .addCommand(resetPolicy())

interface SetOptions {
  readonly hold: 'on' | 'off'
  readonly ttl: number
  readonly uses: number
  readonly destinations?: readonly string[]
  readonly json?: true
}

const setPolicy = (): Command =>
  new Command('set')
    .description('set it for codes that are held from now on')
    .argument('<tenant>', 'its name or id')
    .requiredOption('--hold <on|off>', 'whether codes are held at all', asOneOf(['on', 'off']))
    .requiredOption('--ttl <seconds>', 'how long', asInteger(1, policyLimits.ttlMs / secondMs))
    .requiredOption('--uses <n>', 'how many forwards', asInteger(1, policyLimits.uses))
    .option(
      '--destinations <origins>',
      'where to, with commas; without it wherever the tenant may send',
      asOrigins(policyLimits.destinations),
    )
    .addOption(jsonOption())
    .action((nameOrId: string, options: SetOptions) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, nameOrId))
        const wished: CodePolicy = {
          hold: options.hold === 'on',
          ttlMs: options.ttl * secondMs,
          uses: options.uses,
          destinations: options.destinations,
        }
        orFail(await setCodePolicy(vault.operatorPorts, operator, tenant, wished))
        out.answer({ tenant_id: tenant.id, ...layOut(wished) })
      }),
    )

const showPolicy = (): Command =>
  new Command('show')
    .description('the policy of a tenant, for each dialect')
    .argument('<tenant>', 'its name or id')
    .addOption(jsonOption())
    .action((nameOrId: string, options: { json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const tenant = orFail(await findTenant(vault.store, nameOrId))
        out.answer({
          tenant_id: tenant.id,
          code_policy: tenant.codePolicy ? 'own' : 'default',
          policies: Object.entries(defaultPolicies).map(([dialect, byDefault]) => ({
            dialect,
            ...layOut(tenant.codePolicy ?? byDefault),
          })),
        })
      }),
    )

const resetPolicy = (): Command =>
  new Command('reset')
    .description('go back to the default of each dialect')
    .argument('<tenant>', 'its name or id')
    .addOption(jsonOption())
    .action((nameOrId: string, options: { json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, nameOrId))
        orFail(await setCodePolicy(vault.operatorPorts, operator, tenant, undefined))
        out.answer({ tenant_id: tenant.id, code_policy: 'default' })
      }),
    )

const layOut = ({ hold, ttlMs, uses, destinations }: CodePolicy) => ({
  hold: hold ? 'on' : 'off',
  ttl: ttlMs / secondMs,
  uses,
  ...(destinations ? { destinations } : {}),
})

const spellPolicy = (codePolicy: CodePolicy): string =>
  Object.entries(layOut(codePolicy))
    .map(([setting, value]) => `${setting}=${String(value)}`)
    .join(' ')
