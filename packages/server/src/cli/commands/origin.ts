import { allowOrigin, removeOrigin } from '@cardkeep/core/operations/administration/change-origins'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'

export const originCommand = (): Command =>
  new Command('origin')
    .description("whose pages may embed the vault's fields")
    .addCommand(allow())
    .addCommand(list())
    .addCommand(remove())

interface OriginOptions {
  readonly tenant: string
  readonly origin: string
  readonly json?: true
}

const allow = (): Command =>
  new Command('allow')
    .description('allow the pages of an origin')
    .requiredOption('--tenant <tenant>', 'name or id')
    .requiredOption('--origin <origin>', 'https://HOST[:PORT]')
    .addOption(jsonOption())
    .action((options: OriginOptions) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const { origin } = orFail(
          await allowOrigin(vault.operatorPorts, operator, tenant, readOrigin(options.origin)),
        )
        out.answer({ tenant_id: tenant.id, origin, allowed: true })
      }),
    )

const list = (): Command =>
  new Command('list')
    .description('origins whose pages are allowed, oldest first')
    .option('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((options: { tenant?: string; json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const tenant =
          options.tenant === undefined ? undefined : orFail(await findTenant(vault.store, options.tenant))
        const origins = await vault.store.origins(tenant?.id)
        out.answer({
          origins: origins.map(({ tenantId, origin, createdAt }) => ({
            tenant: tenantId,
            origin,
            allowed_at: new Date(createdAt).toISOString(),
          })),
        })
      }),
    )

const remove = (): Command =>
  new Command('remove')
    .description('allow the pages of an origin no more')
    .requiredOption('--tenant <tenant>', 'name or id')
    .requiredOption('--origin <origin>', 'as `origin list` shows it')
    .addOption(jsonOption())
    .action((options: OriginOptions) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const origin = readOrigin(options.origin)
        orFail(await removeOrigin(vault.operatorPorts, operator, tenant, origin))
        out.answer({ tenant_id: tenant.id, origin, removed: true })
      }),
    )

/** As a browser spells it, for what a person may have typed: with a capital letter, or a port that goes without saying. */
const readOrigin = (text: string): string => {
  const url = URL.parse(text)
  const isBare = url?.pathname === '/' && url.search === '' && url.hash === ''
  if (!url || !isBare || url.username !== '' || url.password !== '')
    throw new CommandFailure('--origin is https://HOST[:PORT] and nothing behind it')
  return url.origin
}
