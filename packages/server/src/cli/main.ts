import { Command, CommanderError } from 'commander'
import { scrubCardNumbers } from '../log/scrub.ts'
import { auditCommand } from './commands/audit.ts'
import { backupCommand } from './commands/backup.ts'
import { binCommand } from './commands/bin.ts'
import { captureKeyCommand } from './commands/capture-key.ts'
import { credentialCommand } from './commands/credential.ts'
import { destinationCommand } from './commands/destination.ts'
import { doctorCommand } from './commands/doctor.ts'
import { issuerCommand } from './commands/issuer.ts'
import { keysCommand } from './commands/keys.ts'
import { migrateCommand } from './commands/migrate.ts'
import { originCommand } from './commands/origin.ts'
import { restoreCommand } from './commands/restore.ts'
import { scopeCommand } from './commands/scope.ts'
import { sealCommand, unsealCommand } from './commands/seal.ts'
import { serveCommand } from './commands/serve.ts'
import { tenantCommand } from './commands/tenant.ts'
import { tokenCommand } from './commands/token.ts'
import { webhookCommand } from './commands/webhook.ts'
import { explain } from './explain.ts'
import { CommandFailure } from './failure.ts'

const program = new Command('cardkeep')
  .description('A card vault: it keeps the card and forgets the code.')
  .configureHelp({ sortSubcommands: true })

for (const command of [
  serveCommand(),
  tenantCommand(),
  credentialCommand(),
  captureKeyCommand(),
  scopeCommand(),
  tokenCommand(),
  destinationCommand(),
  originCommand(),
  webhookCommand(),
  binCommand(),
  issuerCommand(),
  keysCommand(),
  auditCommand(),
  backupCommand(),
  restoreCommand(),
  migrateCommand(),
  sealCommand(),
  unsealCommand(),
  doctorCommand(),
])
  program.addCommand(command)

/** A failure is one line: not a second with what else may have been meant, and no card number that somebody typed. */
const failInOneLine = (command: Command): void => {
  command
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: (line, write) => write(scrubCardNumbers(line)) })
  for (const inner of command.commands) failInOneLine(inner)
}
failInOneLine(program)

try {
  // Commander writes its own line for words it does not know.
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) process.stderr.write(`cardkeep: ${explain(error)}\n`)
  process.exitCode = error instanceof CommandFailure ? error.exitCode : 1
}
