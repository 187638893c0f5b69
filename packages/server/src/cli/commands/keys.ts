import { type KeyPurpose, keyPurposes } from '@cardkeep/core/keys'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { asOneOf, jsonOption } from '../options.ts'

export const keysCommand = (): Command =>
  new Command('keys').description('the keys of the vault').addCommand(list()).addCommand(rotate())

const list = (): Command =>
  new Command('list')
    .description('which keys there are, what for, how old, how much used')
    .addOption(jsonOption())
    .action((options: { json?: true }) =>
      withVault(options, async ({ vault, out }) => {
        const keys = vault.keyring.list()
        out.answer({
          keys: keys.map((key) => ({
            key_id: key.id,
            purpose: key.purpose,
            owner: key.owner.type === 'vault' ? 'vault' : `${key.owner.type} ${key.owner.id}`,
            environment: key.environment ?? null,
            algorithm: key.algorithm,
            version: key.version,
            state: key.state,
            created_at: new Date(key.createdAt).toISOString(),
            expires_at: new Date(key.expiresAt).toISOString(),
            check_value: key.checkValue,
            seals: key.seals ? `${key.seals.used} of ${key.seals.limit}` : null,
            needs_rotation: key.needsRotation,
          })),
        })
      }),
    )

const rotate = (): Command =>
  new Command('rotate')
    .description('put a new key in the place of each active one; the old ones still open what they sealed')
    .requiredOption('--purpose <purpose>', keyPurposes.join(', '), asOneOf(keyPurposes))
    .addOption(jsonOption())
    .action((options: { purpose: KeyPurpose; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const rotated = await vault.keyring.rotate({
          purpose: options.purpose,
          owner: undefined,
          actor: { type: 'operator', id: operator.name },
        })
        out.answer({ purpose: options.purpose, rotated })
      }),
    )
