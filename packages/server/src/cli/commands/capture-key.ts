import { aliasOf, type CaptureKey } from '@cardkeep/core/captures/capture-key'
import { decodeBase32 } from '@cardkeep/core/kernel/base32'
import { type CaptureKeyId, idOfBytes } from '@cardkeep/core/kernel/ids'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import { createCaptureKey, retireCaptureKey } from '@cardkeep/core/operations/captures/change-capture-keys'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { jsonOption } from '../options.ts'

export const captureKeyCommand = (): Command =>
  new Command('capture-key')
    .description("keys for which a tenant's apps and pages encrypt cards")
    .addCommand(create())
    .addCommand(list())
    .addCommand(retire())

const create = (): Command =>
  new Command('create')
    .description('make a key')
    .requiredOption('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((options: { tenant: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const key = orFail(await createCaptureKey(vault.operatorPorts, { operator, tenant }))
        out.answer({ tenant_id: tenant.id, ...describe(key) })
      }),
    )

const list = (): Command =>
  new Command('list')
    .description('keys, oldest first; what was encrypted for a retired one opens for a while')
    .option('--tenant <tenant>', 'name or id')
    .addOption(jsonOption())
    .action((options: { tenant?: string; json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const tenant =
          options.tenant === undefined ? undefined : orFail(await findTenant(vault.store, options.tenant))
        const keys = await vault.store.captureKeys(tenant?.id)
        out.answer({
          capture_keys: keys.map((key) => {
            const { public_key, ...rest } = describe(key)
            const retired_at = key.retiredAt === undefined ? null : new Date(key.retiredAt).toISOString()
            // A key has a thousand characters, which no column has room for.
            return { tenant: key.tenantId, ...rest, retired_at, ...(options.json && { public_key }) }
          }),
        })
      }),
    )

const retire = (): Command =>
  new Command('retire')
    .description('give a key to no client any more; what was captured before opens for a quarter of an hour')
    .argument('<alias>', 'as `capture-key list` shows it')
    .addOption(jsonOption())
    .action((alias: string, options: { json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const id = readAlias(alias)
        if (!id) throw new CommandFailure(`${alias} is not the alias of a capture key`)
        orFail(await retireCaptureKey(vault.operatorPorts, operator, id))
        out.answer({ public_key_alias: alias.toLowerCase(), retired: true })
      }),
    )

/** As the API spells it: the base64 of the armored block. */
const describe = (key: CaptureKey) => ({
  public_key_alias: aliasOf(key),
  public_key: Buffer.from(key.publicKey).toString('base64'),
  created_at: new Date(key.createdAt).toISOString(),
})

const readAlias = (alias: string): CaptureKeyId | undefined => {
  const bytes = decodeBase32(alias.toLowerCase())
  return bytes?.length === 16 ? idOfBytes<CaptureKeyId>(bytes) : undefined
}
