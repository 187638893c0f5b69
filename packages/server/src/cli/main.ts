import { Command, CommanderError } from 'commander'
import { auditCommand } from './commands/audit.ts'
import { credentialCommand } from './commands/credential.ts'
import { destinationCommand } from './commands/destination.ts'
import { doctorCommand } from './commands/doctor.ts'
import { keysCommand } from './commands/keys.ts'
import { scopeCommand } from './commands/scope.ts'
import { sealCommand, unsealCommand } from './commands/seal.ts'
import { serveCommand } from './commands/serve.ts'
import { tenantCommand } from './commands/tenant.ts'
import { explain } from './explain.ts'

const program = new Command('cardkeep')
  .description('A card vault: it keeps the card and forgets the code.')
  .configureHelp({ sortSubcommands: true })

for (const command of [
  serveCommand(),
  tenantCommand(),
  credentialCommand(),
  scopeCommand(),
  destinationCommand(),
  keysCommand(),
  auditCommand(),
  sealCommand(),
  unsealCommand(),
  doctorCommand(),
])
  program.addCommand(command)

/** A failure is one line; what else may have been meant would be a second. */
const withoutSuggestions = (command: Command): void => {
  command.showSuggestionAfterError(false)
  for (const inner of command.commands) withoutSuggestions(inner)
}
withoutSuggestions(program)

try {
  // Commander writes its own line for words it does not know.
  await program.parseAsync()
} catch (error) {
  if (!(error instanceof CommanderError)) process.stderr.write(`cardkeep: ${explain(error)}\n`)
  process.exitCode = 1
}
