import { url as inspectorUrl } from 'node:inspector'
import { describeBug, type Log } from '../log/log.ts'
import { CommandFailure } from './failure.ts'

/** An open debugger reads every code and card in memory, so a vault does not start beside one. */
export const withoutDebugger = (): void => {
  if (inspectorUrl() !== undefined) throw new CommandFailure('a debugger is open; start without --inspect')
}

/** What nobody caught ends the process: its state is not known. Node would print the message, which may quote a card. */
export const endQuietly = (log: Log): void => {
  process.on('uncaughtException', (error) => {
    log.error('vault.broken', describeBug(error))
    process.exit(1)
  })
}
