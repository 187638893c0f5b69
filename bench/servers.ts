import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A server in a process of its own, so that a load does not compete with it for one thread. */
export interface BenchServer<Ready> {
  readonly ready: Ready
  /** CPU time of the process so far, in seconds. */
  cpuSeconds(): Promise<number>
  /** Whatever the server answers to this question. */
  ask<Answer>(question: string): Promise<Answer>
  stop(): Promise<void>
}

/** What vault-server.ts says when it is ready. */
export interface VaultReady {
  readonly url: string
  readonly apiKey: string
  readonly publicKey: string
  readonly hellgateKey: string
  /** What stands in `Authorization`. */
  readonly verifoneBasic: string
}

export interface BenchServerOptions {
  readonly nodeArguments?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** Of packages/server/bin/cardkeep.js. */
const asTheProgram = ['--max-semi-space-size=16', '--heap-growing-percent=50']

export const startBenchServer = async <Ready>(
  file: string,
  folder: string,
  { nodeArguments = [], environment = {} }: BenchServerOptions = {},
): Promise<BenchServer<Ready>> => {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = fork(path, [folder], {
    execArgv: [...asTheProgram, '--disable-warning=ExperimentalWarning', ...nodeArguments],
    env: { ...process.env, ...environment },
  })
  const ready = await nextMessage<Ready>(child)
  const ask = <Answer>(question: string): Promise<Answer> => {
    child.send(question)
    return nextMessage<Answer>(child)
  }
  return {
    ready,
    ask,
    cpuSeconds: () => ask<number>('cpu'),
    stop: async () => {
      if (!child.connected) return
      const exited = once(child, 'exit')
      child.send('stop')
      await exited
    },
  }
}

const nextMessage = <Message>(child: ChildProcess): Promise<Message> =>
  new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('a bench server ended early'))
    child.once('exit', fail)
    child.once('message', (message) => {
      child.off('exit', fail)
      resolve(message as Message)
    })
  })

/** The server's side: says that it is ready and answers questions until it is told to stop. */
export const serveBench = (
  ready: object,
  answers: Readonly<Record<string, () => unknown>>,
  stop: () => Promise<void>,
): void => {
  process.on('message', (question: string) => {
    if (question === 'stop') void stop().then(() => process.exit(0))
    else if (question === 'cpu') process.send?.(cpuSeconds())
    else void Promise.resolve(answers[question]?.()).then((answer) => process.send?.(answer ?? null))
  })
  process.send?.(ready)
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
