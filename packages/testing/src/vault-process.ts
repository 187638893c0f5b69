import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The program as an operator starts it. */
const thisProgram = fileURLToPath(new URL('../../server/bin/cardkeep.js', import.meta.url))

export interface VaultProcess {
  readonly url: string
  readonly pid: number
  /** What `--demo` printed, by variable name. */
  readonly printed: Readonly<Record<string, string>>
  /** SIGTERM, and waits for the end; answers the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>
}

export interface VaultOptions {
  /** Everything of this vault stands below it: database, root key, log. */
  readonly folder: string
  readonly demo?: boolean
  /** Another program than this one, as its `bin/cardkeep.js`. */
  readonly program?: string
  readonly settings?: Readonly<Record<string, string>>
}

const settingsOf = ({ folder, settings }: VaultOptions): NodeJS.ProcessEnv => {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CARDKEEP_'))
  return { ...Object.fromEntries(own), CARDKEEP_DATA: join(folder, 'data'), CARDKEEP_PORT: '0', ...settings }
}

/** Starts a vault in a process of its own and waits until it listens. Its output is kept in `<folder>/vault.log`. */
export const startVault = async (options: VaultOptions): Promise<VaultProcess> => {
  mkdirSync(options.folder, { recursive: true })
  const args = [options.program ?? thisProgram, 'serve', ...(options.demo ? ['--demo'] : [])]
  const child = spawn(process.execPath, args, { env: settingsOf(options), stdio: ['ignore', 'pipe', 'pipe'] })
  const log = createWriteStream(join(options.folder, 'vault.log'), { flags: 'a' })
  child.stderr.pipe(log, { end: false })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-1_000)
  })
  const exited = once(child, 'exit')
  const { url, printed } = await readBanner(child, log, () => complaint)
  return {
    url,
    pid: child.pid ?? 0,
    printed,
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      return child.exitCode
    },
    kill: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Reads on until the log's first line, which comes when everything is ready. */
const readBanner = (child: ChildProcess, log: NodeJS.WritableStream, complaint: () => string) =>
  new Promise<Pick<VaultProcess, 'url' | 'printed'>>((resolve, reject) => {
    if (!child.stdout) throw new Error('a vault without an output')
    const printed: Record<string, string> = {}
    let url = ''
    createInterface({ input: child.stdout }).on('line', (line) => {
      url = /^Cardkeep listens on (\S+)$/.exec(line)?.[1] ?? url
      const [, name, value] = /^ {2}export (\w+)=(\S+)$/.exec(line) ?? []
      // Credentials are for whoever started the vault, not for the log.
      if (name && value) printed[name] = value
      else log.write(`${line}\n`)
      if (line === readyLine) resolve({ url, printed })
    })
    child.once('close', (code) =>
      reject(new Error(`the vault ended with ${code} before it listened: ${complaint()}`)),
    )
  })

/** The last line that `serve` prints before its log begins. */
const readyLine = 'Ready.'

const run = promisify(execFile)

/** Runs one command on a vault's folder and answers its JSON. A failure carries the line the command wrote. */
export const runCommand = async <Answer = Record<string, unknown>>(
  options: VaultOptions,
  ...words: readonly string[]
): Promise<Answer> => {
  const program = options.program ?? thisProgram
  const { stdout } = await run(process.execPath, [program, ...words, '--json'], { env: settingsOf(options) })
  return JSON.parse(stdout) as Answer
}
