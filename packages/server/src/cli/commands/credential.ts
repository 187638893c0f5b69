import { readFileSync } from 'node:fs'
import { type CredentialId, parseId } from '@cardkeep/core/kernel/ids'
import { openSecret } from '@cardkeep/core/kernel/secret'
import { type EpochMs, epochMs } from '@cardkeep/core/kernel/time'
import {
  createCredential,
  enableCredential,
  type NewCredential,
  revokeCredential,
} from '@cardkeep/core/operations/administration/change-credentials'
import { findTenant } from '@cardkeep/core/operations/administration/find-tenant'
import type { Operator } from '@cardkeep/core/operations/operator'
import { isIdle, userOf } from '@cardkeep/core/tenants/credential-use'
import { type Permission, permissions, type Tenant } from '@cardkeep/core/tenants/tenant'
import { Command } from 'commander'
import type { Vault } from '../../compose/open-vault.ts'
import { offeredDialects } from '../../config.ts'
import { type MintableDialect, mintCredential, usualPermissions } from '../../dialects/credentials.ts'
import { ownIssuer } from '../../passport/own-tokens.ts'
import { readKeySet } from '../../passport/read-key-set.ts'
import { isSignerText, signerTextAtMost } from '../../passport/signer-text.ts'
import { withVault } from '../context.ts'
import { CommandFailure, orFail } from '../failure.ts'
import { asListOf, asOneOf, jsonOption } from '../options.ts'

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
  /** Whose tokens count as it; its secret is then of no use, and nobody is told it. */
  readonly trusts?: NewCredential['trusts']
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
      trusts: wish.trusts,
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
    .option(
      '--jwks <file>',
      "instead of a secret (pismo): the public keys of whoever signs the tenant's tokens",
    )
    .option('--issuer <text>', 'with --jwks: what their `iss` says')
    .option('--audience <text>', 'with --jwks: what their `aud` says')
    .addOption(jsonOption())
    .action((options: CreateOptions) =>
      withVault(options, async ({ vault, operator, out }) => {
        const { dialect } = options
        const user = options.user === undefined ? undefined : needsUser(dialect, options.user)
        const trusts = readTrust(options)
        const tenant = orFail(await findTenant(vault.store, options.tenant))
        const granted = permissions.filter(
          (permission) =>
            (usualPermissions[dialect].includes(permission) || options.permit.includes(permission)) &&
            !options.deny.includes(permission),
        )
        const { id, shown } = await handOutCredential(vault, operator, tenant, {
          dialect,
          permissions: granted,
          user,
          trusts,
        })
        const about = { credential_id: id, permissions: granted }
        if (trusts) {
          out.answer({ issuer: trusts.issuer, audience: trusts.audience, ...about })
          return
        }
        out.answer({ ...shown, ...about })
        out.say('\nThe secret is shown this once and kept nowhere.')
      }),
    )

interface CreateOptions {
  readonly tenant: string
  readonly dialect: MintableDialect
  readonly user?: string
  readonly permit: readonly Permission[]
  readonly deny: readonly Permission[]
  readonly jwks?: string
  readonly issuer?: string
  readonly audience?: string
  readonly json?: true
}

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
        const trusted = new Map(
          (await vault.store.trustedIssuers()).map((issuer) => [issuer.credentialId, issuer]),
        )
        out.answer({
          credentials: credentials.map((credential) => ({
            credential_id: credential.id,
            tenant_id: credential.tenantId,
            dialect: credential.dialect,
            permissions: credential.permissions,
            user_id: userOf(credential) ?? null,
            issuer: trusted.get(credential.id)?.issuer ?? null,
            audience: trusted.get(credential.id)?.audience ?? null,
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

const readTrust = ({ dialect, jwks, issuer, audience }: CreateOptions): NewCredential['trusts'] => {
  if (jwks === undefined && issuer === undefined && audience === undefined) return undefined
  if (dialect !== 'pismo') throw new CommandFailure('only for pismo may others sign tokens')
  if (jwks === undefined || !isSignerText(issuer) || !isSignerText(audience))
    throw new CommandFailure(
      `--jwks, --issuer and --audience go together, and the last two have 1 to ${signerTextAtMost} characters and no control characters`,
    )
  if (issuer === ownIssuer)
    throw new CommandFailure(`--issuer: ${ownIssuer} is what the vault itself signs as`)
  return { issuer, audience, jwks: readKeyFile(jwks) }
}

const readKeyFile = (file: string): string => {
  const keys = readKeySet(readText(file))
  if (!keys) throw new CommandFailure(`--jwks: ${file} is no JSON Web Key Set of public RSA keys for RS256`)
  return keys.jwks
}

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new CommandFailure(`--jwks: ${file} cannot be read`)
  }
}

const needsUser = (dialect: MintableDialect, text: string): string => {
  if (dialect !== 'verifone') throw new CommandFailure('only credentials for verifone belong to users')
  const user = parseId(text)
  if (!user) throw new CommandFailure('a user id is a UUID, as `credential create` printed it')
  return user
}
