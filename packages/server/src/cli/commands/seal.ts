import { sealVault } from '@cardkeep/core/operations/administration/seal-vault'
import { Command } from 'commander'
import { withVault } from '../context.ts'
import { createCommandCodes, createStrictCommandCodes } from '../drop-codes.ts'
import { jsonOption } from '../options.ts'

export const sealCommand = (): Command =>
  make('seal', 'shut the vault at once: every answer is 503, no code is held', true)

export const unsealCommand = (): Command => make('unseal', 'open a sealed vault', false)

const make = (name: string, description: string, sealed: boolean): Command =>
  new Command(name)
    .description(description)
    .addOption(jsonOption())
    .action((options: { json?: true }) =>
      withVault(options, async ({ vault, operator, out }) => {
        const lenient = createCommandCodes(vault)
        const codes = sealed ? lenient : createStrictCommandCodes(vault)
        await sealVault({ ...vault.operatorPorts, codes }, operator, sealed)
        const reason = lenient.failure()
        out.answer({
          sealed,
          ...(reason !== undefined && {
            warning:
              `held codes could not be dropped (${reason}); ` +
              'a sealed vault takes none, and they are dropped before it is opened again',
          }),
        })
      }),
    )
