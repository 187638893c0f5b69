import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './programs.ts'
import { startOnFreePort, startServerProcess } from './server-process.ts'

export interface HaproxyServer {
  readonly port: number
  stop(): Promise<void>
}

export interface HaproxyOptions {
  /** Of its own; it is made. */
  readonly folder: string
  /** Text of a configuration that listens at `${BALANCER_LISTEN}`. */
  readonly configuration: string
  /** What it asks of its environment. */
  readonly variables: Readonly<Record<string, string>>
}

/** The path of the balancer's program, or none on this machine. */
export const findHaproxy = (): string | undefined => findProgram('haproxy')

/** A balancer with a configuration as it is deployed, at a free port of 127.0.0.1. */
export const startHaproxy = async ({
  folder,
  configuration,
  variables,
}: HaproxyOptions): Promise<HaproxyServer> => {
  const program = findHaproxy()
  if (program === undefined) throw new Error('there is no haproxy on this machine')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'haproxy.cfg')
  const start = async (port: number) => {
    const told: Readonly<Record<string, string>> = { ...variables, BALANCER_LISTEN: `127.0.0.1:${port}` }
    // Servers of tests have an environment of their own, so what it would read there is written out.
    const text = configuration.replace(/\$\{(\w+)\}/g, (_, name: string) => {
      const value = told[name]
      if (value === undefined) throw new Error(`the balancer asks for ${name}`)
      return value
    })
    writeFileSync(file, text, { mode: 0o600 })
    const running = await startServerProcess({
      program,
      args: ['-W', '-db', '-f', file],
      logFile: join(folder, 'haproxy.log'),
      ready: /Loading success/,
      onOrphaned: 'SIGTERM',
    })
    return { port, running }
  }
  const { port, running } = await startOnFreePort(start)
  return { port, stop: () => running.end('SIGTERM') }
}
