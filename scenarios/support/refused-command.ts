import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Ground } from './scenario.ts'

const program = fileURLToPath(new URL('../../packages/server/bin/cardkeep.js', import.meta.url))

export interface CommandEnd {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program to its end, whatever the end is. Nothing is added to the words; what is given in `by` stands before all. */
export const runToEnd = (
  { folder, options }: Pick<Ground, 'folder' | 'options'>,
  words: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  by: readonly string[] = [],
): Promise<CommandEnd> => {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CARDKEEP_'))
  const env = {
    ...Object.fromEntries(own),
    CARDKEEP_DATA: `${folder}/data`,
    CARDKEEP_PORT: '0',
    ...options.settings,
    ...settings,
  }
  return new Promise((resolve) => {
    // A vault that starts after all would never end by itself.
    const [file = '', ...args] = [...by, process.execPath, program, ...words]
    const child = execFile(
      file,
      args,
      { env, timeout: 60_000, killSignal: 'SIGKILL' },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}
