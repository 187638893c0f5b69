import { type CredentialId, parseId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import {
  createCredential,
  enableCredential,
  revokeCredential,
} from '@cardkeep/core/operations/change-credentials'
import { findTenant } from '@cardkeep/core/operations/find-tenant'
import type { Operator } from '@cardkeep/core/operations/operator'
import { isIdle, userOf } from '@cardkeep/core/tenants/credential-use'
import { type Permission, permissions, type Tenant } from '@cardkeep/core/tenants/tenant'
import { Command } from 'commander'
import type { Vault } from '../../compose/open-vault.ts'
import { offeredDialects } from '../../config.ts'
import { type MintableDialect, mintCredential } from '../../dialects/credentials.ts'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { asListOf, asOneOf, jsonOption } from '../options.ts'

const defaultPermissions: readonly Permission[] = ['tokenize', 'forward']

export const credentialCommand = (): Command =>
  new Command('credential')
    .description('what proves who calls')
    .addCommand(create())
    .addCommand(list())
    .addCommand(revoke())
    .addCommand(enable())

export interface NewCredentialWish {
  readonly dialect: MintableDialect
  readonly permissions: readonly Permission[]
  /** Whose it is, in a dialect whose credentials belong to users; a new one unless named. */
  readonly user?: string | undefined
}

/** Makes a credential and answers its parts, the secret ones in clear: this is the only time they can be seen. */
export const handOutCredential = async (
  vault: Vault,
  operator: Operator,
  tenant: Tenant,
  wish: NewCredentialWish,
): Promise<{ readonly id: CredentialId; readonly shown: Readonly<Record<string, string>> }> => {
  const minted = mintCredential(wish.dialect, tenant.environment, vault.ids, wish.user)
  const hash = vault.credentials.hash(minted.secret, minted.id)
  const { dialect, permissions: granted } = wish
  orFail(
    await createCredential(vault.operatorPorts, operator, tenant, {
      id: minted.id,
      dialect,
      permissions: granted,
      hash,
      publicKey: minted.publicKey,
      expiresAt: minted.lifetimeMs === undefined ? undefined : epochMs(vault.clock.now() + minted.lifetimeMs),
    }),
  )
  return { id: minted.id, shown: minted.show((secret) => openSecret(secret, 'hand out')) }
}

const create = (): Command =>
  new Command('create')
    .description('make a credential; its secret is shown once')
    .requiredOption('--tenant <tenant>', 'name or id')
    .requiredOption('--dialect <dialect>', 'which API it is for', asOneOf(offeredDialects))
    .option('--user <uuid>', 'one more key for a user (verifone): the user_id of another')
    .option('--permit <permission>', 'grant a permission beside the usual ones', asListOf(permissions), [])
    .option('--deny <permission>', 'withhold a usual one', asListOf(permissions), [])
    .addOption(jsonOption())
    .action(
      (options: {
        tenant: string
        dialect: MintableDialect
        user?: string
        permit: readonly Permission[]
        deny: readonly Permission[]
        json?: true
      }) =>
        withVault(options, async ({ vault, operator, out }) => {
          const user = options.user === undefined ? undefined : needsUser(options.dialect, options.user)
          const tenant = orFail(await findTenant(vault.store, options.tenant))
          const granted = permissions.filter(
            (permission) =>
              (defaultPermissions.includes(permission) || options.permit.includes(permission)) &&
              !options.deny.includes(permission),
          )
          const { id, shown } = await handOutCredential(vault, operator, tenant, {
            dialect: options.dialect,
            permissions: granted,
            user,
          })
          out.answer({ ...shown, credential_id: id, permissions: granted })
          out.say('\nThe secret is shown this once and kept nowhere.')
        }),
    )

const list = (): Command =>
  new Command('list')
    .description('credentials, without their secrets')
    .option('--tenant <tenant>', 'name or id')
    .option('--idle', 'only those that nobody has used for ninety days')
    .addOption(jsonOption())
    .action((options: { tenant?: string; idle?: true; json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const tenant =
          options.tenant === undefined ? undefined : orFail(await findTenant(vault.store, options.tenant))
        const now = vault.clock.now()
        const all = await vault.store.credentials(tenant?.id)
        const credentials = all.filter(
          (credential) => !options.idle || credential.disabledAt !== undefined || isIdle(credential, now),
        )
        out.answer({
          credentials: credentials.map((credential) => ({
            credential_id: credential.id,
            tenant_id: credential.tenantId,
            dialect: credential.dialect,
            permissions: credential.permissions,
            user_id: userOf(credential) ?? null,
            created_at: spellTime(credential.createdAt),
            expires_at: spellTime(credential.expiresAt),
            last_used: spellTime(credential.lastUsedAt)?.slice(0, 10) ?? null,
            disabled_at: spellTime(credential.disabledAt),
            revoked_at: spellTime(credential.revokedAt),
          })),
        })
      }),
    )

const spellTime = (at: EpochMs | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()

const revoke = (): Command =>
  new Command('revoke')
    .description('refuse a credential from now on')
    .argument('<id>', 'the credential_id')
    .addOption(jsonOption())
    .action((text: string, options: { json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const id = needsId(text)
        orFail(await revokeCredential(vault.operatorPorts, operator, id))
        out.answer({ credential_id: id, revoked: true })
      }),
    )

const enable = (): Command =>
  new Command('enable')
    .description('let a credential in again that was disabled because nobody used it')
    .argument('<id>', 'the credential_id')
    .addOption(jsonOption())
    .action((text: string, options: { json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const id = needsId(text)
        orFail(await enableCredential(vault.operatorPorts, operator, id))
        out.answer({ credential_id: id, enabled: true })
      }),
    )

const needsId = (text: string): CredentialId => {
  const id = parseId<CredentialId>(text)
  if (!id) throw new CommandFailure('a credential id is a UUID')
  return id
}

const needsUser = (dialect: MintableDialect, text: string): string => {
  if (dialect !== 'verifone') throw new CommandFailure('only credentials for verifone belong to users')
  const user = parseId(text)
  if (!user) throw new CommandFailure('a user id is a UUID, as `credential create` printed it')
  return user
}
