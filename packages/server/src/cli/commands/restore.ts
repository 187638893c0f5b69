import { Command, InvalidArgumentError } from 'commander'
import { adoptDatabase, type Restored, restoreVault } from '../../compose/restore-vault.ts'
import { readConfig } from '../../config.ts'
import { CommandFailure } from '../failure.ts'
import { operatorName } from '../operator-name.ts'
import { jsonOption } from '../options.ts'
import { createOutput } from '../output.ts'
import { showShares } from '../progress.ts'

interface RestoreOptions {
  readonly from?: string
  readonly sha256?: string
  readonly replace?: true
  readonly inPlace?: true
  readonly json?: true
}

export const restoreCommand = (): Command =>
  new Command('restore')
    .description('put a backup into the place of a vault that does not run (docs/operations/backup.md)')
    .option('--from <file>', 'what `backup` made, with its .sha256 beside it')
    .option('--sha256 <hex>', 'what the file must be, where there is no .sha256 beside it', asSha256)
    .option('--replace', 'put a database that is there aside')
    .option('--in-place', 'the database was put back by other means: take it for the newest')
    .addOption(jsonOption())
    .action(async (options: RestoreOptions) => {
      const out = createOutput(options.json ?? false)
      const restored = await run(options)
      const { database, held, remembered, counter, auditEntries, replaced } = restored
      out.answer({
        ...{ database, key_set: held, newest_key_set: remembered, restored_as: counter },
        ...{ audit_entries: auditEntries, replaced: replaced ?? null },
      })
      if (remembered > held)
        out.say(
          'Keys, tenants and credentials that were made, rotated or revoked since the backup are as they were then.',
        )
      if (replaced !== undefined)
        out.say(`The database of before is in ${replaced}: destroy it once nobody needs it.`)
    })

const run = ({ from, sha256, replace, inPlace, json }: RestoreOptions): Promise<Restored> => {
  const operator = { name: operatorName() }
  if (inPlace) {
    if (from !== undefined || sha256 !== undefined || replace)
      throw new CommandFailure('--in-place is said alone: what it takes is there already')
    return adoptDatabase(readConfig(), operator)
  }
  if (from === undefined) throw new CommandFailure('say --from FILE, or --in-place')
  const wish = { from, sha256, replace: replace ?? false }
  return showShares({ ...(json && { json }) }, (watch) => restoreVault(readConfig(), operator, wish, watch))
}

const asSha256 = (text: string): string => {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('64 hexadecimal digits')
  return text.toLowerCase()
}
