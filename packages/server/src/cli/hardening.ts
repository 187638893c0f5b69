import { url as inspectorUrl } from 'node:inspector'
import { CommandFailure } from './failure.ts'

/** An open debugger reads every code and card in memory, so a vault does not start beside one. */
export const withoutDebugger = (): void => {
  if (inspectorUrl() !== undefined) throw new CommandFailure('a debugger is open; start without --inspect')
}
