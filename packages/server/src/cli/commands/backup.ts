import { Command } from 'commander'
import { type BackedUp, backUpVault } from '../../compose/back-up-vault.ts'
import { withVault } from '../context.ts'
import { jsonOption } from '../options.ts'
import { showShares } from '../progress.ts'

export const backupCommand = (): Command =>
  new Command('backup')
    .description('copy the embedded database while the vault serves (docs/operations/backup.md)')
    .requiredOption('--to <file>', 'a file that is not there yet, in a folder that is')
    .addOption(jsonOption())
    .action((options: { to: string; json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const { file, bytes, sha256, keySet, auditEntries }: BackedUp = await showShares(options, (watch) =>
          backUpVault(vault, operator, options.to, watch),
        )
        out.answer({ file, bytes, sha256, key_set: keySet, audit_entries: auditEntries })
        out.say('It opens with the root key only, which belongs elsewhere.')
      }),
    )
