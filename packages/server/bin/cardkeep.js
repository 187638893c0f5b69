#!/usr/bin/env node
// Plain JavaScript that any Node can read: it finds the Node that came with the project where this one is too old, and
// starts it so that a debugger cannot be opened by a signal and a crash leaves no dump of the memory that holds codes.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const wanted = 24
const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))

const findNode = () => {
  if (Number(process.versions.node.split('.')[0]) >= wanted) return process.execPath
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    const own = join(folder, 'node_modules', '.bin', name)
    if (existsSync(own)) return own
  }
  process.stderr.write(`cardkeep: needs Node ${wanted} or newer; this is ${process.versions.node}\n`)
  process.exit(1)
}

// What is used for moments is most of what a vault makes, ciphers above all, and V8 does not see how large these are: it
// would collect so seldom on a large machine that a vault which rotates CVVs takes half a gigabyte, and not a quarter.
const memory = ['--max-semi-space-size=16', '--heap-growing-percent=50']

const node = findNode()
const args = [
  '--disable-sigusr1',
  '--disable-warning=ExperimentalWarning',
  ...memory,
  main,
  ...process.argv.slice(2),
]
const [command, ...rest] =
  process.platform === 'win32'
    ? [node, ...args]
    : ['/bin/sh', '-c', 'ulimit -c 0; exec "$0" "$@"', node, ...args]

if (typeof process.execve === 'function' && process.platform !== 'win32') {
  // Takes this process's place: signals and the exit code need no passing on.
  process.execve(command, [command, ...rest])
} else {
  const child = spawn(command, rest, { stdio: 'inherit' })
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('exit', (code) => process.exit(code ?? 1))
}
