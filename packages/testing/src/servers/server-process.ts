import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Account } from './account.ts'
import { findProgram } from './programs.ts'

export interface ServerProcess {
  readonly pid: number
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<void>
}

export interface Start {
  readonly program: string
  readonly args: readonly string[]
  /** What it prints is appended to it. */
  readonly logFile: string
  /** What it prints when it serves. */
  readonly ready: RegExp
  readonly account?: Account | undefined
  /** How it ends when the thread that started it ends before it. */
  readonly onOrphaned: NodeJS.Signals
}

/** Its port is somebody else's. */
class PortTakenError extends Error {}

const patienceMs = 30_000

/**
 * Starts a server in the foreground and waits until it says that it serves. It never outlives the thread that started
 * it: Linux kills it then, also when that thread's process was killed; elsewhere only an orderly exit does.
 */
export const startServerProcess = async (start: Start): Promise<ServerProcess> => {
  const before = readLog(start.logFile).length
  const child = launch(start)
  const exited = once(child, 'exit')
  const deadline = performance.now() + patienceMs
  for (;;) {
    const log = readLog(start.logFile).slice(before)
    if (start.ready.test(log)) break
    if (hasEnded(child)) throw failure(start, log)
    if (performance.now() > deadline) {
      child.kill('SIGKILL')
      throw failure(start, log)
    }
    await wait(10)
  }
  return {
    pid: child.pid ?? 0,
    end: async (signal) => {
      if (hasEnded(child)) return
      child.kill(signal)
      await exited
    },
  }
}

const launch = ({ program, args, logFile, account, onOrphaned }: Start): ChildProcess => {
  const log = openSync(logFile, 'a', 0o600)
  const words = [...watched(account, onOrphaned), program, ...args]
  const [first = program, ...rest] = words
  const child = spawn(first, rest, { stdio: ['ignore', log, log], env: environment() })
  closeSync(log)
  const orphaned = () => child.kill(onOrphaned)
  process.once('exit', orphaned)
  child.once('exit', () => process.off('exit', orphaned))
  return child
}

/** `setpriv` runs the program in its own place, so the child's pid is the server's. */
const watched = (account: Account | undefined, signal: NodeJS.Signals): readonly string[] => {
  const setpriv = findProgram('setpriv')
  if (!setpriv) return []
  return [setpriv, `--pdeathsig=${signal.slice(3)}`, ...asAccount(account), '--']
}

export const asAccount = (account: Account | undefined): readonly string[] =>
  account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : []

/** Servers read settings of theirs from the environment, which are no business of a test's. */
export const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' })

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

const readLog = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')

const failure = ({ program }: Start, log: string): Error => {
  const text = `${program} did not start:\n${log.slice(-2_000)}`
  return /address already in use|could not bind|Address in use/i.test(log)
    ? new PortTakenError(text)
    : new Error(text)
}

/** A port of 127.0.0.1 that was free a moment ago. */
const drawPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('a listener without a port')
  return address.port
}

/** Starts on a free port, and on another one where somebody was faster. */
export const startOnFreePort = async <T>(start: (port: number) => Promise<T>, attempts = 5): Promise<T> => {
  try {
    return await start(await drawPort())
  } catch (error) {
    if (!(error instanceof PortTakenError) || attempts <= 1) throw error
    return startOnFreePort(start, attempts - 1)
  }
}
