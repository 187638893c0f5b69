import { parseId, type ScopeId } from '@cardkeep/core/kernel/ids'
import { createScope, linkScope } from '@cardkeep/core/operations/create-scope'
import { findTenant } from '@cardkeep/core/operations/find-tenant'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'

export const scopeCommand = (): Command =>
  new Command('scope').description('where tokens are valid').addCommand(create()).addCommand(link())

const create = (): Command =>
  new Command('create')
    .description('make a scope and link it to a tenant')
    .requiredOption('--tenant <tenant>', 'name or id')
    .option('--no-dedupe', 'give out a new token for every card, known or not')
    .addOption(jsonOption())
    .action((options: { tenant: string; dedupe: boolean; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const scope = orFail(await createScope(vault.operatorPorts, operator, tenant, options.dedupe))
        out.answer({
          token_scope: scope.id,
          deduplicates: scope.deduplicates,
          environment: scope.environment,
        })
      }),
    )

const link = (): Command =>
  new Command('link')
    .description("let another tenant use a scope's tokens")
    .argument('<id>', 'the token_scope')
    .requiredOption('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((text: string, options: { tenant: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const scopeId = parseId<ScopeId>(text)
        if (!scopeId) throw new CommandFailure('a scope id is a UUID')
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        orFail(await linkScope(vault.operatorPorts, operator, scopeId, tenant))
        out.answer({ token_scope: scopeId, tenant_id: tenant.id, linked: true })
      }),
    )
