import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { rotateAccessKey } from '@cardkeep/core/operations/issuing/change-access-keys'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'

export const rotateAccessKeyCommand = (): Command =>
  new Command('rotate-access-key')
    .description('sign access tokens with a new key; those of the one before are good until they end')
    .requiredOption('--tenant <tenant>', 'name or id')
    .option('--now', 'what pairs before it signed is no good any more, from this moment')
    .addOption(jsonOption())
    .action((options: { tenant: string; now?: true; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const endsAtOnce = options.now === true
        const key = orFail(await rotateAccessKey(vault.operatorPorts, operator, tenant, { endsAtOnce }))
        out.answer({
          tenant_id: tenant.id,
          kid: key.id,
          created_at: new Date(key.createdAt).toISOString(),
        })
      }),
    )
