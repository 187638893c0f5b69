import { policyLimits } from '@cardkeep/core/codes/policy'
import { createTenant } from '@cardkeep/core/operations/create-tenant'
import { findTenant } from '@cardkeep/core/operations/find-tenant'
import { setCodePolicy } from '@cardkeep/core/operations/set-code-policy'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { asInteger, asOneOf, jsonOption } from '../options.ts'

const nameForm = /^[a-z0-9][a-z0-9-]{0,62}$/

export const tenantCommand = (): Command =>
  new Command('tenant')
    .description('who uses the vault')
    .addCommand(create())
    .addCommand(list())
    .addCommand(new Command('policy').description('how long codes are held').addCommand(setPolicy()))

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
            code_policy: codePolicy
              ? `hold=${codePolicy.hold ? 'on' : 'off'} ttl=${codePolicy.ttlMs / 1000} uses=${codePolicy.uses}`
              : 'default',
          })),
        })
      }),
    )

const setPolicy = (): Command =>
  new Command('set')
    .description('set for how long and how often held codes may be used')
    .argument('<tenant>', 'its name or id')
    .requiredOption('--hold <on|off>', 'whether codes are held at all', asOneOf(['on', 'off']))
    .requiredOption('--ttl <seconds>', 'how long', asInteger(1, policyLimits.ttlMs / 1000))
    .requiredOption('--uses <n>', 'how many forwards', asInteger(1, policyLimits.uses))
    .addOption(jsonOption())
    .action((nameOrId: string, options: { hold: 'on' | 'off'; ttl: number; uses: number; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, nameOrId))
        const policy = { hold: options.hold === 'on', ttlMs: options.ttl * 1000, uses: options.uses }
        await setCodePolicy(vault.operatorPorts, operator, tenant, policy)
        out.answer({ tenant_id: tenant.id, hold: options.hold, ttl: options.ttl, uses: options.uses })
      }),
    )
