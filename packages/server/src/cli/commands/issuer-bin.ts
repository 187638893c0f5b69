import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { addIssuerBin } from '@cardkeep/core/operations/issuing/change-issuer'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'

export const issuerBinCommand = (): Command =>
  new Command('bin')
    .description('with what the numbers of issued cards begin')
    .addCommand(add())
    .addCommand(list())

const add = (): Command =>
  new Command('add')
    .description('let an issuer make numbers that begin so')
    .requiredOption('--tenant <tenant>', 'name or id')
    // Read by the operation and not by the parser, whose failure would repeat what was typed: it may be a card number.
    .requiredOption('--bin <digits>', '6 to 9 digits')
    .addOption(jsonOption())
    .action((options: { tenant: string; bin: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const { bin } = orFail(await addIssuerBin(vault.operatorPorts, operator, tenant, options.bin))
        out.answer({ tenant_id: tenant.id, bin })
      }),
    )

const list = (): Command =>
  new Command('list')
    .description('BINs, oldest first')
    .option('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((options: { tenant?: string; json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const tenant =
          options.tenant === undefined ? undefined : orFail(await findTenant(vault.store, options.tenant))
        const bins = await vault.store.issuerBins(tenant?.id)
        out.answer({
          bins: bins.map(({ tenantId, bin, createdAt }) => ({
            tenant: tenantId,
            bin,
            created_at: new Date(createdAt).toISOString(),
          })),
        })
      }),
    )
